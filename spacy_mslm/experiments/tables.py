"""Results as tables: means over seeds, and differences with their intervals."""

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
    """The headline scores of an arm, means over its seeds, in per cent."""
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
    """Differences to another arm over the seeds that both have; none without one."""
    seeds = _seeds(rows).keys() & _seeds(other).keys()
    if not seeds:
        return {}
    mine, theirs = _seeds(rows), _seeds(other)
    return {
        name: difference(
            [_counts(mine[seed], split, which) for seed in sorted(seeds)],
            [_counts(theirs[seed], split, which) for seed in sorted(seeds)],
            statistic=statistic,
        )
        for name, which, statistic in DIFFERENCES
    }


def table(rows: Iterable[Row], *, split: str, reference: str) -> str:
    """Markdown: a table a data set, every arm beside `reference`."""
    groups = arms_of(row for row in rows if row.get(split))
    sets = list(dict.fromkeys(data for data, _ in groups))
    made = []
    for data in sets:
        arms = {arm: found for (of, arm), found in groups.items() if of == data}
        made.append(f"**{data}, {split}**\n\n{_table(arms, split, reference)}")
    return "\n\n".join(made)


def _table(arms: Mapping[str, Sequence[Row]], split: str, reference: str) -> str:
    names = ["F1", "P", "EM", "EM unseen", "ECE"]
    compared = [name for name, _, _ in DIFFERENCES]
    head = ["arm", "seeds", *names, *(f"{name} - {reference}" for name in compared)]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for arm, rows in arms.items():
        values = means(rows, split)
        cells = [f"{values[name]:.1f}" for name in names]
        intervals: Mapping[str, Interval] = {}
        if arm != reference and reference in arms:
            intervals = against(rows, arms[reference], split)
        cells += [shown(intervals[n]) if n in intervals else "" for n in compared]
        lines.append([arm, str(len(rows)), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(interval: Interval) -> str:
    """In points: the difference and its 95 per cent interval."""
    mean, low, high = (100 * v for v in (interval.mean, interval.low, interval.high))
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"


def _seeds(rows: Sequence[Row]) -> dict[int, Row]:
    return {row["spec"].get("seed", 0): row for row in rows}


def _counts(row: Row, split: str, which: str) -> DocCounts:
    return DocCounts.from_text(row[split]["by_sentence"][which])
