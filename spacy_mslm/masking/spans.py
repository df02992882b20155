"""SPAN masking: algorithm 1 of Abaho et al. 2024, after SpanBERT (Joshi et al.)."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..types import SentencePieces
from .amount import DrawnMasking, Units

# Span lengths are geometric with this chance to stop, and clipped (SpanBERT, 3.1).
STOP = 0.2
LONGEST = 10


class SpanMasking(DrawnMasking):
    """Masks runs of neighbouring words (or pieces) from random starts.

    Lengths are drawn from Geo(0.2), at most 10. Spans are taken one after another
    until the amount is reached, the last one cut to fit; a span ends before a word
    that may not be masked. Blind to terms.
    """

    def groups(
        self, sentence: SentencePieces, units: Units, rng: np.random.Generator
    ) -> Iterable[Sequence[int]]:
        starts = rng.permutation(len(units.ids))
        lengths = np.minimum(rng.geometric(STOP, size=len(starts)), LONGEST)
        return _along_spans(units, starts, lengths)


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
