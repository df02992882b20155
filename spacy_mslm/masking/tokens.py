"""Base-level masking (BLM) of Abaho et al. 2024: random generic words."""

import numpy as np

from ..types import MaskPlan, SentencePieces
from .amount import Amount, Unit, Units, base_plan
from .strategy import Strategy


class TokenMasking(Strategy):
    """Masks words (or pieces) drawn uniformly: a share `rate`, or a `budget`.

    On its own, over all words, this is plain (uniform) masked language modeling.
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
        groups = ((i,) for i in rng.permutation(len(units.ids)).tolist())
        chosen = self.amount.fill(units, groups, limit)
        return base_plan(sentence, units, chosen, self.unit)
