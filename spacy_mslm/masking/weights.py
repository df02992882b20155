"""Mask-specific weights of Abaho et al. 2024, equations 2-5."""

import math
from typing import Literal, get_args

from ..errors import Errors, MslmError
from ..types import MaskWeights

Named = Literal["paper", "ratio", "none"]
# By name, or how many times an error on a term weighs one on a generic word.
Weighting = Named | float

EQUAL = MaskWeights(base=0.5, entity=0.5)


def mask_weights(n_entity: int, n_base: int, weighting: Weighting) -> MaskWeights:
    """Weights from the counts of masked pieces of each kind over the training set.

    eq. 2: w_x = 1 - N_x / (N_ELM + N_BLM). "ratio" is eq. 2 alone: over all masked
    pieces, the two kinds then weigh the same in sum. "paper" goes on with eq. 3 (w_BLM
    at most 0.5, w_ELM at least 0.5) and eq. 4-5 (softmax), so that entity / base lies
    between 1 and e; with equal counts, or more entity than base pieces, that is inert.
    "ratio" of a single kind, and no masked piece at all, give equal weights. A number
    is entity / base itself, whatever the counts. Raises M410, see `check_weighting`.
    """
    check_weighting(weighting)
    if not isinstance(weighting, str):
        return MaskWeights(base=1 / (1 + weighting), entity=weighting / (1 + weighting))
    total = n_entity + n_base
    if weighting == "none" or not total:
        return EQUAL
    raw_entity, raw_base = 1 - n_entity / total, 1 - n_base / total
    if weighting == "ratio":
        both = n_entity and n_base
        return MaskWeights(base=raw_base, entity=raw_entity) if both else EQUAL
    difference = min(raw_base, 0.5) - max(raw_entity, 0.5)
    entity = 1 / (1 + math.exp(difference))
    return MaskWeights(base=1 - entity, entity=entity)


def check_weighting(weighting: object) -> None:
    """Raises MslmError (M410) for what is neither a name nor a number above 0."""
    if isinstance(weighting, str):
        known = weighting in get_args(Named)
    else:
        known = isinstance(weighting, int | float) and 0 < weighting < math.inf
    if not known or isinstance(weighting, bool):
        options = f"{', '.join(get_args(Named))}, or a number above 0"
        raise MslmError(
            Errors.M410.format(name="weighting", options=options, value=weighting)
        )
