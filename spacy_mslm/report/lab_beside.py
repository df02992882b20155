"""Runs made twice, by the laboratory and by `spacy train`."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from ..experiments.tables import Row, arms_of
from .lab_tables import Table

# Student's t, 97.5 per cent, by degrees of freedom.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306}
HEADER = ("laboratory, seeds", "mean", "one more seed, 95%", "this run", "within")
SAYS = (
    "Test F1 of single seeds. One more seed: where a further run of the laboratory "
    "would fall, by Student's t over its seeds (mean ± t s √(1 + 1/S)); the run made "
    "by other means, with other batches and draws, should fall there too."
)


def beside_table(rows: Iterable[Row], other: Iterable[Row]) -> Table | None:
    """`rows` beside those of the same data and arm that the laboratory made, of two
    seeds at least; None where there are none."""
    theirs = arms_of(row for row in other if row.get("test"))
    cells = []
    for (data, arm), group in arms_of(r for r in rows if r.get("test")).items():
        seeds = [_f1(row) for row in theirs.get((data, arm), ())]
        if len(seeds) - 1 in T:
            for row in group:
                cells.append([f"{data}: {arm}", *_compared(seeds, _f1(row))])
    return Table("Made twice, F1 on test", ["", *HEADER], cells) if cells else None


def _compared(seeds: Sequence[float], value: float) -> list[str]:
    mean, n = fmean(seeds), len(seeds)
    half = T[n - 1] * stdev(seeds) * math.sqrt(1 + 1 / n)
    return [
        ", ".join(f"{seed:.1f}" for seed in seeds),
        f"{mean:.1f}",
        f"{mean - half:.1f} to {mean + half:.1f}",
        f"{value:.1f}",
        "yes" if abs(value - mean) <= half else "no",
    ]


def _f1(row: Row) -> float:
    value: float = row["test"]["strict"]["micro"]["f"]
    return 100 * value
