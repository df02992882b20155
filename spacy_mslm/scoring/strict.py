"""Strict span scores: a span counts only with exact boundaries and exact type.

Equal to seqeval's strict IOB2 scores (precision, recall, F1), which is what the BLURB
sets are reported in. Spans are compared as sets within one document, so overlapping
gold spans are allowed and a span given twice counts once.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Errors, MslmError

Span = tuple[int, int, str]  # start, end (any one unit: characters or tokens), label


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives, false negatives; each share is 0 where its
    denominator is 0."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def to_dict(self) -> dict[str, float]:
        return {
            "p": self.precision,
            "r": self.recall,
            "f": self.f1,
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
        }


@dataclass(frozen=True, slots=True)
class StrictScores:
    """`micro` over all spans; `per_type` holds every type in gold or predictions."""

    micro: Counts
    per_type: dict[str, Counts]

    @property
    def macro_f(self) -> float:
        """Mean F1 over the types that gold holds; 0 where gold is empty."""
        known = [c.f1 for c in self.per_type.values() if c.tp + c.fn]
        return _share(sum(known), len(known))

    @property
    def em(self) -> float:
        """Exact match as in Abaho et al. 2024: the share of gold mentions predicted
        with exact boundaries and type, which is strict recall."""
        return self.micro.recall

    def to_dict(self) -> dict[str, Any]:
        return {
            "micro": self.micro.to_dict(),
            "macro_f": self.macro_f,
            "em": self.em,
            "per_type": {k: c.to_dict() for k, c in sorted(self.per_type.items())},
        }


def score(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
) -> StrictScores:
    """Score `predicted` against `gold`, one collection of spans a document.

    Raises M601 where the two do not hold the same number of documents.
    """
    check_lengths(gold, predicted)
    tp: Counter[str] = Counter()
    fp: Counter[str] = Counter()
    fn: Counter[str] = Counter()
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        true, found = set(gold_spans), set(predicted_spans)
        tp.update(label for *_, label in true & found)
        fp.update(label for *_, label in found - true)
        fn.update(label for *_, label in true - found)
    labels = sorted({*tp, *fp, *fn})
    return StrictScores(
        micro=Counts(tp.total(), fp.total(), fn.total()),
        per_type={k: Counts(tp[k], fp[k], fn[k]) for k in labels},
    )


def check_lengths(gold: Sequence[Any], predicted: Sequence[Any]) -> None:
    """Raise M601 unless both hold one entry a document."""
    if len(gold) != len(predicted):
        raise MslmError(Errors.M601.format(gold=len(gold), predicted=len(predicted)))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
