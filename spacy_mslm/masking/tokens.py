"""Base-level masking (BLM) of Abaho et al. 2024: random generic words."""

import math
from typing import Literal

import numpy as np

from ..errors import Errors, MslmError
from ..types import MaskKind, MaskPlan, SentencePieces
from .strategy import Strategy, plan_words

Unit = Literal["word", "piece"]


class TokenMasking(Strategy):
    """Masks a share `rate` of the maskable words (or pieces), drawn uniformly.

    The count rate x n is rounded up or down at random in proportion to its fraction,
    so that short sentences are masked at the stated rate on average. On its own,
    over all words, this is plain (uniform) masked language modeling.
    Raises MslmError (M401, M402) for a rate outside [0, 1] or an unknown unit.
    """

    def __init__(self, *, rate: float, unit: Unit = "word") -> None:
        if not 0 <= rate <= 1:
            raise MslmError(Errors.M401.format(name="base_rate", value=rate))
        if unit not in ("word", "piece"):
            raise MslmError(Errors.M402.format(value=unit))
        self.rate = rate
        self.unit = unit

    def plan(self, sentence: SentencePieces, *, rng: np.random.Generator) -> MaskPlan:
        if self.unit == "word":
            # Words without pieces cannot be masked and do not count.
            with_pieces = np.zeros(len(sentence.words), dtype=bool)
            with_pieces[sentence.piece_word] = True
            words = self._draw(np.flatnonzero(sentence.maskable & with_pieces), rng)
            return plan_words(sentence, words, MaskKind.BASE)
        kinds = np.zeros(len(sentence.piece_word), dtype=np.int8)
        maskable = np.flatnonzero(sentence.maskable[sentence.piece_word])
        kinds[self._draw(maskable, rng)] = MaskKind.BASE
        return MaskPlan(kinds)

    def _draw(self, candidates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        count = math.floor(self.rate * len(candidates) + rng.random())
        return rng.choice(candidates, size=min(count, len(candidates)), replace=False)
