"""Line charts as inline SVG: no script, no font, no colour that only colours tell."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 380, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 34, 36
# Of a legend: from row to row, and from the start of a line to its name.
LEGEND_ROW, KEY = 15, 27
LOSS_NAMES = {
    "mslm": "L_MSLM: masked words (eq. 6)",
    "detection": "L_ED: is it an entity (eq. 8)",
    "classification": "L_EL: of which type (eq. 11)",
}
SCORE_NAMES = {"ents_p": "precision", "ents_r": "recall", "ents_f": "F1"}

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """A line and its name; points that are not finite are left out, and a line without
    any takes a style and shows nothing. With `counts`, one a point, a dot is the larger
    the larger its share of them."""

    name: str
    points: Points
    counts: Sequence[int] = ()

    @property
    def finite(self) -> list[tuple[float, float]]:
        return [p for p in self.points if all(map(math.isfinite, p))]


@dataclass(frozen=True)
class Across:
    """What a chart runs over: its name at the axis and in "at NAME 3", the least width
    of the axis, and whether the line y = x is drawn."""

    axis: str = "updates"
    one: str = "update"
    # At least four updates wide, so that no tick falls between two updates.
    least: float = 4.0
    diagonal: bool = False


UPDATES = Across()
CONFIDENCE = Across("confidence", "confidence", least=1.0, diagonal=True)


def training_charts(rows: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Dev scores and each loss part over the updates, from `training/log.jsonl`."""
    scores = [
        Series(name, [(row["step"], row["scores"].get(key, 0.0)) for row in rows])
        for key, name in SCORE_NAMES.items()
    ]
    names = sorted({name for row in rows for name in row["losses"]}, key=_place)
    charts = [line_chart("Scores on dev, strict spans", scores, top=1.0)]
    for name in names:
        points = [(r["step"], r["losses"].get(name, math.nan)) for r in rows]
        charts.append(line_chart(_title(name, names), [Series(name, points)]))
    return charts


def _place(name: str) -> tuple[str, int]:
    """Whole losses before their parts, the parts as eq. 12 names them."""
    head, _, part = name.rpartition("_")
    order = list(LOSS_NAMES)
    return (head, order.index(part) + 1) if part in order else (name, 0)


def _title(name: str, names: Sequence[str]) -> str:
    head, _, part = name.rpartition("_")
    if head in names and part in LOSS_NAMES:
        return LOSS_NAMES[part]
    has_parts = any(other.startswith(f"{name}_") for other in names)
    return "Whole loss (eq. 12)" if has_parts else f"Loss of {name}"


def reliability_chart(
    title: str, bins: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Markup:
    """The share of spans that is right over their confidence, by bin (those of
    `scoring.calibration.reliability`, empty ones left out), one line for each name in
    `bins`; on the diagonal confidences mean what they say."""
    series = []
    for name, made in bins.items():
        full = [b for b in made if b["count"]]
        points = [(b["confidence"], b["right"]) for b in full]
        series.append(Series(name, points, [b["count"] for b in full]))
    return line_chart(title, series, top=1.0, across=CONFIDENCE)


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    top: float | None = None,
    bottom: float = 0.0,
    across: Across = UPDATES,
) -> Markup:
    """A chart over `across`, from `bottom` to `top` (by default the largest value).

    There are five styles of lines. A legend that is too wide takes more rows, and the
    chart grows by them.
    """
    points = [p for line in series for p in line.finite]
    if not points:
        text = Markup('<text x="{}" y="{}">no values</text>').format(LEFT, HEIGHT / 2)
        return _svg(title, text)
    right = max(max(x for x, _ in points), across.least)
    steps_x = ticks(right)
    highest = top or max(y for _, y in points)
    steps_y = [bottom + step for step in ticks(highest - bottom)]
    scale = _Scale(max(right, steps_x[-1]), steps_y[-1], bottom)
    parts = [_grid(scale, steps_x, steps_y, across.axis)]
    if across.diagonal:
        parts.append(_diagonal(scale))
    for number, line in enumerate(series):
        if line.finite:
            parts.append(_line(scale, line, number, across.one))
    inside = Markup("").join(parts)
    if len(series) == 1:
        return _svg(title, inside)
    legend, rows = _legend(series)
    return _svg(title, _lowered(inside, rows - 1) + legend, rows - 1)


