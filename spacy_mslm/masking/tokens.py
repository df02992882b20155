"""Base-level masking (BLM) of Abaho et al. 2024: random generic words."""

from collections.abc import Iterable, Sequence

import numpy as np

from ..types import SentencePieces
from .amount import DrawnMasking, Units


class TokenMasking(DrawnMasking):
    """Masks words (or pieces) drawn uniformly: a share `rate`, or a `budget`.

    On its own, over all words, this is plain (uniform) masked language modeling.
    """

    def groups(
        self, sentence: SentencePieces, units: Units, rng: np.random.Generator
    ) -> Iterable[Sequence[int]]:
        return ((i,) for i in rng.permutation(len(units.ids)).tolist())
