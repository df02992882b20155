"""Charts over what an experiment varies: the share of gold, the share of a terminology
that is spoilt."""

import re
from collections.abc import Callable, Iterable
from statistics import fmean

from ..experiments.tables import Row
from .lab_charts import Chart
from .plots import Across, Series, line_chart

GOLD = Across("sentences with gold, per cent", "per cent", least=100.0)
SPOILT = Across("names spoilt, per cent", "per cent", least=50.0)
_NOISE = re.compile(r"(.*)-([0-9]+)-(missing|wrong)")

# Of a result: a line's name and the place along the axis; None where it has none.
Place = Callable[[Row], tuple[str, float] | None]


def over_charts(rows: Iterable[Row]) -> list[Chart]:
    """Test F1, means over seeds, over each thing that varies within one data set."""
    tested = [row for row in rows if row.get("test")]
    made = []
    for data in dict.fromkeys(row["spec"]["data"] for row in tested):
        of_set = [row for row in tested if row["spec"]["data"] == data]
        for name, title, place, across in (
            ("gold", "Test F1 over share of gold", _share, GOLD),
            ("missing", "Test F1 as names go missing", _spoilt("missing"), SPOILT),
            ("wrong", "Test F1 as names go wrong", _spoilt("wrong"), SPOILT),
        ):
            series = _series(of_set, place)
            if any(len(line.points) > 1 for line in series):
                figure = line_chart(f"{title}, {data}", series, across=across)
                made.append(Chart(f"{name}-{data}", f"{title}, {data}", figure))
    return made


def _series(rows: Iterable[Row], place: Place) -> list[Series]:
    found: dict[str, dict[float, list[float]]] = {}
    for row in rows:
        if at := place(row):
            line, x = at
            value = 100 * row["test"]["strict"]["micro"]["f"]
            found.setdefault(line, {}).setdefault(x, []).append(value)
    return [
        Series(line, [(x, fmean(points[x])) for x in sorted(points)])
        for line, points in found.items()
    ]


def _share(row: Row) -> tuple[str, float] | None:
    """Arms are named "NAME, SHARE%"."""
    name, _, share = row["spec"]["arm"].rpartition(", ")
    if not share.endswith("%"):
        return None
    return name, 100 * row["spec"].get("share", 1.0)


def _spoilt(kind: str) -> Place:
    """Arms are named "NAME, NOISE" where their source is spoilt, "NAME" elsewhere."""

    def place(row: Row) -> tuple[str, float] | None:
        spec = row["spec"]
        if not spec.get("weak") or spec.get("share", 1.0):
            return None
        spoilt = _NOISE.fullmatch(spec["weak"])
        if spoilt is None:
            return spec["arm"], 0.0
        if spoilt[3] != kind:
            return None
        return spec["arm"].rpartition(", ")[0], float(spoilt[2])

    return place
