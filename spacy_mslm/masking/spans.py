"""SPAN masking: algorithm 1 of Abaho et al. 2024, after SpanBERT (Joshi et al.)."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..types import MaskPlan, SentencePieces
from .amount import Amount, Unit, Units, base_plan
from .strategy import Strategy

# Span lengths are geometric with this chance to stop, and clipped (SpanBERT, 3.1).
STOP = 0.2
LONGEST = 10


class SpanMasking(Strategy):
    """Masks runs of neighbouring words (or pieces) from random starts.

    Lengths are drawn from Geo(0.2), at most 10. Spans are taken one after another
    until the amount is reached, the last one cut to fit; a span ends before a word
    that may not be masked. Blind to terms.
    Raises MslmError (M401, M402, M412), see `Amount`.
    """

    def __init__(
        self,
        *,
        rate: float | None = None,
        budget: Strategy | None = None,
        unit: Unit = "word",
    ) -> None:
        self.amount = Amount(rate=rate, budget=budget, unit=unit)
        self.unit = unit

    def plan(self, sentence: SentencePieces, *, rng: np.random.Generator) -> MaskPlan:
        units = Units.of(sentence, self.unit)
        limit = self.amount.limit(sentence, units, rng)
        starts = rng.permutation(len(units.ids))
        lengths = np.minimum(rng.geometric(STOP, size=len(starts)), LONGEST)
        groups = _along_spans(units, starts, lengths)
        chosen = self.amount.fill(units, groups, limit)
        return base_plan(sentence, units, chosen, self.unit)


def _along_spans(
    units: Units, starts: np.ndarray, lengths: np.ndarray
) -> Iterator[Sequence[int]]:
    """Units one by one, span after span. Every unit starts one span, so that there is
    an end, and any amount can be reached."""
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        for i in range(start, min(start + length, len(units.ids))):
            if units.ids[i] - units.ids[start] != i - start:
                break
            yield (i,)
