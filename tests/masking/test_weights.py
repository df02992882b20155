"""Equations 2-5 of Abaho et al. 2024 against the paper's own numbers and steps."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import EQUAL, mask_weights


def paper_weights(n_elm, n_blm):
    # eq. 2
    w_elm = 1 - n_elm / (n_elm + n_blm)
    w_blm = 1 - n_blm / (n_elm + n_blm)
    # eq. 3
    w_blm, w_elm = min(w_blm, 0.5), max(w_elm, 0.5)
    # eq. 4-5
    exponentials = [math.exp(w_blm), math.exp(w_elm)]
    return tuple(e / sum(exponentials) for e in exponentials)


@pytest.mark.parametrize(
    ("n_entity", "n_base", "entity", "base"),
    [
        # NCBI-disease at ELM 1 / BLM .075: clamped, so the weighting is inert.
        (22774, 11438, 0.5, 0.5),
        # NCBI-disease at ELM .5 / BLM .15.
        (16021, 24121, 0.550, 0.450),
        # Few terms: w_ELM = 1, w_BLM = 0, so the ratio is e, its largest.
        (0, 10, 0.7311, 0.2689),
        (10, 0, 0.5, 0.5),
        (10, 30, 0.6225, 0.3775),
        (30, 10, 0.5, 0.5),
    ],
)
def test_weights_of_the_papers_counts(n_entity, n_base, entity, base):
    weights = mask_weights(n_entity, n_base, "paper")
    assert weights.entity == pytest.approx(entity, abs=5e-4)
    assert weights.base == pytest.approx(base, abs=5e-4)


def test_no_masked_piece_at_all_gives_equal_weights():
    for weighting in ("paper", "ratio", "none"):
        assert mask_weights(0, 0, weighting) == EQUAL


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_by_ratio_both_kinds_weigh_the_same_in_sum(n_elm, n_blm):
    weights = mask_weights(n_elm, n_blm, "ratio")
    assert weights.base + weights.entity == pytest.approx(1)
    if n_elm and n_blm:
        assert n_elm * weights.entity == pytest.approx(n_blm * weights.base)
    else:
        assert weights == EQUAL


def test_without_weighting_counts_do_not_matter():
    assert mask_weights(3, 90, "none") == EQUAL


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_weights_are_the_papers_and_their_ratio_lies_between_1_and_e(n_elm, n_blm):
    weights = mask_weights(n_elm, n_blm, "paper")
    assert weights.base + weights.entity == pytest.approx(1)
    assert 1 - 1e-9 <= weights.entity / weights.base <= math.e + 1e-9
    if n_elm + n_blm:
        base, entity = paper_weights(n_elm, n_blm)
        assert (weights.base, weights.entity) == pytest.approx((base, entity))


@pytest.mark.parametrize("ratio", [0.5, 1, 4, 8.0])
def test_a_number_is_the_ratio_itself(ratio):
    for counts in ((1, 99), (99, 1), (0, 0)):
        weights = mask_weights(*counts, ratio)
        assert weights.entity / weights.base == pytest.approx(ratio)
        assert weights.entity + weights.base == pytest.approx(1)


@pytest.mark.parametrize(
    "wrong", ["heavy", "4", 0, -1, float("nan"), float("inf"), True, None]
)
def test_no_weighting_at_all(wrong):
    with pytest.raises(MslmError, match=r"\[M410\] 'weighting'.*or a number above 0"):
        mask_weights(1, 1, wrong)
