"""Tables of the scores of an experiment: cells as text, for Markdown and HTML alike."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ..experiments.tables import (
    DIFFERENCES,
    Row,
    against,
    arms_of,
    means,
    paired,
    same_gold,
    seeds_of,
    shown,
)
from ..scoring.intervals import Interval, average_difference
from .scores import markdown_table

# An arm to its results by seed, on one data set.
Arms = Mapping[str, Sequence[Row]]
SCORES = ("F1", "P", "EM", "EM unseen", "ECE")
COMPARED = tuple(name for name, _, _ in DIFFERENCES)


@dataclass(frozen=True)
class Table:
    """Rows under `header`; the first cell of a row names it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        return f"**{self.title}**\n\n{markdown_table(self.header, self.rows)}"


def by_set(rows: Iterable[Row]) -> dict[str, dict[str, list[Row]]]:
    """Data set to arm to results by seed, in the order of `rows`."""
    found: dict[str, dict[str, list[Row]]] = {}
    for (data, arm), group in arms_of(rows).items():
        found.setdefault(data, {})[arm] = group
    return found


def score_tables(rows: Iterable[Row], split: str, reference: str) -> list[Table]:
    """Every arm beside `reference`: the average of the data sets, where there are
    several, then each of them; nothing where `split` was not measured."""
    sets = by_set(row for row in rows if row.get(split))
    head = [*SCORES, *(f"{name} - {reference}" for name in COMPARED)]
    tables = []
    for data, arms in sets.items():
        cells = []
        for arm, group in arms.items():
            compared = _cells(_differences(arm, arms, split, reference))
            row = [arm, str(len(group)), *_means([group], split), *compared]
            cells.append(row)
        tables.append(Table(f"{data}, {split}", ["arm", "seeds", *head], cells))
    if len(sets) > 1:
        average = _average_rows(list(sets.values()), split, reference)
        title = f"Average of the data sets, {split}"
        tables.insert(0, Table(title, ["arm", "sets", *head], average))
    return tables


def pairs_table(
    rows: Iterable[Row], title: str, split: str, pairs: Collection[tuple[str, str]]
) -> Table | None:
    """Differences alone, of the first arm of each pair to the second, on each data set
    and, of several, on average; None where no pair was run."""
    sets = by_set(row for row in rows if row.get(split))
    found = [
        (f"{data}: {arm} - {other}", _differences(arm, arms, split, other))
        for data, arms in sets.items()
        for arm, other in pairs
        if arm in arms
    ]
    for arm, other in pairs if len(sets) > 1 else ():
        alike = _alike(list(sets.values()), arm, other)
        name = f"average of {len(alike)} of {len(sets)} sets: {arm} - {other}"
        found.append((name, _averages(arm, alike, split, other)))
    cells = [[name, *_cells(intervals)] for name, intervals in found if intervals]
    return Table(f"{title}, {split}", ["", *COMPARED], cells) if cells else None


def _average_rows(sets: Sequence[Arms], split: str, reference: str) -> list[list[str]]:
    """A row an arm, over the sets on which it can be compared."""
    made = []
    for arm in dict.fromkeys(arm for arms in sets for arm in arms):
        alike = _alike(sets, arm, reference)
        row = [arm, f"{len(alike)} of {len(sets)}"]
        row += _means([arms[arm] for arms in alike], split)
        made.append([*row, *_cells(_averages(arm, alike, split, reference))])
    return made


def _alike(sets: Sequence[Arms], arm: str, reference: str) -> list[Arms]:
    """The sets on which both were run with a common seed."""
    return [
        arms
        for arms in sets
        if seeds_of(arms.get(arm, ())).keys() & seeds_of(arms.get(reference, ())).keys()
    ]


def _differences(
    arm: str, arms: Arms, split: str, reference: str
) -> dict[str, Interval]:
    """None for the reference itself and where it was not run."""
    if arm == reference or reference not in arms:
        return {}
    return against(arms[arm], arms[reference], split)


def _averages(
    arm: str, sets: Sequence[Arms], split: str, reference: str
) -> dict[str, Interval]:
    """The same of the mean over `sets`, none where there are no sets."""
    if arm == reference or not sets:
        return {}
    found: dict[str, Interval] = {}
    for name, which, statistic in DIFFERENCES:
        pairs = [paired(arms[arm], arms[reference], split, which) for arms in sets]
        if all(same_gold(a, b) for a, b in pairs):
            found[name] = average_difference(pairs, statistic=statistic)
    return found


def _means(groups: Sequence[Sequence[Row]], split: str) -> list[str]:
    """Under `SCORES`: means over seeds, of several groups their mean."""
    found = [means(group, split) for group in groups]
    return [f"{fmean(m[n] for m in found):.1f}" if found else "" for n in SCORES]


def _cells(intervals: Mapping[str, Interval]) -> list[str]:
    """Under `COMPARED`; empty where there is no difference to show."""
    return [shown(intervals[name]) if name in intervals else "" for name in COMPARED]
