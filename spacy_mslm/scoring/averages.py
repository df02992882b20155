"""Counts a class, and their micro, macro and weighted means.

The means are those of scikit-learn's and seqeval's `classification_report` with
`zero_division=0`: a share whose denominator is 0 is 0, and macro counts every class
that gold *or* predictions hold, so that a class found where gold has none lowers it.
(`strict.StrictScores.macro_f` and `tags.TagScores.macro` count the classes of gold
alone.) To compare systems give all of them the same `labels`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .strict import Counts


@dataclass(frozen=True, slots=True)
class Average:
    """Three means over classes; `f1` is the mean of the F1s, not that of the means."""

    precision: float
    recall: float
    f1: float

    def to_dict(self) -> dict[str, float]:
        return {"p": self.precision, "r": self.recall, "f": self.f1}


def average(weighed: Iterable[tuple[int, Counts]]) -> Average:
    """The means of (weight, counts); zeros where the weights sum to 0."""
    weighed = list(weighed)
    whole = sum(w for w, _ in weighed) or 1
    return Average(
        precision=sum(w * c.precision for w, c in weighed) / whole,
        recall=sum(w * c.recall for w, c in weighed) / whole,
        f1=sum(w * c.f1 for w, c in weighed) / whole,
    )


def added(counts: Collection[Counts]) -> Counts:
    """The counts of several classes added up."""
    return Counts(
        tp=sum(c.tp for c in counts),
        fp=sum(c.fp for c in counts),
        fn=sum(c.fn for c in counts),
    )


@dataclass(frozen=True, slots=True)
class ClassReport:
    """`per_class`: the counts of every class that is scored.

    `accuracy` (tag level alone): the share of all words whose two tags are equal.
    """

    per_class: Mapping[str, Counts]
    accuracy: float | None = None

    @property
    def micro(self) -> Counts:
        """The counts of all classes added up."""
        return added(self.per_class.values())

    @property
    def macro(self) -> Average:
        """Each class counts the same."""
        return average((1, c) for c in self.per_class.values())

    @property
    def weighted(self) -> Average:
        """Each class counts by its support; 0 where gold is empty."""
        return average((c.tp + c.fn, c) for c in self.per_class.values())

    @property
    def support(self) -> int:
        """How many cases gold holds."""
        return sum(c.tp + c.fn for c in self.per_class.values())

    def to_dict(self) -> dict[str, Any]:
        report = {
            "micro": self.micro.to_dict(),
            "macro": self.macro.to_dict(),
            "weighted": self.weighted.to_dict(),
            "support": self.support,
            "per_class": {
                name: {**c.to_dict(), "support": c.tp + c.fn}
                for name, c in sorted(self.per_class.items())
            },
        }
        return report if self.accuracy is None else {**report, "acc": self.accuracy}


def of_classes(
    counts: Mapping[str, Counts], labels: Collection[str] | None
) -> dict[str, Counts]:
    """`counts` of `labels` alone, zeros for those it lacks; None keeps all as they
    are."""
    names = sorted(set(counts if labels is None else labels))
    return {name: counts.get(name, Counts()) for name in names}
