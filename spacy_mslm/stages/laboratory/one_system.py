"""One system on one corpus: its config, its training by `spacy train`, its scores."""

import copy
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config

from ...corpus.docs import DocBinWriter, docbin_paths, read_docs
from ...errors import Errors, MslmError
from ...notes.sentences import sentence_spans
from ...pipeline.component import MslmNer
from ...runners.provenance import git_commit, machine, versions
from ...scoring.doc_counts import DocCounts
from ...scoring.span_reports import all_reports, table_row, tag_spans
from ..corpora.corpus import SHARD_SIZE
from ..corpora.passages import passages
from ..files import MANIFEST, read_manifest, sha256_of
from ..systems import System

# What a table names where each corpus has a tokenizer of its own.
OWN_TOKENIZER = "./work/tokenizer"
# Of a passage: about what the encoder reads at once in prediction.
PASSAGE_WORDS = 100
WARM_UP = "training.optimizer.learn_rate.warmup"


@dataclass(frozen=True)
class Variant:
    """How systems are trained otherwise than their table says. `name` goes after
    theirs. `settings`: of the config, dotted. `times`: their epochs, so many times.
    `updates`: this many instead, 0 for none. `tokenizer`: for encoders from scratch."""

    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    times: float = 1.0
    updates: int = 0
    tokenizer: str = ""

    def named(self, system: System) -> str:
        return f"{system.name}, {self.name}" if self.name else system.name


@dataclass(frozen=True)
class Read:
    """What a corpus holds, as far as training and measuring must know it. `gold`: the
    tags of each test document; `hash`: of train and test."""

    path: Path
    words: int
    sentences: int
    gold: Sequence[Sequence[str]]
    labels: tuple[str, ...]
    manifest: Mapping[str, Any]
    hash: str

    @property
    def has_dev(self) -> bool:
        return (self.path / "dev").is_dir()

    @classmethod
    def of(cls, path: Path) -> "Read":
        """Raises M701, M307-M308, M730-M732 for what is no finished corpus, M742
        without documents to test on."""
        manifest = read_manifest(path, "corpus import")
        vocab = spacy.blank("en").vocab
        words = sentences = 0
        labels: set[str] = set()
        for doc in read_docs(path / "train", vocab):
            words += len(doc)
            sentences += max(len([*sentence_spans(doc.text)]), 1)
            labels |= {ent.label_ for ent in doc.ents}
        if not (path / "test").is_dir():
            raise MslmError(Errors.M742.format(path=path, split="test"))
        gold = [_tags(doc) for doc in read_docs(path / "test", vocab)]
        files = [*docbin_paths(path / "train"), *docbin_paths(path / "test")]
        hash_ = sha256_of(files)
        return cls(path, words, sentences, gold, tuple(sorted(labels)), manifest, hash_)


def plan_of(system: System, variant: Variant, read: Read, seed: int) -> dict[str, Any]:
    """What decides the numbers of a run, and a name for it."""
    a_sentence = read.words / max(read.sentences, 1)
    overrides = {
        **system.overrides(words_a_sentence=a_sentence),
        **variant.settings,
    }
    if system.encoder == OWN_TOKENIZER and variant.tokenizer:
        overrides["paths.encoder"] = variant.tokenizer
    size = overrides["training.batcher.size"]
    epochs = variant.times * system.epochs
    # To spaCy a last step of number 0 means none.
    updates = max(variant.updates or ceil(epochs * read.words / size), 2)
    settings = {
        "system": variant.named(system),
        "config": system.config.name,
        "decoder": overrides["components.ner.model.decoder"],
        "encoder": system.encoder,
        "encoder_hash": _folder_hash(overrides["paths.encoder"]),
        "seed": seed,
        "updates": updates,
        "batch_words": size,
        "learn_rate": system.learn_rate,
        "heads_learn_rate": system.heads_learn_rate,
        "settings": dict(variant.settings),
    }
    text = json.dumps({**settings, "data_hash": read.hash}, sort_keys=True)
    name = sha256(text.encode()).hexdigest()[:16]
    return {"id": name, **settings, "overrides": overrides}


def _folder_hash(encoder: str) -> str:
    """Of the files of a local encoder or tokenizer, not of how it was made; "" for one
    known by name."""
    folder = Path(encoder)
    if not folder.is_dir():
        return ""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sha256_of(sorted(path for path in files if path.name != MANIFEST))


