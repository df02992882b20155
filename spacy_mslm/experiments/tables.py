"""Results of arms: means over seeds, and differences with their intervals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from ..scoring.doc_counts import DocCounts
from ..scoring.intervals import Interval, Statistic, difference

Row = Mapping[str, Any]
# What a difference is taken of: name, which counts, and the statistic of them.
DIFFERENCES: tuple[tuple[str, str, Statistic], ...] = (
    ("F1", "strict", "f1"),
    ("P", "strict", "precision"),
    ("EM", "strict", "em"),
    ("EM unseen", "unseen", "em"),
)


def arms_of(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """(data, arm) to its results by seed, in the order in which they first came."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["spec"]["data"], row["spec"]["arm"]].append(row)
    return {
        key: sorted(group, key=lambda row: row["spec"].get("seed", 0))
        for key, group in found.items()
    }


def means(rows: Sequence[Row], split: str) -> dict[str, float]:
    """The headline scores of an arm in per cent, means over its seeds. Where training
    has seen every mention, EM on unseen ones is 0."""
    scores = [row[split] for row in rows]
    values = {
        "F1": [s["strict"]["micro"]["f"] for s in scores],
        "P": [s["strict"]["micro"]["p"] for s in scores],
        "EM": [s["strict"]["em"] for s in scores],
        "EM unseen": [s["em_by_seen"]["unseen"]["em"] or 0.0 for s in scores],
        "partial F1": [s["partial"]["f"] for s in scores],
        "ECE": [s["ece"] for s in scores],
    }
    return {name: 100 * fmean(of_seeds) for name, of_seeds in values.items()}


def against(
    rows: Sequence[Row], other: Sequence[Row], split: str
) -> dict[str, Interval]:
    """Differences to another arm over the seeds that both have, of scores of the same
    mentions; none without one."""
    if not seeds_of(rows).keys() & seeds_of(other).keys():
        return {}
    found: dict[str, Interval] = {}
    for name, which, statistic in DIFFERENCES:
        a, b = paired(rows, other, split, which)
        if same_gold(a, b):
            found[name] = difference(a, b, statistic=statistic)
    return found


def same_gold(a: Iterable[DocCounts], b: Iterable[DocCounts]) -> bool:
    """Whether both were scored on the same mentions, as far as counts tell: what is
    unseen depends on what was seen."""
    return all((x.tp + x.fn == y.tp + y.fn).all() for x, y in zip(a, b, strict=True))


def shown(interval: Interval) -> str:
    """In points: the difference and its 95 per cent interval."""
    mean, low, high = (100 * v for v in (interval.mean, interval.low, interval.high))
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"


def seeds_of(rows: Iterable[Row]) -> dict[int, Row]:
    """The results of an arm by seed."""
    return {row["spec"].get("seed", 0): row for row in rows}


def paired(
    rows: Iterable[Row], other: Iterable[Row], split: str, which: str
) -> tuple[list[DocCounts], list[DocCounts]]:
    """Counts of the seeds that both arms have, in the same order."""
    mine, theirs = seeds_of(rows), seeds_of(other)
    seeds = sorted(mine.keys() & theirs.keys())
    a, b = (
        [DocCounts.from_text(of[s][split]["by_sentence"][which]) for s in seeds]
        for of in (mine, theirs)
    )
    return a, b
