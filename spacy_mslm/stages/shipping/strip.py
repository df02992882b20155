"""Make a trained pipeline fit to be packaged: no masked-LM head, none of the notes'
words, a model card."""

import json
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.strings import StringStore
from thinc.api import Config

from ...errors import Errors, MslmError
from ...pipeline.component import MslmNer
from ...report.card import model_card
from ...runners.atomic import atomic_folder
from ..files import json_text
from ..measuring.held_out import load_pipeline
from ..measuring.report import pipeline_settings, read_manifests, read_metrics

CONTEXT = "clinical_context"
NOTES_PATHS = ("train", "dev", "log", "concepts")


def strip(
    model: Path,
    out: Path,
    *,
    name: str = "",
    version: str = "",
    work: Path | None = None,
    licence: str = "",
    context: bool = False,
) -> int:
    """Write `model` to `out` without masked-LM heads and without the words that
    training read, with its model card.

    A masked-LM head can be asked to fill in what the notes said. Removing it lowers
    that risk and does not remove it: the encoder was trained on the notes as well.
    spaCy keeps every word that it has met in `vocab/strings.json`, names of patients
    too where notes are not de-identified; the strings of the language and the labels
    alone take their place.
    `name` and `version` go into the pipeline's meta where given; the card tells what
    the metrics and manifests in `work` tell. With `context` the pipeline also marks
    negated mentions and family history. RETURNS (int): heads removed.
    Raises M701 or M741 where no pipeline can be loaded, M792 for a component that
    needs the words (a trainable lemmatizer), M560 for a context without negspaCy.
    """
    nlp = load_pipeline(model)
    removed = sum(_strip_head(pipe) for _, pipe in nlp.components)
    if context and CONTEXT not in nlp.pipe_names:
        nlp.add_pipe(CONTEXT)
    if name:
        nlp.meta["name"] = name
    if version:
        nlp.meta["version"] = version
    nlp.config = without_places(nlp.config)
    metrics = {} if work is None else read_metrics(work / "metrics.json")
    manifests = {} if work is None else read_manifests(work)
    with atomic_folder(out) as folder:
        nlp.to_disk(folder)
        fresh_strings(nlp).to_disk(folder / "vocab" / "strings.json")
        _forget_places(folder / "config.cfg")
        meta = json.loads((folder / "meta.json").read_text("utf8"))
        settings = pipeline_settings(nlp)
        card, readme = model_card(meta, metrics, manifests, settings, licence=licence)
        (folder / "meta.json").write_text(json_text(card), encoding="utf8")
        (folder / "README.md").write_text(readme, encoding="utf8")
    return removed


def fresh_strings(nlp: Language) -> StringStore:
    """The language's own strings, the labels of all components and, where the pipeline
    has static vectors, the words that they are of."""
    strings = spacy.blank(str(nlp.lang)).vocab.strings
    for name, pipe in nlp.components:
        for label in getattr(pipe, "labels", ()):
            if not isinstance(label, str):
                raise MslmError(Errors.M792.format(name=name))
            strings.add(label)
    with_vectors = nlp.vocab.vectors.key2row
    for word in nlp.vocab.strings if with_vectors else ():
        if nlp.vocab.strings[word] in with_vectors:
            strings.add(word)
    return strings


def without_places(config: Config) -> Config:
    """The config without the folders of the machine where it was trained: where the
    notes lay, a local encoder's folder (the weights are in the pipeline), a vocabulary
    of n-grams. Of a path that begins at the root or at home, the name is left."""
    paths = dict(config.get("paths", {}))
    paths.update({key: None for key in NOTES_PATHS if key in paths})
    config = config.merge({"paths": paths}) if paths else config
    _shorten(config)
    return config


def _shorten(values: dict[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            _shorten(value)
        elif isinstance(value, str) and value.startswith(("/", "~/")):
            values[key] = Path(value).name


def _forget_places(path: Path) -> None:
    """`without_places` for a config as it lies on disk: of a component that came out of
    another pipeline spaCy writes its own copy of the config, which holds the encoder's
    place in full."""
    config = Config().from_disk(path, interpolate=False)
    without_places(config).to_disk(path, interpolate=False)


def _strip_head(pipe: Any) -> bool:
    if not isinstance(pipe, MslmNer) or pipe.network.mlm is None:
        return False
    pipe.network.mlm = None
    return True
