"""Training on gold documents with spaCy's own loop: on from a pipeline, or without."""

import copy
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from confection import ConfigValidationError
from spacy import util
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from thinc.api import Config, require_gpu

from ...errors import Errors, MslmError
from ...pipeline.callbacks import add_labels
from ..files import read_manifest

BEST = "model-best"
EVALUATE, EVALUATIONS = "training.eval_frequency", 20
PLACES = ("source", "train", "dev", "log")


@dataclass(frozen=True)
class Recipe:
    """How to train: a spaCy config such as configs/gold.cfg, values that replace some
    of its own (`training.max_epochs`), and a GPU's number or -1."""

    config: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)
    gpu: int = -1
    log: IO[str] = field(default_factory=io.StringIO)


@dataclass(frozen=True)
class Source:
    """The pipeline to go on from: its folder or package name, and its own config."""

    model: str
    config: Config


def train_on_gold(
    source: Source,
    corpus: Path,
    out: Path,
    recipe: Recipe,
    *,
    seed: int,
    labels: Sequence[str] = (),
    fresh: bool = False,
) -> Path:
    """Train the pipeline `source` on with `corpus`/train, choosing by `corpus`/dev.

    Its components come as they are: weights, labels, encoder and masked-LM head.
    labels (Sequence[str]): entity types to add before.
    fresh (bool): the control: the same components and settings, begun anew from the
        encoder that the pipeline's config names, so without its weak labels.
    RETURNS (Path): the folder of the best checkpoint, inside `out`.

    Raises M729 for a config that cannot be read or filled in, and what components
    raise.
    """
    if recipe.gpu >= 0:
        require_gpu(recipe.gpu)
    config = filled(source, corpus, out, recipe, seed=seed, fresh=fresh)
    try:
        nlp = init_nlp(config, use_gpu=recipe.gpu)
    except ConfigValidationError as err:
        raise _unusable(recipe.config, err) from err
    if labels and not fresh:
        add_labels(component=entity_component(nlp), labels=list(labels))(nlp)
    train(nlp, out, use_gpu=recipe.gpu, stdout=recipe.log, stderr=recipe.log)
    return out / BEST


def filled(
    source: Source, corpus: Path, out: Path, recipe: Recipe, *, seed: int, fresh: bool
) -> Config:
    """The config of one training, the components being those of `source`."""
    paths = {
        "paths.source": None if fresh else source.model,
        "paths.train": str(corpus / "train"),
        "paths.dev": str(corpus / "dev"),
        "paths.log": str(out / "log.jsonl"),
        "system.seed": seed,
    }
    try:
        config = util.load_config(recipe.config, interpolate=False)
        _check_known(config, recipe)
        config = util.load_config(
            recipe.config, overrides={**recipe.overrides, **paths}, interpolate=False
        )
    except (OSError, ValueError) as err:
        raise _unusable(recipe.config, err) from err
    if EVALUATE not in recipe.overrides:
        words = read_manifest(corpus, "gold")["splits"]["train"]["tokens"]
        config["training"]["eval_frequency"] = evaluate_every(config, words)
    before = source.config.interpolate()
    components = before["components"]
    for name in ("lang", "pipeline", "tokenizer"):
        config["nlp"][name] = copy.deepcopy(before["nlp"][name])
    if fresh:
        config["components"] = copy.deepcopy(components)
        config["initialize"]["before_init"] = None
    else:
        origin = {"source": "${paths.source}"}
        config["components"] = {name: dict(origin) for name in components}
    return config


def evaluate_every(config: Config, words: int) -> int:
    """The config's own number of updates, or fewer: a twentieth of all, so that a
    handful of updates is not judged by its first one alone."""
    training = config.interpolate()["training"]
    size = training["batcher"].get("size")
    if not isinstance(size, int) or training["max_epochs"] < 1:
        return int(training["eval_frequency"])
    updates = training["max_epochs"] * words // size
    return max(1, min(training["eval_frequency"], updates // EVALUATIONS))


def _check_known(config: Config, recipe: Recipe) -> None:
    """Raise M729 for an override that names no setting, as spaCy would ignore it. Those
    of components may be meant for another config of the workflow."""
    for key in recipe.overrides:
        section: Any = config
        for part in key.split("."):
            if not isinstance(section, Mapping) or part not in section:
                if key.startswith("components."):
                    break
                reason = f"it has no setting '{key}'"
                raise MslmError(Errors.M729.format(path=recipe.config, reason=reason))
            section = section[part]


def forget_places(config: Path) -> None:
    """Empty the paths in a trained pipeline's config: the folders that it was trained
    from are gone."""
    kept = Config().from_disk(config, interpolate=False)
    kept["paths"].update(dict.fromkeys(PLACES))
    kept.to_disk(config, interpolate=False)


def _unusable(path: Path, err: Exception) -> MslmError:
    lines = [line.strip() for line in str(err).splitlines() if line.strip()]
    reason = " ".join(lines)[:200] or type(err).__name__
    return MslmError(Errors.M729.format(path=path, reason=reason))


def pipeline_labels(nlp: Language) -> list[str]:
    """The entity types that the pipeline's components know."""
    known = (nlp.pipe_labels[n] for n in nlp.pipe_labels if _sets_entities(nlp, n))
    return sorted({label for labels in known for label in labels})


def entity_component(nlp: Language) -> str:
    """The first component that knows types and can learn more; "" if none does."""
    learning = (
        name
        for name, pipe in nlp.pipeline
        if hasattr(pipe, "add_label") and _sets_entities(nlp, name)
    )
    return next((name for name in learning if nlp.pipe_labels.get(name)), "")


def _sets_entities(nlp: Language, name: str) -> bool:
    return "doc.ents" in nlp.get_pipe_meta(name).assigns
