"""`gold`: training goes on from weak labels with documents that people annotated.

0, 10 and 50 of them side by side, scored on the same documents, which none was trained
on; what the workflow hands on is the pipeline with the most of them.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spacy.language import Language

from ...errors import Errors, MslmError
from ...runners import provenance
from ...runners.atomic import atomic_write_text
from ..files import file_sha256, json_text, sha256_of
from ..measuring.held_out import load_pipeline
from .data import (
    Gold,
    GoldSplit,
    count_mentions,
    make_docs,
    notes_hash,
    read_gold,
    seen_in,
    split_gold,
)
from .outputs import CORPUS, LINK, MODEL, SAYS, check_out, link, write_no_gold
from .rows import GOLD_ONLY, WEAK_ONLY, WEAK_THEN_GOLD, make_row, make_warnings
from .runs import Bench, Run, finished
from .train import Recipe, Source, pipeline_labels


@dataclass(frozen=True)
class Plan:
    """What to measure.

    sizes (tuple): numbers of gold documents, 0 for the pipeline as it is.
    test (float): the least share of the documents to hold out.
    seed, repeats (int): the first seed, which also splits, and how many.
    control (bool): also train on the gold alone, from the bare encoder.
    mapping (Mapping): what the pipeline calls the gold's types.
    add_labels (bool): learn types that the pipeline does not know.
    Raises M726 (sizes) and M727 (share, repeats).
    """

    sizes: tuple[int, ...] = (0, 10, 50)
    test: float = 0.3
    seed: int = 0
    repeats: int = 1
    control: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    add_labels: bool = False

    def __post_init__(self) -> None:
        if not self.sizes or any(n < 0 or n == 1 for n in self.sizes):
            shown = ",".join(map(str, self.sizes))
            raise MslmError(Errors.M726.format(value=shown))
        checks = (
            ("--test", self.test, 0 < self.test < 1, "a share between 0 and 1"),
            ("--repeats", self.repeats, self.repeats >= 1, "1 or more"),
        )
        for name, value, right, expected in checks:
            if not right:
                raise MslmError(
                    Errors.M727.format(name=name, value=value, expected=expected)
                )

    @property
    def seeds(self) -> range:
        return range(self.seed, self.seed + self.repeats)


def train_with_gold(
    model: str | Path,
    gold: str | Path,
    out: Path,
    *,
    plan: Plan,
    recipe: Recipe,
    weak_corpus: Path | None = None,
) -> dict[str, Any]:
    """Write `out`/gold.json (no text of documents), `out`/model, the pipeline with the
    most gold documents, and `out`/corpus, what that was trained on, chosen by and
    scored on; `out`/source is a link to the gold, so that a workflow sees when it
    changes. Without gold, gold.json alone, which says so.

    gold (str | Path): what `read_annotations` reads; "" for none.
    weak_corpus (Path): the corpus that the pipeline was trained on. What it holds out
        is never trained on here either, and test documents that its training has read
        are counted.
    RETURNS (dict): what gold.json says. Runs that are finished are not run again.

    Raises M721-M729, M732 (`out` holds other files), M741 and what reading raises.
    """
    check_out(out)
    if not str(gold):
        return write_no_gold(out)
    nlp = load_pipeline(model)
    found = read_gold(
        Path(gold),
        known=pipeline_labels(nlp),
        mapping=plan.mapping,
        add_labels=plan.add_labels,
    )
    held = seen_in(weak_corpus, ("dev", "test"))
    split = split_gold(found.notes, share=plan.test, seed=plan.seed, held=held)
    if not count_mentions(split.test):
        raise MslmError(Errors.M728.format(docs=len(split.test)))
    bench = Bench(
        out=out,
        source=Source(str(model), nlp.config),
        recipe=recipe,
        gold=found,
        split=split,
        docs=make_docs(found.notes, nlp.make_doc, found.drops),
        key=_key(found, split, nlp, recipe),
    )
    test = _about_test(split, weak_corpus)
    rows = _rows(bench, plan)
    made = _made(found, test, rows, plan, recipe)
    made["labels"]["known"] = pipeline_labels(nlp)
    made["warnings"] = make_warnings(
        rows,
        left=len(split.pool),
        test=test,
        repeats=plan.repeats,
        mapping=plan.mapping,
        found=found.found,
    )
    link(out / LINK, Path(gold))
    atomic_write_text(out / SAYS, json_text(made))
    return made


def _about_test(split: GoldSplit, weak_corpus: Path | None) -> dict[str, Any]:
    read = seen_in(weak_corpus, ("train",))
    return {
        "documents": len(split.test),
        "patients": len({note.patient_id or note.note_id for note in split.test}),
        "mentions": count_mentions(split.test),
        "held_out_elsewhere": split.forced,
        "seen_in_weak_training": sum(note in read for note in split.test),
    }


def _made(
    gold: Gold,
    test: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    plan: Plan,
    recipe: Recipe,
) -> dict[str, Any]:
    settings = {**asdict(plan), **_settings(recipe)}
    return {
        "given": True,
        "synthetic": gold.synthetic,
        "documents": len(gold.notes),
        "mentions": gold.mentions,
        "test": test,
        "rows": rows,
        "packaged": _packaged(rows),
        "labels": {"added": gold.added, "found": dict(sorted(gold.found.items()))},
        "settings": settings,
        "drops": dict(gold.drops),
        "provenance": {
            "versions": provenance.versions(),
            "data_hash": notes_hash(gold.notes),
        },
    }


def _files_hash(folder: Path | None) -> str:
    files = sorted(folder.rglob("*")) if folder else []
    return sha256_of(path for path in files if path.is_file())


def _settings(recipe: Recipe) -> dict[str, Any]:
    config = file_sha256(recipe.config) if recipe.config.is_file() else ""
    return {"config_sha256": config, "overrides": dict(recipe.overrides)}


def _key(gold: Gold, split: GoldSplit, nlp: Language, recipe: Recipe) -> str:
    """What a finished run depends on, apart from its own size and seed."""
    parts = [notes_hash(split.test), notes_hash(split.pool), gold.added]
    value = [
        *parts,
        _files_hash(nlp.path),
        _settings(recipe),
        provenance.versions(),
    ]
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _rows(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """Every size, and its control below it; the first seed's largest is packaged."""
    left = len(bench.split.pool)
    sizes: dict[int, list[int]] = {}
    for size in sorted({*plan.sizes}):
        sizes.setdefault(min(size, left), []).append(size)
    largest = Run(WEAK_THEN_GOLD, max(sizes), plan.seed)
    if not largest.documents:
        for name in (MODEL, CORPUS):
            shutil.rmtree(bench.out / name, ignore_errors=True)
    rows = []
    for documents, asked in sizes.items():
        systems = [WEAK_THEN_GOLD] + [GOLD_ONLY] * plan.control
        for system in systems if documents else [WEAK_ONLY]:
            seeds = plan.seeds if documents else [plan.seed]
            runs = [Run(system, documents, seed) for seed in seeds]
            results = [finished(bench, run, packaged=run == largest) for run in runs]
            rows.append(make_row(system, asked, results))
    return rows


def _packaged(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    trained = [row for row in rows if row["system"] == WEAK_THEN_GOLD]
    if not trained:
        return None
    return {"documents": trained[-1]["documents"], "seed": trained[-1]["seeds"][0]}
