"""Collocations against brute force, and the traps by name."""

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.pmi import collocations


def brute_force(sentences, min_count, longest):
    """Levine et al. 2021, as it is written: min over all cuts of the n-gram."""
    counts = {n: Counter() for n in range(1, longest + 1)}
    for sentence in sentences:
        words = [w and w.lower() for w in sentence]
        for n in counts:
            for i in range(len(words) - n + 1):
                if None not in (gram := tuple(words[i : i + n])):
                    counts[n][gram] += 1

    def p(gram):
        return counts[len(gram)][gram] / counts[len(gram)].total()

    found = {}
    for n in range(2, longest + 1):
        for gram, count in counts[n].items():
            if count < min_count:
                continue
            values = []
            for marks in itertools.product([0, 1], repeat=n - 1):
                if not any(marks):
                    continue
                edges = [0, *(i + 1 for i, m in enumerate(marks) if m), n]
                parts = [gram[a:b] for a, b in itertools.pairwise(edges)]
                values.append(math.log(p(gram) / math.prod(map(p, parts))))
            found[gram] = (min(values), count)
    return found


SENTENCES = st.lists(
    st.lists(st.sampled_from(["a", "A", "b", "c", None]), max_size=9), max_size=8
)


@given(SENTENCES, st.integers(1, 3), st.integers(2, 4))
def test_equal_to_brute_force(sentences, min_count, longest):
    found = collocations(sentences, min_count=min_count, longest=longest)
    wanted = brute_force(sentences, min_count, longest)
    assert {c.words: c.count for c in found} == {k: v[1] for k, v in wanted.items()}
    for c in found:
        assert c.pmi == pytest.approx(wanted[c.words][0], abs=1e-9)
    assert found == sorted(found, key=lambda c: (-c.pmi, c.words))


def test_no_ngram_crosses_a_sentence_or_a_word_that_takes_no_part():
    sentences = [["chest", "pain"], ["chest", None, "pain"], ["pain", "chest"]] * 5
    words = {c.words for c in collocations(sentences, min_count=5, longest=3)}
    assert words == {("chest", "pain"), ("pain", "chest")}


def test_a_long_ngram_is_not_carried_by_a_part_of_it():
    """ "per cent of": "per cent" is bound, "of" is not."""
    filler = [["of", w] for w in "abcdefghijklmnopqrst" * 30]
    bound = [["per", "cent", "of"]] * 10 + [["per", "cent", "in"]] * 10
    text = [word for part in filler + bound for word in part]
    found = {c.words: c.pmi for c in collocations([text], min_count=5, longest=3)}
    assert found["per", "cent"] > 3
    assert found["per", "cent", "of"] < 1


def test_nothing_in_nothing_out():
    assert collocations([], min_count=1, longest=4) == []
    for text in ([[]], [["a"]], [[None]], [[], []], [[], [None], ["a"]]):
        assert collocations(text, min_count=1, longest=4) == []
