"""Masking strategies: laws that every plan obeys, and the traps by name."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import JointMasking, TermMasking, TokenMasking, text_hash
from spacy_mslm.types import MaskKind, MaskPlan, SentencePieces

RATES = st.sampled_from([0.0, 0.075, 0.15, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1)
KEYS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4)


@st.composite
def sentences(draw):
    """Words with 0-3 pieces, disjoint terms, some placeholders (also within terms)."""
    counts = draw(st.lists(st.integers(0, 3), max_size=12))
    n_words = len(counts)
    edges = draw(st.lists(st.integers(0, n_words), unique=True, max_size=8))
    edges.sort()
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    maskable = draw(
        st.lists(
            st.sampled_from([True, True, True, False]),
            min_size=n_words,
            max_size=n_words,
        )
    )
    return make_sentence(counts, pairs, maskable)


def make_sentence(counts, terms=(), maskable=None):
    return SentencePieces(
        words=tuple(f"w{i}" for i in range(len(counts))),
        piece_word=np.repeat(np.arange(len(counts)), counts).astype(np.int64),
        terms=tuple(terms),
        maskable=np.array([True] * len(counts) if maskable is None else maskable, bool),
    )


def joint(entity_rate, base_rate, unit="word"):
    return JointMasking(
        entity=TermMasking(rate=entity_rate),
        base=TokenMasking(rate=base_rate, unit=unit),
    )


def words_of(plan, sentence, kind):
    return set(sentence.piece_word[plan.kinds == kind].tolist())


def in_terms(sentence):
    return {w for start, end in sentence.terms for w in range(start, end)}


UNITS = st.sampled_from(["word", "piece"])


@given(sentences(), RATES, RATES, UNITS, KEYS)
def test_joint_plan_obeys_every_law(sentence, entity_rate, base_rate, unit, key):
    masker = joint(entity_rate, base_rate, unit)
    plan = masker.draw(sentence, key)
    assert plan.kinds.shape == sentence.piece_word.shape
    assert plan.kinds.dtype == np.int8

    # The same key gives the same plan, whatever was drawn in between.
    masker.draw(sentence, [*key, 1])
    assert (masker.draw(sentence, key).kinds == plan.kinds).all()

    # Placeholders are never masked.
    masked = sentence.piece_word[plan.kinds != MaskKind.NONE]
    assert sentence.maskable[masked].all()

    # ENTITY only on terms and BASE never in one, not even in a term left in clear.
    terms = in_terms(sentence)
    assert words_of(plan, sentence, MaskKind.ENTITY) <= terms
    assert not words_of(plan, sentence, MaskKind.BASE) & terms

    # Whole terms: all pieces of a term or none; within the budget, rounded up.
    chosen = 0
    for start, end in sentence.terms:
        inside = (sentence.piece_word >= start) & (sentence.piece_word < end)
        kinds = plan.kinds[inside]
        assert (kinds == MaskKind.ENTITY).all() or (kinds == MaskKind.NONE).all()
        chosen += bool(len(kinds)) and bool((kinds == MaskKind.ENTITY).all())
    assert chosen <= math.ceil(round(entity_rate * len(sentence.terms), 9))

    # The base budget: a share of what may be masked, rounded up at most.
    outside = {w for w in range(len(sentence.words)) if sentence.maskable[w]} - terms
    with_pieces = set(sentence.piece_word.tolist())
    if unit == "word":
        n = len(outside & with_pieces)
        used = len(words_of(plan, sentence, MaskKind.BASE))
    else:
        n = sum(w in outside for w in sentence.piece_word.tolist())
        used = plan.count(MaskKind.BASE)
    assert math.floor(base_rate * n) <= used <= math.ceil(base_rate * n)


@given(sentences(), RATES, KEYS)
def test_base_masks_whole_words(sentence, rate, key):
    plan = TokenMasking(rate=rate).draw(sentence, key)
    for word in words_of(plan, sentence, MaskKind.BASE):
        assert (plan.kinds[sentence.piece_word == word] == MaskKind.BASE).all()
    assert plan.count(MaskKind.ENTITY) == 0


@pytest.mark.parametrize(
    ("rate", "terms", "masked"),
    [
        (0.25, 1, 1),  # rounded up, where the released code masks none
        (0.25, 3, 1),
        (0.25, 4, 1),
        (0.25, 5, 2),
        (0.5, 3, 2),
        (1.0, 3, 3),
        (0.0, 3, 0),
        (0.07, 100, 7),  # 7.000000000000001 in floating point
        (0.55, 20, 11),
        (1.0, 0, 0),
    ],
)
def test_count_of_masked_terms(rate, terms, masked):
    sentence = make_sentence([2] * terms, [(i, i + 1) for i in range(terms)])
    plan = TermMasking(rate=rate).draw(sentence, [0])
    assert len(words_of(plan, sentence, MaskKind.ENTITY)) == masked
    assert plan.count(MaskKind.ENTITY) == 2 * masked


def test_budget_larger_than_the_terms_that_may_be_masked_ends():
    sentence = make_sentence([1, 1, 1], [(0, 1), (2, 3)], [True, True, False])
    plan = TermMasking(rate=1.0).draw(sentence, [0])
    assert plan.kinds.tolist() == [MaskKind.ENTITY, 0, 0]


def test_word_that_is_in_a_term_left_in_clear_is_never_base():
    sentence = make_sentence([1] * 6, [(0, 3), (3, 6)])
    plan = joint(0.5, 1.0).draw(sentence, [3])
    assert sorted(plan.kinds.tolist()) == [0, 0, 0, 2, 2, 2]


def test_sentence_without_pieces_or_words_has_an_empty_plan():
    for counts in ([], [0, 0]):
        plan = joint(1.0, 1.0).draw(make_sentence(counts), [0])
        assert plan.kinds.tolist() == []


def test_words_without_pieces_take_no_share_of_the_budget():
    sentence = make_sentence([0] * 50 + [1, 1])
    counts = [
        TokenMasking(rate=0.5).draw(sentence, [k]).count(MaskKind.BASE)
        for k in range(20)
    ]
    assert counts == [1] * 20


def test_rates_hold_on_average_over_short_sentences():
    sentence = make_sentence([1, 1, 1])
    masker = TokenMasking(rate=0.15)
    drawn = sum(masker.draw(sentence, [k]).count(MaskKind.BASE) for k in range(2000))
    assert drawn / 6000 == pytest.approx(0.15, abs=0.015)


def test_every_word_and_term_is_drawn_at_times():
    sentence = make_sentence([1] * 6, [(0, 2), (4, 6)])
    plans = [joint(0.5, 0.5).draw(sentence, [k]).kinds for k in range(100)]
    shares = np.mean([p != MaskKind.NONE for p in plans], axis=0)
    assert (shares > 0.3).all() and (shares < 0.7).all()


def test_pieces_of_one_word_are_drawn_apart_with_unit_piece():
    sentence = make_sentence([3])
    plans = [TokenMasking(rate=0.34, unit="piece").draw(sentence, [k]) for k in (0, 1)]
    assert all(0 < p.count(MaskKind.BASE) < 3 for p in plans)


@pytest.mark.parametrize("rate", [-0.01, 1.01, float("nan"), float("inf")])
def test_rates_outside_0_to_1_name_the_setting(rate):
    with pytest.raises(MslmError, match=r"\[M401\] 'entity_rate' must lie between 0"):
        TermMasking(rate=rate)
    with pytest.raises(MslmError, match=r"\[M401\] 'rate' must lie between 0"):
        TokenMasking(rate=rate)


def test_unknown_unit_names_its_value():
    with pytest.raises(MslmError, match=r"\[M402\] .*got 'letter'"):
        TokenMasking(rate=0.5, unit="letter")


def test_plan_must_be_one_dimensional_int8():
    for kinds in (np.zeros((2, 2), np.int8), np.zeros(2, np.int64)):
        with pytest.raises(TypeError, match="int8"):
            MaskPlan(kinds)


def test_text_hash_is_the_same_in_every_process_and_takes_any_text():
    assert text_hash("chest pain") == 369585465
    assert text_hash("chest pain") != text_hash("chest pains")
    assert text_hash("\ud800") >= 0