def run_system(
    system: System,
    variant: Variant,
    read: Read,
    plan: Mapping[str, Any],
    models: Path | None,
    gpu: int,
) -> dict[str, Any]:
    """Train as `plan` (of `plan_of`) says, score the last update on test.

    models: folder to keep the pipeline in. gpu: its number, -1 for none.
    RETURNS (dict): the line of results, counts and scores without any text. Raises
    M404-M405 for an encoder that cannot be read, M701 without the config, M727 for a
    setting that it does not have.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_passages(read, folder)
        config = _config(system, read, plan, folder)
        config.to_disk(folder / "config.cfg")
        nlp, seconds = _train(folder, plan["seed"], gpu)
        if models is not None:
            _keep(folder / "model" / "model-last", models / model_name(plan))
    ner = nlp.get_pipe("ner")
    assert isinstance(ner, MslmNer)
    predicted = _predicted(nlp, read)
    reports = all_reports(read.gold, predicted, types=read.labels)
    spans = [[tag_spans(tags) for tags in side] for side in (read.gold, predicted)]
    told = {key: value for key, value in plan.items() if key != "overrides"}
    return {
        **told,
        "labels": list(read.labels),
        "data_hash": read.hash,
        "train_words": read.words,
        "train_sentences": read.sentences,
        "sambd": read.manifest.get("sambd", {}).get("keep"),
        "parameters": sum(p.numel() for p in ner.network.parameters()),
        "seconds": round(seconds, 1),
        "scores": {key: round(of, 6) for key, of in table_row(reports).items()},
        "by_document": DocCounts.of(*spans).to_text(),
        "provenance": {
            "commit": git_commit(),
            "machine": machine(),
            "threads": torch.get_num_threads(),
            "versions": versions(),
        },
    }


def _write_passages(read: Read, folder: Path) -> None:
    """Train and one document to look at while training. An update of the table holds a
    few sentences: whole notes would be far more than that."""
    dev = "dev" if read.has_dev else "train"
    for split, of in {"train": "train", "dev": dev}.items():
        with DocBinWriter(folder / split, shard_size=SHARD_SIZE) as writer:
            docs = read_docs(read.path / of, spacy.blank("en").vocab)
            for doc in docs if split == "train" else islice(docs, 1):
                for part in passages(doc, PASSAGE_WORDS):
                    writer.add(part)


def _config(system: System, read: Read, plan: Mapping[str, Any], folder: Path) -> Any:
    """Raises M701 without the config, M727 for a setting that it does not have."""
    if not system.config.is_file():
        raise MslmError(Errors.M701.format(path=system.config))
    config = load_config(system.config, interpolate=False)
    rate = plan["learn_rate"]
    schedule = {
        "@schedules": "spacy-mslm.WarmupLinearUpdates.v1",
        "learn_rate": rate,
        "warmup": _at(config, WARM_UP),
        "updates": plan["updates"],
    }
    values = {
        **plan["overrides"],
        "paths.train": str(folder / "train"),
        "paths.dev": str(folder / "dev"),
        "system.seed": plan["seed"],
        "training.max_epochs": 0,
        # spaCy counts from 0 and stops after the step of that number.
        "training.max_steps": plan["updates"] - 1,
        "training.eval_frequency": plan["updates"],
        # It must look at something before the first update and after the last; nothing
        # is chosen by it.
        "corpora.dev.limit": 1,
    }
    values.pop("training.optimizer.learn_rate.learn_rate")
    for key, value in values.items():
        _set(config, key, value)
    config["training"]["optimizer"]["learn_rate"] = schedule
    return config


def _at(config: Mapping[str, Any], key: str) -> Any:
    for part in key.split("."):
        config = config[part]
    return config


def _set(config: Any, key: str, value: Any) -> None:
    *parts, last = key.split(".")
    section = config
    for part in parts:
        section = section.get(part) if isinstance(section, dict) else None
    if not isinstance(section, dict) or last not in section:
        expected = "a setting of the system's config"
        raise MslmError(
            Errors.M727.format(name=key, value="unknown", expected=expected)
        )
    section[last] = copy.deepcopy(value)


def _train(folder: Path, seed: int, gpu: int) -> tuple[Language, float]:
    """The pipeline after its last update, and the seconds of it all."""
    from spacy.cli.train import train

    torch.manual_seed(seed)
    started = time.perf_counter()
    train(folder / "config.cfg", folder / "model", use_gpu=gpu)
    seconds = time.perf_counter() - started
    return spacy.load(folder / "model" / "model-last"), seconds


def model_name(line: Mapping[str, Any]) -> str:
    """The folder of a result's pipeline: "Small-CRF-seed0-1a2b3c"."""
    words = re.sub(r"[^\w.-]+", "-", line["system"])
    return f"{words}-seed{line['seed']}-{line['id'][:6]}"


def _keep(model: Path, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(model, part)
    shutil.rmtree(out, ignore_errors=True)
    os.replace(part, out)


def _predicted(nlp: Language, read: Read) -> list[list[str]]:
    """Tags from the words alone."""
    docs = read_docs(read.path / "test", nlp.vocab, words_only=True)
    fresh = (
        Doc(
            nlp.vocab,
            words=[token.text for token in doc],
            spaces=[bool(token.whitespace_) for token in doc],
        )
        for doc in docs
    )
    return [_tags(doc) for doc in nlp.pipe(fresh)]


def _tags(doc: Doc) -> list[str]:
    return [
        f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"
        for token in doc
    ]
