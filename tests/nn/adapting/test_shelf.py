"""Documents come off the shelf as they were put on it."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn import WordDoc
from spacy_mslm.nn.adapting.shelf import Shelf

WORD = st.text(st.characters(), min_size=1, max_size=5)


@st.composite
def documents(draw):
    words = tuple(draw(st.lists(WORD, min_size=1, max_size=12)))
    inner = draw(st.sets(st.integers(1, len(words)), max_size=4)) - {len(words)}
    sentences = tuple(itertools.pairwise([0, *sorted(inner), len(words)]))
    edges = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
    terms = tuple(zip(edges[::2], edges[1::2], strict=False))
    hidden = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    number = draw(st.integers(0, 2**32 - 1))
    return WordDoc(words, sentences, np.array(hidden), number), terms


@given(st.lists(documents(), max_size=5))
def test_what_is_added_comes_back(items):
    shelf = Shelf()
    for doc, terms in items:
        shelf.add(doc, terms)
    assert len(shelf) == len(items)
    assert shelf.sizes.tolist() == [len(doc.words) for doc, _ in items]
    assert shelf.n_terms == sum(len(terms) for _, terms in items)
    for index, (doc, terms) in enumerate(items):
        found, annotation = shelf[index]
        assert found.words == doc.words
        assert found.sentences == doc.sentences
        assert found.placeholders.tolist() == doc.placeholders.tolist()
        assert found.text_hash == doc.text_hash
        assert annotation.spans == tuple((s, e, 0) for s, e in terms)
        assert len(annotation.known) == len(doc.words) and not annotation.known.any()


def test_the_digest_tells_contents_apart():
    doc = WordDoc.from_words(("chest", "pain"), 1)
    cases = [
        (doc, ()),
        (doc, ((0, 2),)),
        (WordDoc.from_words(("chest", "pains"), 1), ()),
        (WordDoc(doc.words, ((0, 1), (1, 2)), doc.placeholders, 1), ()),
        (WordDoc.from_words(("chest", "pain"), 2), ()),
    ]
    digests = []
    for case in cases:
        for _ in range(2):
            shelf = Shelf()
            shelf.add(*case)
            digests.append(shelf.digest)
    assert digests[::2] == digests[1::2] and len(set(digests)) == len(cases)
