"""Words to pieces: every piece knows its word, nothing truncates, odd tokens."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import WordDoc
from spacy_mslm.nn.pieces import PieceTokenizer, Specials, is_visible, read_specials


def pieces_of(tokenizer, *words):
    (pieces,) = tokenizer([WordDoc.from_words(tuple(words))])
    return pieces


def names(tokenizer, pieces):
    return [tokenizer.tokenizer.id_to_token(i) for i in pieces.ids.tolist()]


@pytest.fixture(scope="module")
def tokenizer(network):
    return network.tokenizer


def test_pieces_by_hand(tokenizer):
    pieces = pieces_of(tokenizer, "Fever", "xy", ".")
    assert names(tokenizer, pieces) == ["fever", "x", "##y", "."]
    assert pieces.word.tolist() == [0, 1, 1, 2]
    assert pieces.starts.tolist() == [0, 1, 3, 4]
    assert pieces.has_pieces.all()


@pytest.mark.parametrize("word", ["\n", "  ", "\t\n", "\u200b", "\u00a0", "\ufeff", ""])
def test_words_without_anything_to_see_have_no_pieces(tokenizer, word):
    assert not is_visible(word)
    pieces = pieces_of(tokenizer, "chest", word, "pain")
    assert pieces.has_pieces.tolist() == [True, False, True]
    assert pieces.starts.tolist() == [0, 1, 1, 2]


def test_a_word_of_10000_characters_is_one_word_with_pieces(tokenizer):
    pieces = pieces_of(tokenizer, "a" * 10_000, "fever")
    assert pieces.has_pieces.all()
    assert 1 <= (pieces.word == 0).sum() <= tokenizer.max_word_pieces
    # 100 characters, which WordPiece does cut, are read by their first pieces.
    pieces = pieces_of(tokenizer, "ab" * 50, "fever")
    assert (pieces.word == 0).sum() == tokenizer.max_word_pieces
    assert names(tokenizer, pieces)[-1] == "fever"


@pytest.mark.parametrize("text", ["[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]"])
def test_text_that_looks_like_a_special_piece_is_text(tokenizer, text):
    pieces = pieces_of(tokenizer, "the", text, "patient")
    specials = set(vars(tokenizer.specials).values())
    assert not specials & set(pieces.ids.tolist())
    assert (pieces.word == 1).sum() > 1


def test_long_documents_are_not_truncated(tokenizer):
    pieces = pieces_of(tokenizer, *["fever"] * 20_000)
    assert len(pieces.ids) == 20_000 and pieces.n_words == 20_000


@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=4))
def test_any_words_have_ascending_pieces_that_do_not_depend_on_the_batch(docs):
    tokenizer = shared_tokenizer()
    batch = [WordDoc.from_words(tuple(words)) for words in docs]
    together = tokenizer(batch)
    assert len(together) == len(docs)
    for doc, pieces in zip(batch, together, strict=True):
        assert pieces.n_words == len(doc.words)
        assert (np.diff(pieces.word) >= 0).all()
        assert pieces.ids.shape == pieces.word.shape
        (alone,) = tokenizer([doc])
        assert alone.ids.tolist() == pieces.ids.tolist()
        for word, has in zip(doc.words, pieces.has_pieces, strict=True):
            assert is_visible(word) or not has


_SHARED = []


def shared_tokenizer():
    return _SHARED[0]


@pytest.fixture(scope="module", autouse=True)
def _share(tokenizer):
    # hypothesis and fixtures: one tokenizer for all examples.
    _SHARED[:] = [tokenizer]


def test_lone_surrogates_are_read_not_refused(tokenizer):
    pieces = pieces_of(tokenizer, "fever", "a\ud800", "\ud800")
    assert names(tokenizer, pieces) == ["fever", "a", "?"]


def test_tokenizer_parts_and_back(tokenizer):
    parts = tokenizer.to_parts()
    specials = Specials.from_bytes(parts["specials.json"])
    again = PieceTokenizer.from_bytes(parts["tokenizer.json"], specials)
    words = ("Fever", "[MASK]", "xyz", "\n", "a" * 300)
    assert specials == tokenizer.specials
    assert pieces_of(again, *words).ids.tolist() == (
        pieces_of(tokenizer, *words).ids.tolist()
    )
    assert json.loads(parts["specials.json"])["mask"] == specials.mask


def test_tokenizer_without_a_mask_is_refused_by_name():
    class NoMask:
        cls_token_id, sep_token_id, pad_token_id, mask_token_id = 1, 2, 0, None

    with pytest.raises(MslmError, match=r"\[M407\] encoder 'gpt': .*no 'mask' token"):
        read_specials(NoMask(), "gpt")


def test_begin_and_end_of_text_serve_where_there_is_no_cls_and_sep():
    class Bos:
        cls_token_id = sep_token_id = None
        bos_token_id, eos_token_id, mask_token_id, pad_token_id = 0, 2, 4, 1

    assert read_specials(Bos(), "x") == Specials(start=0, end=2, mask=4, pad=1)