def ticks(highest: float, count: int = 4) -> list[float]:
    """Round steps from 0 until `highest` is reached."""
    if not math.isfinite(highest) or highest <= 0:
        return [0.0, 1.0]
    rough = highest / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    return [i * step for i in range(math.ceil(highest / step - 1e-9) + 1)]


@dataclass(frozen=True)
class _Scale:
    right: float
    top: float
    bottom: float = 0.0

    def x(self, value: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * value / self.right:.1f}"

    def y(self, value: float) -> str:
        share = max(value - self.bottom, 0.0) / (self.top - self.bottom)
        return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share:.1f}"


def _svg(title: str, inside: Markup, more_rows: int = 0) -> Markup:
    return Markup(
        '<figure><svg viewBox="0 0 {w} {h}" role="img" aria-label="{t}">'
        '<text class="title" x="0" y="13">{t}</text>{inside}</svg></figure>'
    ).format(w=WIDTH, h=HEIGHT + LEGEND_ROW * more_rows, t=title, inside=inside)


def _lowered(inside: Markup, rows: int) -> Markup:
    """Moved down by so many rows of the legend."""
    if not rows:
        return inside
    moved = Markup('<g transform="translate(0 {})">{}</g>')
    return moved.format(LEGEND_ROW * rows, inside)


def _grid(
    scale: _Scale, steps_x: list[float], steps_y: list[float], axis: str
) -> Markup:
    parts = [
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/>'
            '<text class="tick end" x="{}" y="{y}" dx="-6" dy="4">{}</text>'
        ).format(LEFT, WIDTH - RIGHT, LEFT, _number(value), y=scale.y(value))
        for value in steps_y
    ]
    parts += [
        Markup(
            '<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>'
        ).format(scale.x(value), HEIGHT - BOTTOM + 16, _number(value))
        for value in steps_x
    ]
    parts.append(
        Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>').format(
            WIDTH - RIGHT, HEIGHT - 4, axis
        )
    )
    return Markup("").join(parts)


def _diagonal(scale: _Scale) -> Markup:
    end = min(scale.right, scale.top)
    return Markup('<line class="ideal" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        scale.x(0), scale.y(0), scale.x(end), scale.y(end)
    )


def _line(scale: _Scale, line: Series, number: int, one: str) -> Markup:
    places = [(scale.x(x), scale.y(y), x, y) for x, y in line.finite]
    path = " ".join(f"{x},{y}" for x, y, _, _ in places)
    drawn = Markup('<polyline class="line s{}" points="{}"/>').format(number, path)
    dots = [
        Markup(
            '<circle class="dot s{}" cx="{}" cy="{}" r="{}">'
            "<title>{}: {} at {} {}{}</title></circle>"
        ).format(
            number, x, y, radius, line.name, _number(value), one, _number(step), said
        )
        for (x, y, step, value), (radius, said) in zip(
            places, _sizes(line, len(places)), strict=True
        )
    ]
    return drawn + Markup("").join(dots)


def _sizes(line: Series, dots: int) -> list[tuple[str, str]]:
    """(radius, what to add to its words) of each dot."""
    if not line.counts:
        return [("2.4", "")] * dots
    total = sum(line.counts) or 1
    return [
        (f"{2 + 6 * math.sqrt(n / total):.1f}", f", {n} spans") for n in line.counts
    ]


def _legend(series: Sequence[Series]) -> tuple[Markup, int]:
    """Line and name of each, and how many rows they take."""
    parts, x, row = [], LEFT, 0
    for number, line in enumerate(series):
        if not line.finite:
            continue
        width = 7 * len(line.name)
        if x > LEFT and x + KEY + width > WIDTH:
            x, row = LEFT, row + 1
        y = 24 + LEGEND_ROW * row
        parts.append(
            Markup(
                '<line class="line s{}" x1="{}" x2="{}" y1="{y}" y2="{y}"/>'
                '<text class="tick" x="{}" y="{}">{}</text>'
            ).format(number, x, x + 22, x + KEY, y + 4, line.name, y=y)
        )
        x += 36 + width
    return Markup("").join(parts), row + 1


def _number(value: float) -> str:
    return f"{value:.4g}"
