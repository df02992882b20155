"""A run of the laboratory, made by `spacy train` and the packaged component instead of
the torch core alone: that the two agree is what makes the laboratory's results true of
what users train."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config

from ...corpus.iob import IobSentence, write_iob
from ...errors import Errors, MslmError
from ...experiments.data import DataSet, Sentence
from ...experiments.masks import weighting_of
from ...experiments.measure import Scored, bio, score_all
from ...experiments.run import Say, checked_hash, provenance, run
from ...experiments.spec import RunSpec
from ...experiments.training import make_network
from ...pipeline.component import MslmNer
from ...pipeline.confidence import SCORES_KEY
from ..corpora.corpus import build_iob_corpus

CONFIGS = {"none": "vanilla.cfg", "token": "uniform_mlm.cfg", "joint": "mslm.cfg"}
# Settings that `spacy train` has a place for; all others stay at their defaults.
KNOWN = (
    *("data", "arm", "seed", "share", "labels", "test", "encoder", "precision"),
    *("updates", "batch_words", "learn_rate", "heads_learn_rate", "warmup", "dropout"),
    *("strategy", "entity_rate", "base_rate", "random", "keep", "weighting"),
    *("mslm_weight", "masked_share", "detection_view", "none_class", "system"),
    *("decoder", "swap"),
)


def runner(configs: Path) -> Callable[..., dict[str, Any]]:
    """Makes any run, by the laboratory or by `spacy train` as its spec says."""

    def make(spec: RunSpec, data: DataSet, **options: Any) -> dict[str, Any]:
        if spec.system == "spacy":
            return run_through_spacy(spec, data, configs=configs, **options)
        return run(spec, data, **options)

    return make


def run_through_spacy(
    spec: RunSpec,
    data: DataSet,
    *,
    configs: Path,
    trials: int = 0,
    encoder: str = "",
    say: Say = print,
) -> dict[str, Any]:
    """As `experiments.run.run`, without curve and masked-LM scores.

    configs: folder of vanilla.cfg, uniform_mlm.cfg and mslm.cfg.
    Raises MslmError: M812 for a setting that a config has no place for, M701 without
    the config, else as `spacy train`.
    """
    _check(spec)
    found = checked_hash(spec, make_network(spec, data.labels), encoder)
    labelled, _ = data.labelled(spec.share, spec.seed)
    gold = [data.train[i] for i in labelled]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_corpus(folder, gold, data)
        config = _config(spec, configs / CONFIGS[spec.strategy], folder)
        config.to_disk(folder / "config.cfg")
        started = time.perf_counter()
        nlp = _train(folder, spec)
        seconds = time.perf_counter() - started
    ner = nlp.get_pipe("ner")
    assert isinstance(ner, MslmNer)
    say(f"{spec.data} {spec.arm} seed {spec.seed}: measuring")
    seen = [text for sentence in gold for text in sentence.surfaces()]
    splits = {"dev": data.dev, **({"test": data.test} if spec.test else {})}
    scores = {
        split: score_all(sentences, list(_found(nlp, sentences)), seen)
        for split, sentences in splits.items()
    }
    return {
        "id": spec.id,
        "spec": spec.to_dict(),
        "data_hash": data.hash,
        "encoder_hash": found,
        "labels": list(data.labels),
        "seconds": round(seconds, 1),
        **scores,
        "trials": trials,
        "provenance": provenance(ner.network),
    }


def _check(spec: RunSpec) -> None:
    for field in fields(spec):
        value = getattr(spec, field.name)
        if field.name not in KNOWN and value != field.default:
            raise MslmError(Errors.M812.format(key=field.name, value=str(value)[:40]))
    if spec.strategy not in CONFIGS:
        raise MslmError(Errors.M812.format(key="strategy", value=spec.strategy))
    # To spaCy a last step of number 0 means none.
    if spec.updates < 2:
        raise MslmError(Errors.M812.format(key="updates", value=spec.updates))


def _write_corpus(folder: Path, gold: Sequence[Sentence], data: DataSet) -> None:
    """Train: what has labels. Dev: one sentence, as training must look at something
    before its first update and after its last; nothing is chosen by it."""
    for name, sentences in (("train", gold), ("dev", data.dev[:1])):
        write_iob(
            folder / f"{name}.tsv",
            (
                IobSentence(s.doc.words, tuple(bio(s.spans, len(s.doc.words))))
                for s in sentences
            ),
        )
    files = [folder / "train.tsv", folder / "dev.tsv"]
    build_iob_corpus(files, folder / "corpus")


def _config(spec: RunSpec, path: Path, folder: Path) -> Any:
    if not path.is_file():
        raise MslmError(Errors.M701.format(path=path))
    config = load_config(path, interpolate=False)
    config["paths"] |= {
        "train": str(folder / "corpus" / "train"),
        "dev": str(folder / "corpus" / "dev"),
        "encoder": spec.encoder,
    }
    config["system"]["seed"] = spec.seed
    config["corpora"]["train"]["augmenter"]["chance"] = spec.swap
    model = config["components"]["ner"]["model"]
    model |= {
        "weighting": weighting_of(spec.weighting),
        "detection_view": spec.detection_view,
        "masked_share": spec.masked_share,
        "none_class": spec.none_class,
        "decoder": spec.decoder,
        "precision": spec.precision,
        "heads_learn_rate": spec.heads_learn_rate,
    }
    if spec.strategy != "none":
        model["mslm_weight"] = spec.mslm_weight
        mask = 1 - spec.random - spec.keep
        model["corruption"] |= {"mask": mask, "random": spec.random, "keep": spec.keep}
        rates = model["masking"]
        rates = rates["budget"] if spec.strategy == "token" else rates
        rates |= {"entity_rate": spec.entity_rate, "base_rate": spec.base_rate}
    training = config["training"]
    training |= {
        "dropout": spec.dropout,
        "max_epochs": 0,
        # spaCy counts from 0 and stops after the step of that number.
        "max_steps": spec.updates - 1,
        "eval_frequency": spec.updates,
    }
    training["batcher"]["size"] = spec.batch_words
    training["optimizer"]["learn_rate"] = {
        "@schedules": "spacy-mslm.WarmupLinearUpdates.v1",
        "learn_rate": spec.learn_rate,
        "warmup": spec.warmup,
        "updates": spec.updates,
    }
    return config


def _train(folder: Path, spec: RunSpec) -> Language:
    from spacy.cli.train import train

    torch.manual_seed(spec.seed)
    train(folder / "config.cfg", folder / "model")
    return spacy.load(folder / "model" / "model-last")


def _found(nlp: Language, sentences: Iterable[Sentence]) -> Iterator[list[Scored]]:
    """Entities with their confidence, read from the words alone."""
    docs = (Doc(nlp.vocab, words=list(s.doc.words)) for s in sentences)
    for doc in nlp.pipe(docs):
        group = doc.spans[SCORES_KEY]
        scores = group.attrs["scores"]
        yield [
            ((span.start, span.end, span.label_), float(score))
            for span, score in zip(group, scores, strict=True)
        ]
