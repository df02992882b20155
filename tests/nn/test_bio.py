"""Untyped BIO: decoding is optimal and valid; probabilities by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn.bio import (
    BEGIN,
    INSIDE,
    OUTSIDE,
    decode,
    span_probability,
    spans_of,
    viterbi,
)


def log_probs(rows):
    array = np.array(rows, dtype=float).reshape(-1, 3)
    return np.log(array / array.sum(axis=1, keepdims=True))


def valid_sequences(n):
    for tags in itertools.product((OUTSIDE, BEGIN, INSIDE), repeat=n):
        if all(
            b != INSIDE or a != OUTSIDE for a, b in itertools.pairwise((OUTSIDE, *tags))
        ):
            yield tags


def spans_by_hand(tags):
    spans, start = [], None
    for i, tag in enumerate([*tags, OUTSIDE]):
        if tag != INSIDE and start is not None:
            spans.append((start, i))
            start = None
        if tag == BEGIN:
            start = i
    return spans


ROWS = st.lists(
    st.tuples(*[st.floats(0.01, 1)] * 3), min_size=0, max_size=6
) | st.lists(st.sampled_from([(1, 1, 1), (1, 1, 9), (9, 1, 5)]), max_size=6)


@given(ROWS)
def test_decoding_is_the_best_valid_sequence_by_brute_force(rows):
    scores = log_probs(rows)
    best = max(
        (sum(scores[i, t] for i, t in enumerate(tags)), tags)
        for tags in valid_sequences(len(rows))
    )[0]
    found = decode(scores)
    tags = np.zeros(len(rows), dtype=int)
    for start, end in found:
        tags[start] = BEGIN
        tags[start + 1 : end] = INSIDE
    assert sum(scores[i, t] for i, t in enumerate(tags)) == pytest.approx(best)
    assert found == sorted(found)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))
    if rows:
        by_viterbi = viterbi(scores)
        assert tuple(by_viterbi) in set(valid_sequences(len(rows)))
        total = sum(scores[i, t] for i, t in enumerate(by_viterbi))
        assert total == pytest.approx(best)


@pytest.mark.parametrize("n", range(6))
def test_spans_of_every_valid_sequence(n):
    for tags in valid_sequences(n):
        assert spans_of(np.array(tags, dtype=int)) == spans_by_hand(tags)


def test_an_inside_that_continues_nothing_is_mended_not_dropped():
    # Greedy tags are O I: the best valid reading begins a span at either word.
    assert decode(log_probs([(5, 4, 1), (1, 3, 6)])) == [(0, 2)]
    assert decode(log_probs([(9, 1, 1), (1, 5, 6)])) == [(1, 2)]
    assert decode(log_probs([(1, 3, 9)])) == [(0, 1)]


def test_words_that_cannot_be_in_a_span_split_it():
    scores = log_probs([(1, 8, 1), (1, 1, 8), (1, 1, 8)])
    scores[1] = (0.0, -np.inf, -np.inf)
    found = decode(scores)
    assert all(not (start <= 1 < end) for start, end in found)
    assert (0, 1) in found


def test_probability_of_a_span_by_hand():
    scores = log_probs([(0.2, 0.7, 0.1), (0.3, 0.1, 0.6), (0.5, 0.1, 0.4)])
    assert span_probability(scores, (0, 1)) == pytest.approx(0.7 * 0.4)
    assert span_probability(scores, (0, 2)) == pytest.approx(0.7 * 0.6 * 0.6)
    # At the end of the document nothing needs to stop it.
    assert span_probability(scores, (0, 3)) == pytest.approx(0.7 * 0.6 * 0.4)
    assert span_probability(scores, (2, 3)) == pytest.approx(0.1)


@given(ROWS.filter(bool))
def test_probabilities_of_the_spans_that_begin_at_a_word_sum_to_its_b(rows):
    scores = log_probs(rows)
    for start in range(len(rows)):
        ends = range(start + 1, len(rows) + 1)
        parts = [span_probability(scores, (start, end)) for end in ends]
        assert all(0 <= p <= 1 for p in parts)
        assert sum(parts) == pytest.approx(np.exp(scores[start, BEGIN]))


def test_nothing_to_decode():
    assert decode(np.zeros((0, 3))) == []
