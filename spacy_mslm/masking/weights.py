"""Mask-specific weights of Abaho et al. 2024, equations 2-5."""

import math
from typing import Literal

from ..types import MaskWeights

Weighting = Literal["paper", "none"]


EQUAL = MaskWeights(base=0.5, entity=0.5)


def mask_weights(n_entity: int, n_base: int) -> MaskWeights:
    """Weights from the counts of masked pieces of each kind over the training set.

    eq. 2: w_x = 1 - N_x / (N_ELM + N_BLM); eq. 3: w_BLM at most 0.5, w_ELM at least
    0.5; eq. 4-5: softmax. So entity / base lies between 1 and e. Equal counts, or
    more entity than base pieces, give equal weights: the weighting is then inert.
    """
    total = n_entity + n_base
    if total == 0:
        return EQUAL
    raw_base = min(1 - n_base / total, 0.5)
    raw_entity = max(1 - n_entity / total, 0.5)
    entity = 1 / (1 + math.exp(raw_base - raw_entity))
    return MaskWeights(base=1 - entity, entity=entity)
