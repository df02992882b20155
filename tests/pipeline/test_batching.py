"""Batches: every document once, about the size asked for, of like length."""

import random

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.batching import batch_by_length, by_words

VOCAB = spacy.blank("en").vocab


def example(length, word="pain"):
    doc = Doc(VOCAB, words=[word] * length)
    return Example(doc, doc.copy())


@given(
    lengths=st.lists(st.integers(1, 60), max_size=60),
    size=st.integers(1, 100),
    buffer=st.integers(1, 70),
)
def test_every_document_once_near_the_size(lengths, size, buffer):
    examples = [example(n) for n in lengths]
    batches = list(batch_by_length(size=size, buffer=buffer, encoder=None)(examples))
    assert sorted(id(e) for b in batches for e in b) == sorted(map(id, examples))
    for batch in batches:
        words = sum(map(len, batch))
        assert len(batch) == 1 or words <= size + max(map(len, batch)) / 2


def test_a_batch_holds_documents_of_like_length_and_order_is_random():
    lengths = [*range(1, 61)] * 4
    random.Random(0).shuffle(lengths)
    random.seed(3)
    batcher = batch_by_length(size=100, buffer=1000, encoder=None)
    batches = [[len(e) for e in b] for b in batcher(map(example, lengths))]
    padded = sum(len(b) * max(b) for b in batches)
    assert padded < 1.1 * sum(lengths)
    firsts = [b[0] for b in batches]
    assert firsts != sorted(firsts)
    random.seed(3)
    again = [[len(e) for e in b] for b in batcher(map(example, lengths))]
    assert again == batches


def test_pieces_count_not_words(tiny_encoder):
    """One word that is cut into many pieces is longer than two of one piece each."""
    split, whole, alone = example(2, "xyzzyxyz"), example(3), example(1)
    examples = [split, whole, alone]
    for encoder, together in ((None, [alone, split]), (tiny_encoder, [alone, whole])):
        source = None if encoder is None else str(encoder)
        batches = list(batch_by_length(size=4, buffer=9, encoder=source)(examples))
        assert together in batches


def test_without_its_encoder_it_sorts_by_words(caplog):
    batcher = batch_by_length(size=10, buffer=10, encoder="/no/such/encoder")
    with caplog.at_level("INFO", logger="spacy"):
        assert sum(map(len, batcher([example(3), example(5)]))) == 2


@pytest.mark.parametrize("wrong", [{"size": 0}, {"buffer": 0}])
def test_out_of_range(wrong):
    with pytest.raises(MslmError, match="M408"):
        batch_by_length(**{"size": 1, "buffer": 1, "encoder": None, **wrong})


@given(
    lengths=st.lists(st.integers(0, 60), max_size=60),
    docs=st.integers(1, 20),
    words=st.integers(1, 100),
)
def test_what_is_predicted_at_once_is_bounded(lengths, docs, words):
    stream = [Doc(VOCAB, words=["pain"] * n) for n in lengths]
    batches = list(by_words(iter(stream), docs, words))
    assert [id(d) for b in batches for d in b] == list(map(id, stream))
    for batch in batches:
        assert 0 < len(batch) <= docs
        assert sum(map(len, batch[:-1])) < words
