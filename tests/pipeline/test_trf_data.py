"""`doc._.trf_data`: every word finds the vectors of its own pieces, or zeros."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab
from spacy_transformers import TransformerData
from spacy_transformers.layers.trfs2arrays import trfs2arrays
from thinc.api import reduce_first, reduce_max, reduce_mean

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import load_encoder
from spacy_mslm.nn.pieces import DocPieces
from spacy_mslm.pipeline.reading import read_doc
from spacy_mslm.pipeline.trf_data import (
    install_extension,
    set_trf_data,
    transformer_data,
)

WIDTH = 3


@pytest.fixture(scope="session")
def tokenizer(tiny_encoder):
    return load_encoder(str(tiny_encoder)).tokenizer


def rows_of(pieces, seed=0):
    shape = (len(pieces.ids), WIDTH)
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def lent(tokenizer, words):
    """The data of a document of these words, its pieces and their vectors."""
    (pieces,) = tokenizer([read_doc(Doc(Vocab(), words=words))])
    vectors = rows_of(pieces)
    return transformer_data((pieces, vectors), tokenizer), pieces, vectors


def pooled(layer, data):
    return trfs2arrays(layer, 1.0).predict(data)


words = st.lists(
    st.sampled_from(["fever", "no", "angina", "\n", "\u200b", "\n\n", "naïve"]),
    max_size=12,
)


@given(words)
def test_a_word_is_the_mean_of_its_pieces_and_zeros_without(tokenizer, words):
    data, pieces, vectors = lent(tokenizer, words)
    (array,) = pooled(reduce_mean(), [data]) if words else [np.zeros((0, WIDTH))]
    assert array.shape == (len(words), WIDTH)
    for w in range(len(words)):
        own = vectors[pieces.word == w]
        expected = own.mean(axis=0) if len(own) else np.zeros(WIDTH)
        np.testing.assert_allclose(array[w], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [reduce_max, reduce_first], ids=["max", "first"])
def test_poolings_that_refuse_empty_words_work_too(tokenizer, layer):
    data, _, vectors = lent(tokenizer, ["\n", "angina", "\n", "fever"])
    (array,) = pooled(layer(), [data])
    assert not array[[0, 2]].any() and array[[1, 3]].all()
    np.testing.assert_array_equal(array[3], vectors[-1])


def test_pieces_are_those_of_the_document_in_order(tokenizer):
    data, pieces, vectors = lent(tokenizer, ["angina", "\n", "fever"])
    n_pieces = len(pieces.ids)
    strings = data.wordpieces.strings[0]
    assert "".join(strings[:n_pieces]).replace("##", "") == "anginafever"
    assert strings[n_pieces:] == ["[PAD]"]
    assert data.wordpieces.lengths == [n_pieces]
    assert data.wordpieces.attention_mask.sum() == n_pieces
    assert data.width == WIDTH
    np.testing.assert_array_equal(
        data.model_output.last_hidden_state[0, :n_pieces], vectors
    )
    assert data.align[0].dataXd.ravel().tolist() == list(range(n_pieces - 1))
    whole, *_ = lent(tokenizer, ["angina", "fever"])
    assert "[PAD]" not in whole.wordpieces.strings[0]


@pytest.mark.parametrize("blank", [["\n"], ["\n\n", "\u200b"]])
def test_documents_without_pieces_have_a_row_of_zeros_a_word(tokenizer, blank):
    datas = [lent(tokenizer, w)[0] for w in (blank, ["fever"], blank)]
    arrays = pooled(reduce_mean(), datas)
    assert [a.shape for a in arrays] == [
        (len(blank), WIDTH),
        (1, WIDTH),
        arrays[0].shape,
    ]
    assert not arrays[0].any() and arrays[1].any()


def test_documents_without_words_are_as_spacy_transformers_has_them(tokenizer):
    data, *_ = lent(tokenizer, [])
    assert data.to_dict().keys() == TransformerData.empty().to_dict().keys()
    assert not data.tensors and len(data.align.lengths) == 0


def test_no_document_keeps_the_vectors_of_a_batch_alive(tokenizer):
    (pieces,) = tokenizer([read_doc(Doc(Vocab(), words=["fever", "no"]))])
    batch = np.ones((10_000, WIDTH), dtype=np.float32)
    data = transformer_data((pieces, batch[: len(pieces.ids)]), tokenizer)
    hidden = data.model_output.last_hidden_state
    batch[:] = 7
    assert hidden.base is None or hidden.base.size == hidden.size
    assert (hidden == 1).all()


def test_it_crosses_processes_as_bytes(tokenizer):
    install_extension()
    doc = Doc(Vocab(), words=["angina", "\n", "fever"])
    pieces = tokenizer([read_doc(doc)])
    set_trf_data([doc], [(pieces[0], rows_of(pieces[0]))], tokenizer)
    again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    one, two = doc._.trf_data, again._.trf_data
    np.testing.assert_array_equal(*pooled(reduce_mean(), [one, two]))
    assert one.wordpieces.strings == two.wordpieces.strings


def test_every_doc_needs_its_own_vectors(tokenizer):
    install_extension()
    pieces = DocPieces(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
    with pytest.raises(ValueError, match="shorter"):
        set_trf_data([Doc(Vocab())] * 2, [(pieces, np.zeros((0, 3)))], tokenizer)


def test_without_spacy_transformers_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy_transformers", None)
    with pytest.raises(MslmError, match=r"\[M506\].*pip install 'spacy-mslm\[list"):
        install_extension()
