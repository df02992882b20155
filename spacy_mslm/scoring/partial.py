"""Partial span scores: the right type counts, in part where the boundaries are wrong.

Half a credit for a partial match is MUC's (Chinchor and Sundheim 1993, "MUC-5
evaluation metrics") and that of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013): P =
(correct + partial / 2) / predictions, R the same over gold. Their "partial" regime
forgives a wrong type, their "type" regime gives any overlap of the right type a whole
credit. Here, as commonly reported, the type must be right and an inexact overlap is
worth a half, so that these scores lie between the strict and the "type" ones.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .mistakes import each_once, overlapping_pairs
from .strict import Span, check_lengths

HALF = 0.5


@dataclass(frozen=True, slots=True)
class PartialScores:
    """`exact` and `overlapping` pairs among `predicted` and `gold` spans; each share
    is 0 where its denominator is 0."""

    exact: int = 0
    overlapping: int = 0
    predicted: int = 0
    gold: int = 0

    @property
    def credit(self) -> float:
        return self.exact + HALF * self.overlapping

    @property
    def precision(self) -> float:
        return self.credit / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.credit / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        spans = self.predicted + self.gold
        return 2 * self.credit / spans if spans else 0.0

    def to_dict(self) -> dict[str, float]:
        return {
            "p": self.precision,
            "r": self.recall,
            "f": self.f1,
            "exact": self.exact,
            "overlapping": self.overlapping,
            "predicted": self.predicted,
            "gold": self.gold,
        }


def partial_scores(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
) -> PartialScores:
    """Score `predicted` against `gold`, one collection of spans a document.

    Exact matches are made first. What is left is paired with overlapping spans of the
    same label, the largest overlap first and then by position, each span in at most
    one pair. Collections are taken as sets, so `exact` is the strict true positives.

    Raises M601 where the two do not hold the same number of documents.
    """
    check_lengths(gold, predicted)
    exact = overlapping = n_predicted = n_gold = 0
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        true, found = set(gold_spans), set(predicted_spans)
        exact += len(true & found)
        overlapping += _overlapping(true - found, found - true)
        n_predicted += len(found)
        n_gold += len(true)
    return PartialScores(exact, overlapping, n_predicted, n_gold)


def _overlapping(true: Collection[Span], found: Collection[Span]) -> int:
    """How many pairs of one label can be made of spans without an exact match."""
    pairs = overlapping_pairs(sorted(true), sorted(found))
    of_one_label = (pair for pair in pairs if pair[2][2] == pair[3][2])
    return sum(1 for _ in each_once(of_one_label))
