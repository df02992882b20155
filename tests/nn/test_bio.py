"""BIO, untyped and typed: decoding is optimal and valid; probabilities by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn.bio import (
    BEGIN,
    OUTSIDE,
    decode,
    n_tags,
    span_probability,
    spans_of,
    viterbi,
)


def log_probs(rows):
    array = np.array(rows, dtype=float).reshape(len(rows), -1)
    return np.log(array / array.sum(axis=1, keepdims=True))


def valid(tags):
    """Said once more, from the definition: I of a type follows B or I of that type."""
    names = ["O" if t == 0 else f"{'BI'[(t - 1) % 2]}{(t - 1) // 2}" for t in tags]
    return all(
        now[0] != "I" or (before != "O" and before[1:] == now[1:])
        for before, now in itertools.pairwise(["O", *names])
    )


def valid_sequences(n, n_types):
    every = itertools.product(range(n_tags(n_types)), repeat=n)
    return [tags for tags in every if valid(tags)]


def spans_by_hand(tags):
    spans = []
    for i, tag in enumerate(tags):
        if tag % 2 == 1:
            spans.append((i, i + 1, tag // 2))
        elif tag:
            start, _, kind = spans.pop()
            spans.append((start, i + 1, kind))
    return spans


def rows_of(n_types, most):
    width = n_tags(n_types)
    tie = st.sampled_from([1, 1, 9])
    return st.lists(st.tuples(*[st.floats(0.01, 1)] * width), max_size=most) | st.lists(
        st.tuples(*[tie] * width), max_size=most
    )


ROWS = rows_of(1, 6) | rows_of(2, 4) | rows_of(3, 3)


@given(ROWS)
def test_decoding_is_the_best_valid_sequence_by_brute_force(rows):
    if not rows:
        assert decode(np.zeros((0, 3))) == []
        return
    scores = log_probs(rows)
    n_types = (scores.shape[1] - 1) // 2

    def total(tags):
        return sum(scores[i, t] for i, t in enumerate(tags))

    best = max(map(total, valid_sequences(len(rows), n_types)))
    by_viterbi = viterbi(scores)
    assert valid(by_viterbi)
    assert total(by_viterbi) == pytest.approx(best)
    tags = np.zeros(len(rows), dtype=int)
    for start, end, kind in decode(scores):
        assert not tags[start:end].any()
        tags[start:end] = 2 + 2 * kind
        tags[start] = 1 + 2 * kind
    assert total(tags) == pytest.approx(best)


@pytest.mark.parametrize(("n", "n_types"), [(n, 1) for n in range(6)] + [(4, 2)])
def test_spans_of_every_valid_sequence(n, n_types):
    for tags in valid_sequences(n, n_types):
        assert spans_of(np.array(tags, dtype=int)) == spans_by_hand(tags)


def test_an_inside_that_continues_nothing_is_mended_not_dropped():
    # Greedy tags are O I: the best valid reading begins a span at either word.
    assert decode(log_probs([(5, 4, 1), (1, 3, 6)])) == [(0, 2, 0)]
    assert decode(log_probs([(9, 1, 1), (1, 5, 6)])) == [(1, 2, 0)]
    assert decode(log_probs([(1, 3, 9)])) == [(0, 1, 0)]


def test_an_inside_of_another_type_does_not_continue_a_span():
    # O, B0, I0, B1, I1: greedy tags are B0 I1.
    rows = [(1, 9, 1, 7, 1), (1, 1, 1, 2, 9)]
    assert decode(log_probs(rows)) == [(0, 2, 1)]


def test_words_that_cannot_be_in_a_span_split_it():
    scores = log_probs([(1, 8, 1), (1, 1, 8), (1, 1, 8)])
    scores[1] = (0.0, -np.inf, -np.inf)
    found = decode(scores)
    assert all(not (start <= 1 < end) for start, end, _ in found)
    assert (0, 1, 0) in found


def test_probability_of_a_span_by_hand():
    scores = log_probs([(0.2, 0.7, 0.1), (0.3, 0.1, 0.6), (0.5, 0.1, 0.4)])
    assert span_probability(scores, (0, 1, 0)) == pytest.approx(0.7 * 0.4)
    assert span_probability(scores, (0, 2, 0)) == pytest.approx(0.7 * 0.6 * 0.6)
    # At the end of the document nothing needs to stop it.
    assert span_probability(scores, (0, 3, 0)) == pytest.approx(0.7 * 0.6 * 0.4)
    assert span_probability(scores, (2, 3, 0)) == pytest.approx(0.1)


def test_probability_of_a_typed_span_reads_its_own_columns():
    scores = log_probs([(0.1, 0.2, 0.1, 0.5, 0.1), (0.2, 0.1, 0.4, 0.1, 0.2)])
    assert span_probability(scores, (0, 1, 1)) == pytest.approx(0.5 * 0.8)
    assert span_probability(scores, (0, 2, 0)) == pytest.approx(0.2 * 0.4)


@given(ROWS.filter(bool))
def test_probabilities_of_the_spans_that_begin_at_a_word_sum_to_its_b(rows):
    scores = log_probs(rows)
    for start, kind in itertools.product(
        range(len(rows)), range((scores.shape[1] - 1) // 2)
    ):
        ends = range(start + 1, len(rows) + 1)
        parts = [span_probability(scores, (start, end, kind)) for end in ends]
        assert all(0 <= p <= 1 for p in parts)
        begin = np.exp(scores[start, BEGIN + 2 * kind])
        assert sum(parts) == pytest.approx(begin)


def test_nothing_to_decode():
    assert decode(np.zeros((0, 3))) == []
    assert spans_of(np.array([OUTSIDE])) == []
