"""Entity-level masking (ELM) of Abaho et al. 2024: whole DS-terms."""

import math

import numpy as np

from ..errors import Errors, MslmError
from ..types import MaskKind, MaskPlan, SentencePieces
from .strategy import Strategy, plan_words


class TermMasking(Strategy):
    """Masks ceil(rate x terms) whole terms of the sentence.

    The rate is a share of the terms in the sentence, rounded up: 0.25 of 3 terms
    masks 1. A term that holds a placeholder is never chosen.
    Raises MslmError (M401) unless 0 <= rate <= 1.
    """

    def __init__(self, *, rate: float) -> None:
        if not 0 <= rate <= 1:
            raise MslmError(Errors.M401.format(name="entity_rate", value=rate))
        self.rate = rate

    def plan(self, sentence: SentencePieces, *, rng: np.random.Generator) -> MaskPlan:
        terms = [t for t in sentence.terms if sentence.maskable[t[0] : t[1]].all()]
        # Rounded first: 0.07 x 100 is 7.000000000000001 in floating point.
        wanted = math.ceil(round(self.rate * len(sentence.terms), 9))
        count = min(wanted, len(terms))
        chosen: np.ndarray = rng.choice(len(terms), count, replace=False)
        words = [w for i in chosen for w in range(*terms[i])]
        return plan_words(sentence, np.array(words, dtype=int), MaskKind.ENTITY)
