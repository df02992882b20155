"""What every masking strategy is: sentence and generator in, plan out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from ..types import MaskKind, MaskPlan, SentencePieces


class Strategy(ABC):
    """Chooses which pieces of one sentence are masked, and why.

    A strategy holds settings alone: the same sentence and a generator in the same
    state give the same plan. It never masks words that are not `maskable`.
    """

    @abstractmethod
    def plan(
        self, sentence: SentencePieces, *, rng: np.random.Generator
    ) -> MaskPlan: ...

    def draw(self, sentence: SentencePieces, key: Sequence[int]) -> MaskPlan:
        """The plan for `key`, here (seed, update, text hash, sentence)."""
        return self.plan(sentence, rng=np.random.default_rng(key))


def plan_words(sentence: SentencePieces, words: np.ndarray, kind: MaskKind) -> MaskPlan:
    """Mask all pieces of `words` (indices), each with `kind`."""
    chosen = np.zeros(len(sentence.words), dtype=bool)
    chosen[words] = True
    kinds = np.where(chosen[sentence.piece_word], kind, MaskKind.NONE)
    return MaskPlan(kinds.astype(np.int8))
