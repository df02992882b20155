"""Joint masking of Abaho et al. 2024, section 3.1: ELM and BLM in one sentence."""

from dataclasses import replace

import numpy as np

from ..types import MaskPlan, SentencePieces
from .strategy import Strategy


class JointMasking(Strategy):
    """Masks terms by `entity` and words outside every term by `base`.

    The two sets are disjoint by construction: `base` sees no term as maskable, not
    even a term that `entity` left in clear.
    """

    def __init__(self, *, entity: Strategy, base: Strategy) -> None:
        self.entity = entity
        self.base = base

    def plan(self, sentence: SentencePieces, *, rng: np.random.Generator) -> MaskPlan:
        outside = sentence.maskable.copy()
        for start, end in sentence.terms:
            outside[start:end] = False
        terms = self.entity.plan(sentence, rng=rng).kinds
        generic = self.base.plan(replace(sentence, maskable=outside), rng=rng).kinds
        return MaskPlan(np.where(terms > 0, terms, generic))
