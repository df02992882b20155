"""Runs made twice, by the laboratory and by `spacy train`."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from ..experiments.tables import Row, against, arms_of, shown
from .lab_tables import Table

# Student's t, 97.5 per cent, by degrees of freedom.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306}
HEADER = (
    *("laboratory, seeds", "mean", "one more seed, 95%"),
    *("spacy train, seeds", "mean", "within", "difference"),
)
SAYS = (
    "Test F1 of single seeds. One more seed: where a further run of the laboratory "
    "would fall, by Student's t over its seeds (mean ± t s √(1 + 1/S)), wide where "
    "they are few; within: how many of the other runs fall there. The difference is "
    "paired by seed and sentence (the same labelled sentences, other batches and "
    "draws), with its 95 per cent interval."
)


def beside_table(rows: Iterable[Row], other: Iterable[Row]) -> Table | None:
    """`rows` beside those of the same data and arm that the laboratory made, of two
    seeds at least; None where there are none."""
    theirs = arms_of(row for row in other if row.get("test"))
    cells = [
        [f"{data}: {arm}", *_compared(theirs[data, arm], group)]
        for (data, arm), group in arms_of(r for r in rows if r.get("test")).items()
        if len(theirs.get((data, arm), ())) - 1 in T
    ]
    return Table("Made twice, F1 on test", ["", *HEADER], cells) if cells else None


def _compared(lab: Sequence[Row], again: Sequence[Row]) -> list[str]:
    seeds, others = [_f1(row) for row in lab], [_f1(row) for row in again]
    mean, n = fmean(seeds), len(seeds)
    half = T[n - 1] * stdev(seeds) * math.sqrt(1 + 1 / n)
    within = sum(abs(value - mean) <= half for value in others)
    interval = against(again, lab, "test").get("F1")
    return [
        ", ".join(f"{seed:.1f}" for seed in seeds),
        f"{mean:.1f}",
        f"{mean - half:.1f} to {mean + half:.1f}",
        ", ".join(f"{value:.1f}" for value in others),
        f"{fmean(others):.1f}",
        f"{within} of {len(others)}",
        shown(interval) if interval else "",
    ]


def _f1(row: Row) -> float:
    value: float = row["test"]["strict"]["micro"]["f"]
    return 100 * value
