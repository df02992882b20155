"""Windows: nothing is cut off, nothing is scored twice, sentences stay whole."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn import WordDoc
from spacy_mslm.nn.pieces import DocPieces, Specials
from spacy_mslm.nn.windows import cut, windows_of

SPECIALS = Specials(start=1, end=2, mask=3, pad=0)


def document(sentences):
    """`sentences`: one list a sentence, with the number of pieces of each word."""
    counts = [count for sentence in sentences for count in sentence]
    edges = np.cumsum([0, *(len(s) for s in sentences)]).tolist()
    doc = WordDoc(
        words=tuple("w" * len(counts)),
        sentences=tuple(itertools.pairwise(edges)),
        placeholders=np.zeros(len(counts), dtype=bool),
        text_hash=0,
    )
    word = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    ids = np.arange(len(word), dtype=np.int64) + 10
    return doc, DocPieces(ids, word, len(counts))


COUNTS = st.integers(0, 4) | st.sampled_from([0, 1, 1, 1, 32])
DOCUMENTS = st.lists(st.lists(COUNTS, min_size=1, max_size=40), max_size=12)


@given(DOCUMENTS, st.integers(16, 48))
def test_laws_of_every_cut(sentences, max_pieces):
    doc, pieces = document(sentences)
    rows = windows_of(doc, pieces, SPECIALS, max_pieces=max_pieces)

    # Every piece scored exactly once, in order; a row is specials around pieces.
    scored = [row.ids[slice(*row.scored)] for row in rows]
    assert np.concatenate([[], *scored]).tolist() == pieces.ids.tolist()
    for row in rows:
        assert len(row.ids) <= max_pieces
        assert row.scored[1] > row.scored[0]
        assert (row.ids[0], row.ids[-1]) == (SPECIALS.start, SPECIALS.end)
        inside = row.ids[1:-1]
        assert (np.diff(inside) == 1).all() and inside.min() >= 10

    # Sentences that fit stay whole, within one row's scored range.
    ranges = cut(doc, pieces, max_pieces=max_pieces)
    for start, end in doc.sentences:
        first, last = int(pieces.starts[start]), int(pieces.starts[end])
        if first < last <= first + max_pieces - 2:
            assert any(a <= first and last <= b for _, _, a, b in ranges)

    # Short sentences are packed: no two neighbours would fit into one row.
    whole = [(s, e) for s, e, a, b in ranges if (s, e) == (a, b)]
    for (s1, e1), (s2, _e2) in itertools.pairwise(whole):
        if e1 == s2:
            next_end = next(
                int(pieces.starts[end])
                for _, end in doc.sentences
                if pieces.starts[end] > s2
            )
            assert next_end - s1 > max_pieces - 2


@given(st.lists(st.integers(1, 3), min_size=60, max_size=120))
def test_a_long_sentence_has_context_on_both_sides_and_is_cut_at_words(counts):
    doc, pieces = document([counts])
    ranges = cut(doc, pieces, max_pieces=34)
    capacity, context = 32, 8
    assert len(ranges) > 1
    for i, (start, end, first, last) in enumerate(ranges):
        assert end - start <= capacity
        assert first in pieces.starts and last in pieces.starts
        if i:
            assert first - start == context
        if i < len(ranges) - 1:
            # A word at the edge may leave a little more, never less.
            assert context <= end - last < context + 3


def test_one_word_longer_than_a_window_is_still_scored_once():
    doc, pieces = document([[1, 200, 1]])
    rows = windows_of(doc, pieces, SPECIALS, max_pieces=16)
    scored = np.concatenate([row.ids[slice(*row.scored)] for row in rows])
    assert scored.tolist() == pieces.ids.tolist()


def test_a_long_sentence_takes_no_context_from_its_neighbours_and_they_stay_whole():
    doc, pieces = document([[1] * 5, [1] * 30, [1] * 5])
    ranges = cut(doc, pieces, max_pieces=18)
    assert ranges[0] == (0, 5, 0, 5) and ranges[-1] == (35, 40, 35, 40)
    assert all(s >= 5 and e <= 35 for s, e, _, _ in ranges[1:-1])


@pytest.mark.parametrize("sentences", [[], [[0]], [[0, 0], [0]]])
def test_documents_without_pieces_have_no_window(sentences):
    doc, pieces = document(sentences)
    assert windows_of(doc, pieces, SPECIALS, max_pieces=16) == []


def test_both_views_have_the_same_windows():
    doc, pieces = document([[1] * 20, [2] * 20, [1]])
    masked = np.full_like(pieces.ids, SPECIALS.mask)
    clean = windows_of(doc, pieces, SPECIALS, max_pieces=24)
    hidden = windows_of(doc, pieces, SPECIALS, max_pieces=24, ids=masked)
    assert [w.scored for w in clean] == [w.scored for w in hidden]
    assert [len(w.ids) for w in clean] == [len(w.ids) for w in hidden]
    assert all((w.ids[1:-1] == SPECIALS.mask).all() for w in hidden)
