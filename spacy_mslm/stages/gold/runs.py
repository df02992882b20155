"""The runs behind gold.json: each is one training and its score, kept when finished."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ...corpus.docs import GOLD
from ...runners import provenance
from ...runners.atomic import atomic_folder, atomic_write_text
from ...types import Note
from ..corpora.corpus import SHARD_SIZE, write_corpus
from ..files import json_text
from ..measuring.evaluate import evaluate
from .data import Gold, GoldSplit, count_mentions, doc_key, train_dev
from .outputs import CORPUS, MODEL, RUNS, SAYS, read_json
from .rows import GOLD_ONLY
from .train import Recipe, Source, forget_places, train_on_gold

PACKAGED, UNFINISHED = "packaged.json", "unfinished"
SCORES = ("micro", "macro_f", "em", "per_type")


@dataclass(frozen=True)
class Run:
    """One training and its score; `documents` 0 is the weak pipeline as it is."""

    system: str
    documents: int
    seed: int

    @property
    def file(self) -> str:
        system = {GOLD_ONLY: "control"}.get(self.system, "gold")
        return f"{system}-{self.documents}-seed{self.seed}.json"


@dataclass(frozen=True)
class Bench:
    """What every run shares."""

    out: Path
    source: Source
    recipe: Recipe
    gold: Gold
    split: GoldSplit
    docs: Mapping[str, Doc]
    key: str


def finished(bench: Bench, run: Run, *, packaged: bool) -> dict[str, Any]:
    """The scores of one run, kept from before where nothing that it depends on has
    changed."""
    runs = bench.out / RUNS
    kept = read_json(runs / run.file)
    if kept.get("key") == bench.key and (not packaged or _is_packaged(bench, run)):
        return kept["result"]
    (bench.out / SAYS).unlink(missing_ok=True)
    runs.mkdir(parents=True, exist_ok=True)
    folder = runs / UNFINISHED
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    try:
        result = _run(bench, run, folder, packaged=packaged)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    atomic_write_text(runs / run.file, json_text({"key": bench.key, "result": result}))
    return result


def _run(bench: Bench, run: Run, folder: Path, *, packaged: bool) -> dict[str, Any]:
    train, dev = train_dev(bench.split.pool, run.documents, run.seed)
    corpus = folder / "corpus"
    _write_corpus(bench, corpus, {"train": train, "dev": dev, "test": bench.split.test})
    model: str | Path = bench.source.model
    if run.documents:
        model = train_on_gold(
            bench.source,
            corpus,
            folder / "training",
            bench.recipe,
            seed=run.seed,
            labels=bench.gold.added,
            fresh=run.system == GOLD_ONLY,
        )
    if packaged and run.documents:
        _package(bench, run, Path(model), corpus)
    row = evaluate(model, corpus, folder / "metrics.json")["rows"][-1]
    return {
        "documents": run.documents,
        "seed": run.seed,
        "train": len(train),
        "dev": len(dev),
        "mentions": count_mentions([*train, *dev]),
        **{name: row[name] for name in SCORES},
        "commit": provenance.git_commit(),
        "machine": provenance.machine(),
    }


def _write_corpus(bench: Bench, folder: Path, parts: Mapping[str, list[Note]]) -> None:
    parts = {split: notes for split, notes in parts.items() if notes}
    pairs = (
        (split, bench.docs[doc_key(note)])
        for split, notes in parts.items()
        for note in notes
    )
    about = {
        "entities_from": GOLD,
        "synthetic": bench.gold.synthetic,
        "has_gold": True,
    }
    write_corpus(folder, pairs, parts, about, bench.gold.drops, SHARD_SIZE)


def _package(bench: Bench, run: Run, best: Path, corpus: Path) -> None:
    mark = bench.out / RUNS / PACKAGED
    mark.unlink(missing_ok=True)
    with atomic_folder(bench.out / CORPUS) as folder:
        shutil.copytree(corpus, folder, dirs_exist_ok=True)
    with atomic_folder(bench.out / MODEL) as folder:
        shutil.copytree(best, folder, dirs_exist_ok=True)
        forget_places(folder / "config.cfg")
    atomic_write_text(mark, json_text({"key": bench.key, "run": run.file}))


def _is_packaged(bench: Bench, run: Run) -> bool:
    if not run.documents:
        return True
    mark = read_json(bench.out / RUNS / PACKAGED)
    wanted = {"key": bench.key, "run": run.file}
    return mark == wanted and all(
        (bench.out / name).is_dir() for name in (MODEL, CORPUS)
    )
