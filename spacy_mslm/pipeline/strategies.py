"""Registered builders of masking strategies: settings in, plain objects out."""

from ..errors import Errors, MslmError
from ..masking import (
    JointMasking,
    PmiMasking,
    SpanMasking,
    Strategy,
    TermMasking,
    TokenMasking,
    Unit,
)


def build_joint_masking(
    *, entity_rate: float, base_rate: float, unit: Unit
) -> JointMasking:
    """`spacy-mslm.JointMasking.v1`: ELM and BLM (Abaho et al. 2024, section 3.1).

    entity_rate (float): share of a sentence's terms, rounded up.
    base_rate (float): share of the words outside terms.
    unit (str): "word" (whole words) or "piece".
    """
    if not 0 <= base_rate <= 1:
        raise MslmError(Errors.M401.format(name="base_rate", value=base_rate))
    return JointMasking(
        entity=TermMasking(rate=entity_rate),
        base=TokenMasking(rate=base_rate, unit=unit),
    )


def build_token_masking(
    *, rate: float | None, unit: Unit, budget: Strategy | None = None
) -> TokenMasking:
    """`spacy-mslm.TokenMasking.v1`: plain masking, terms or not.

    rate (Optional[float]): share of the words (or pieces); null with a budget.
    unit (str): "word" (whole words) or "piece".
    budget (Optional[Strategy]): mask as many pieces as this strategy would.
    """
    return TokenMasking(rate=rate, budget=budget, unit=unit)


def build_span_masking(
    *, rate: float | None, unit: Unit, budget: Strategy | None = None
) -> SpanMasking:
    """`spacy-mslm.SpanMasking.v1`: spans of geometric length (algorithm 1).

    Arguments as for `spacy-mslm.TokenMasking.v1`.
    """
    return SpanMasking(rate=rate, budget=budget, unit=unit)


def build_pmi_masking(
    *, vocabulary: str, rate: float | None, budget: Strategy | None = None
) -> PmiMasking:
    """`spacy-mslm.PmiMasking.v1`: n-grams of high PMI as units (algorithm 2).

    vocabulary (str): file of `python -m spacy_mslm corpus pmi`, read when training
        draws its first mask; prediction does not need it.
    rate, budget: as for `spacy-mslm.TokenMasking.v1`.
    """
    return PmiMasking(vocabulary=vocabulary, rate=rate, budget=budget)
