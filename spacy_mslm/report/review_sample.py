"""Sentences to look at, drawn by label: the same ones from the same labels, in whatever
order the notes come, and never more than a few in memory."""

import math
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup, escape

from ..notes.seen import hash64
from ..notes.sentences import sentence_spans
from ..scoring.strict import Span
from ..types import CharSpan
from .held import HeldNote, key
from .notes_view import highlight
from .review_counts import ReviewRow

SENTENCES = 8
# Of a long sentence this much is shown on either side of the span, in characters, and
# so much around a span tells whether its sentence was drawn before.
_SIDE, _AROUND = 240, 60
_STRONG, _FAINT = ".5", ".22"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of a note with its spans, offsets from its own start; `drawn` is the span
    it was drawn for, `said` what is said of a span besides its label."""

    note_id: str
    category: str
    text: str
    drawn: Span
    spans: tuple[CharSpan, ...]
    gold: tuple[CharSpan, ...] | None
    said: Mapping[Span, str]


@dataclass
class SentenceSample:
    """`size` sentences of each label, those whose span has the smallest hash of seed,
    label and surroundings: each span has the same chance, copied text counts once."""

    size: int = SENTENCES
    seed: int = 0
    drawn: dict[str, list[tuple[int, Sentence]]] = field(default_factory=dict)

    def add(self, row: ReviewRow) -> None:
        text = row.note.text
        sentences: list[tuple[int, int]] = []
        for span in row.spans if self.size else ():
            kept = self.drawn.setdefault(span.label, [])
            around = text[max(0, span.start - _AROUND) : span.end + _AROUND]
            number = hash64(str(self.seed), span.label, around)
            full = len(kept) == self.size
            if (full and number >= kept[-1][0]) or number in {n for n, _ in kept}:
                continue
            sentences = sentences or sentence_spans(text)
            insort(kept, (number, _cut(row, span, sentences)), key=lambda k: k[0])
            del kept[self.size :]

    def of(self, label: str) -> list[Sentence]:
        return [sentence for _, sentence in self.drawn.get(label, ())]


def _cut(
    row: ReviewRow, span: CharSpan, sentences: Sequence[tuple[int, int]]
) -> Sentence:
    """The sentence of a span, or of a long one the part around it; a span over the end
    of a sentence takes both."""
    text = row.note.text
    touched = [s for s in sentences if s[0] < span.end and span.start < s[1]]
    start = min([span.start, *(a for a, _ in touched)])
    end = max([span.end, *(b for _, b in touched)])
    start = _word_edge(text, max(start, span.start - _SIDE), span.start)
    end = max(span.end, min(end, span.end + _SIDE))
    return Sentence(
        note_id=row.note.note_id,
        category=row.note.category,
        text=text[start:end],
        drawn=(span.start - start, span.end - start, span.label),
        spans=_inside(row.spans, start, end),
        gold=None if row.gold is None else _inside(row.gold, start, end),
        said=_said(row, start),
    )


def _said(row: ReviewRow, start: int) -> dict[Span, str]:
    made: dict[Span, str] = {}
    for spans, said in ((row.negated, "negated"), (row.family, "family")):
        for a, b, label in spans:
            place = (a - start, b - start, label)
            made[place] = f"{made[place]}, {said}" if place in made else said
    return made


def _word_edge(text: str, start: int, limit: int) -> int:
    """From `start` on, the first place where no word is cut."""
    while 0 < start < limit and text[start - 1].isalnum():
        start += 1
    return start


def _inside(spans: Sequence[CharSpan], start: int, end: int) -> tuple[CharSpan, ...]:
    return tuple(
        CharSpan(s.start - start, s.end - start, s.label, score=math.nan)
        for s in spans
        if start <= s.start and s.end <= end
    )


def sentence_html(sentence: Sentence, colour: Mapping[str, int]) -> Markup:
    """The sentence as HTML, everything escaped; without its tags it is the text."""
    if sentence.gold is not None:
        held = HeldNote("", sentence.text, sentence.spans, sentence.gold)
        return Markup(highlight(held, colour))
    edges = {0, len(sentence.text)}
    for span in sentence.spans:
        edges |= {span.start, span.end}
    by_start = {span.start: span for span in sentence.spans}
    pieces = []
    for start, end in pairwise(sorted(edges)):
        text = escape(sentence.text[start:end])
        found = by_start.get(start)
        pieces.append(_patch(text, found, sentence, colour) if found else text)
    return Markup("").join(pieces)


def _patch(
    text: Markup, span: CharSpan, sentence: Sentence, colour: Mapping[str, int]
) -> Markup:
    drawn = key(span) == sentence.drawn
    said = ", ".join(filter(None, (span.label, sentence.said.get(key(span)))))
    return Markup('<mark class="p t{}" style="--a:{}" data-tag="{}">{}</mark>').format(
        colour.get(span.label, 0), _STRONG if drawn else _FAINT, said, text
    )
