"""Notes with what was found in them, after figure 2 of Abaho et al. 2024.

A prediction is a patch of its type's colour, the stronger the more confident; the
reference is a line of its type's colour under the words. So a patch without a line is
a false alarm and a line without a patch a miss, and both say so in words as well.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from ..scoring.strict import Span
from .held import FALSE_ALARM, HIT, MISS, HeldNote, Pair, key, pairs

# Longest stretch of a note on the page, in characters.
SHOWN = 6000
# Opacity of a patch at confidence 0 and 1: text on it stays readable.
FAINTEST, STRONGEST = 0.08, 0.58
WORDS = {
    HIT: "found",
    "boundary": "other boundaries",
    "type": "other type",
    "boundary_and_type": "other boundaries and type",
    FALSE_ALARM: "false alarm",
    MISS: "missed",
}
SIGNS = {HIT: "✓", FALSE_ALARM: "+ false alarm", MISS: "− missed"}
COLOURS = 8


@dataclass(frozen=True)
class _Layer:
    """Spans of one note with their pairs, ready to be asked by position."""

    spans: tuple[tuple[Span, Pair], ...]

    def over(self, start: int, end: int) -> list[tuple[Span, Pair]]:
        return [item for item in self.spans if item[0][0] < end and start < item[0][1]]


def colours(labels: Sequence[str]) -> dict[str, int]:
    """The number of each label's colour; after eight they begin again."""
    return {label: i % COLOURS for i, label in enumerate(sorted(set(labels)))}


def highlight(note: HeldNote, colour: Mapping[str, int], *, shown: int = SHOWN) -> str:
    """The first `shown` characters as HTML, everything escaped.

    Without its tags the result is the text itself: what is written beside a span
    (type, confidence, outcome) stands in attributes that the style sheet shows.
    """
    made = pairs(note)
    found = _Layer(tuple((p.predicted, p) for p in made if p.predicted))
    true = _Layer(tuple((p.reference, p) for p in made if p.reference))
    scores = {key(span): span.score for span in note.predicted}
    end = min(shown, len(note.text))
    edges = {0, end}
    for layer in (found, true):
        edges.update(e for span, _ in layer.spans for e in span[:2] if 0 < e < end)
    cuts = sorted(edges)
    pieces = []
    for start, stop in pairwise(cuts):
        text = escape(note.text[start:stop])
        text = _under(text, true.over(start, stop), stop, colour)
        text = _patch(text, found.over(start, stop), stop, colour, scores)
        pieces.append(text)
    return Markup("").join(pieces)


def _under(
    text: Markup, spans: list[tuple[Span, Pair]], stop: int, colour: Mapping[str, int]
) -> Markup:
    """`text` with a line under it for the reference spans that cover it."""
    if not spans:
        return text
    (_, _, label), _ = spans[0]
    missed = any(p.kind == MISS for _, p in spans)
    kind = "g miss" if missed else "g"
    said = "; ".join(f"reference: {s[2]}, {WORDS[p.kind]}" for s, p in spans)
    ends = [s[2] for s, p in spans if p.kind == MISS and s[1] == stop]
    tag = Markup(' data-tag="{}"').format(f"{SIGNS[MISS]} {ends[0]}") if ends else ""
    return Markup('<span class="{} t{}" title="{}"{}>{}</span>').format(
        kind, colour.get(label, 0), said, tag, text
    )


def _patch(
    text: Markup,
    spans: list[tuple[Span, Pair]],
    stop: int,
    colour: Mapping[str, int],
    scores: Mapping[Span, float],
) -> Markup:
    """`text` on a patch for the prediction that covers it."""
    if not spans:
        return text
    span, pair = spans[0]
    score = scores[span]
    tag = ""
    if span[1] == stop:
        tag = Markup(' data-tag="{}"').format(_tag(span, pair, score))
    sure = "" if math.isnan(score) else f", confidence {score:.2f}"
    said = f"predicted: {span[2]}{sure}, {WORDS[pair.kind]}"
    return Markup(
        '<mark class="p t{} {}" style="--a:{}" title="{}"{}>{}</mark>'
    ).format(colour.get(span[2], 0), _class(pair), _opacity(score), said, tag, text)


def _class(pair: Pair) -> str:
    return {HIT: "hit", FALSE_ALARM: "alarm"}.get(pair.kind, "near")


def _tag(span: Span, pair: Pair, score: float) -> str:
    sign = SIGNS.get(pair.kind)
    if sign is None:
        other = pair.reference[2] if pair.reference else ""
        sign = "≠ boundaries" if pair.kind == "boundary" else f"≠ {other}"
    sure = "" if math.isnan(score) else f"{score:.2f} "
    return f"{span[2]} {sure}{sign}"


def _opacity(score: float) -> str:
    share = 0.5 if math.isnan(score) else min(max(score, 0.0), 1.0)
    return f"{FAINTEST + (STRONGEST - FAINTEST) * share:.3f}"
