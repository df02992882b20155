"""Charts of an experiment: how arms learn, find and know, on each data set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from markupsafe import Markup

from ..experiments.arms import VANILLA
from ..experiments.tables import Row
from .lab_tables import Arms, by_set
from .page import template
from .plots import Across, Series, line_chart, reliability_chart

# Arms that every chart shows where they were run, and how many it shows at most.
ALWAYS, MOST = (VANILLA, "uniform", "mslm", "joint"), 5
RECALL = Across("recall, per cent", "recall", least=100.0)
# Recalls, in per cent, at which a run's precision is read off.
RECALLS = range(5, 101, 5)
# An axis starts at a multiple of this many per cent, so that its ticks are round.
FLOOR = 20

Place = tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """`name`: that of a file; `figure`: for a page; `says`: what to read beneath."""

    name: str
    title: str
    figure: Markup
    says: str = ""

    def standalone(self) -> str:
        """As an SVG file, in light colours on white."""
        drawn = self.figure.removeprefix("<figure><svg ")
        attributes, _, inside = drawn.removesuffix("</svg></figure>").partition(">")
        return template("chart.svg.j2").render(attributes=attributes, inside=inside)


def charts(rows: Iterable[Row]) -> list[Chart]:
    """Of each data set three: on dev while learning, and on test, or on dev where test
    was not measured."""
    made = []
    for data, shown in arranged(rows).items():
        tested = all(row.get("test") for group in shown.values() for row in group)
        split = "test" if tested else "dev"
        made.append(learning_chart(data, shown))
        made.append(precision_chart(data, shown, split))
        made.append(confidence_chart(data, shown, split))
    return made


def arranged(rows: Iterable[Row]) -> dict[str, dict[str, Sequence[Row]]]:
    """Of each data set the arms that are shown: everywhere the same ones in the same
    order, so that a colour is one arm; of one that was not run there, nothing."""
    sets = by_set(rows)
    every: dict[str, list[Row]] = {}
    for arms in sets.values():
        for arm, group in arms.items():
            every.setdefault(arm, []).extend(group)
    order = chosen(every)
    return {
        data: {arm: arms.get(arm, ()) for arm in order} for data, arms in sets.items()
    }


def chosen(arms: Arms) -> list[str]:
    """The arms that a chart shows: `ALWAYS`, then those of the best dev F1."""
    always = [arm for arm in ALWAYS if arm in arms]
    others = sorted(
        (arm for arm in arms if arm not in always),
        key=lambda arm: -fmean(map(_dev_f1, arms[arm])),
    )
    return [*always, *others[: MOST - len(always)]]


def learning_chart(data: str, arms: Arms) -> Chart:
    """Dev F1 over updates, the mean over seeds."""
    lines = {arm: learning(group) for arm, group in arms.items()}
    title = f"F1 on part of dev over updates, {data}"
    series = [Series(arm, points) for arm, points in lines.items()]
    figure = line_chart(title, series, bottom=_floor(series))
    return Chart(f"learning-{data}", title, figure, _until_vanilla(lines))


def learning(group: Sequence[Row]) -> list[Place]:
    """Updates and the mean F1 on part of dev in per cent, at points that all seeds
    have; the last one is the finished network."""
    values: dict[int, list[float]] = {}
    for row in group:
        for point in row["curve"]:
            values.setdefault(point["update"], []).append(100 * point["f"])
    whole = {at: of for at, of in values.items() if len(of) == len(group)}
    return [(at, fmean(whole[at])) for at in sorted(whole)]


def _until_vanilla(lines: Mapping[str, Sequence[Place]]) -> str:
    if not lines.get(VANILLA):
        return ""
    best = max(value for _, value in lines[VANILLA])
    reached = {
        arm: next((f"{at:g}" for at, value in points if value >= best), "not reached")
        for arm, points in lines.items()
        if points
    }
    listed = "; ".join(f"{arm} {at}" for arm, at in reached.items())
    return f"Updates until vanilla's best F1 on part of dev ({best:.1f}): {listed}."


def precision_chart(data: str, arms: Arms, split: str) -> Chart:
    """Precision at each recall that all seeds reach, the mean over seeds."""
    title = f"Precision over recall, {data}, {split}"
    series = [
        Series(arm, _precisions([row[split]["curve"] for row in group]))
        for arm, group in arms.items()
    ]
    figure = line_chart(title, series, bottom=_floor(series), across=RECALL)
    return Chart(f"precision-{data}", title, figure)


def _precisions(curves: Sequence[Sequence[Sequence[float]]]) -> list[Place]:
    """Recall and precision in per cent, at the highest threshold that reaches it."""
    found: list[Place] = []
    for recall in RECALLS if curves else ():
        values = [_precision_at(curve, recall / 100) for curve in curves]
        known = [value for value in values if value is not None]
        if len(known) == len(curves):
            found.append((recall, 100 * fmean(known)))
    return found


def _precision_at(curve: Sequence[Sequence[float]], recall: float) -> float | None:
    return next((p for _, p, reached in curve if reached >= recall), None)


def confidence_chart(data: str, arms: Arms, split: str) -> Chart:
    """The share right by confidence, spans of all seeds together."""
    title = f"Share right by confidence, {data}, {split}"
    bins = {
        arm: _pooled([row[split]["bins"] for row in group])
        for arm, group in arms.items()
    }
    return Chart(f"confidence-{data}", title, reliability_chart(title, bins))


def _pooled(runs: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, float]]:
    """The same bins of several runs as bins of all their spans."""
    made = []
    for bins in zip(*runs, strict=True):
        count = sum(b["count"] for b in bins)
        shares = {
            key: sum(b[key] * b["count"] for b in bins) / max(count, 1)
            for key in ("confidence", "right")
        }
        made.append({"count": count, **shares})
    return made


def _dev_f1(row: Row) -> float:
    value: float = row["dev"]["strict"]["micro"]["f"]
    return value


def _floor(series: Iterable[Series]) -> float:
    lowest = min((y for line in series for _, y in line.finite), default=0.0)
    return lowest // FLOOR * FLOOR
