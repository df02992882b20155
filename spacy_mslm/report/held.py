"""A held-out note beside what was predicted from its text."""

from dataclasses import dataclass

from ..scoring.mistakes import mistakes
from ..scoring.strict import Span
from ..types import CharSpan

HIT = "hit"
MISS = "misses"
FALSE_ALARM = "false_alarms"


@dataclass(frozen=True, slots=True)
class HeldNote:
    """`predicted`: the pipeline's spans, `score` being their confidence, NaN for a
    pipeline that gives none. `reference`: what they are measured by, gold or (where
    there is none) the weak labels."""

    name: str
    text: str
    predicted: tuple[CharSpan, ...]
    reference: tuple[CharSpan, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """What became of a span: `kind` is `hit` or one of `scoring.mistakes`; a miss has
    no prediction, a false alarm no reference."""

    kind: str
    reference: Span | None
    predicted: Span | None


def key(span: CharSpan) -> Span:
    """What strict scores compare."""
    return span.start, span.end, span.label


def pairs(note: HeldNote) -> list[Pair]:
    """Each span of reference and prediction in exactly one pair, by position."""
    true, found = {key(s) for s in note.reference}, {key(s) for s in note.predicted}
    made = [Pair(HIT, span, span) for span in true & found]
    made += [Pair(*mistake) for mistake in mistakes(true, found)]
    return sorted(made, key=lambda p: p.reference or p.predicted or (0, 0, ""))
