"""Long documents are read section by section: whole sentences, each word once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn import WordDoc, predict, sections
from spacy_mslm.nn.pieces import DocPieces


def document(lengths, marks=()):
    """Sentences of so many words; word i has 1 + i % 3 pieces."""
    ends = np.cumsum(lengths).tolist()
    words = tuple(f"w{i}" for i in range(ends[-1] if ends else 0))
    placeholders = np.array([i in marks for i in range(len(words))], dtype=bool)
    doc = WordDoc(words, tuple(zip([0, *ends], ends, strict=False)), placeholders, 7)
    word = np.repeat(np.arange(len(words)), [1 + i % 3 for i in range(len(words))])
    return doc, DocPieces(word + 100, word, len(words))


@given(
    st.lists(st.lists(st.integers(1, 9), max_size=6), max_size=4),
    st.integers(1, 30),
)
def test_every_word_once_and_in_order(lengths, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sections, "GROUP_PIECES", most)
        pairs = [document(of_doc, marks=(1,)) for of_doc in lengths]
        docs, pieces = [d for d, _ in pairs], [p for _, p in pairs]
        groups = list(sections.grouped(docs, pieces))
    for group in groups:
        held = sum(len(section.pieces.ids) for section in group)
        assert held <= most or len(group) == 1
    flat = [section for group in groups for section in group]
    assert [s.index for s in flat] == sorted(s.index for s in flat)
    for index, (doc, doc_pieces) in enumerate(pairs):
        mine = [section for section in flat if section.index == index]
        assert sum((s.doc.words for s in mine), ()) == doc.words
        ids = np.concatenate([s.pieces.ids for s in mine])
        assert ids.tolist() == doc_pieces.ids.tolist()
        marks = np.concatenate([s.doc.placeholders for s in mine])
        assert marks.tolist() == doc.placeholders.tolist()
        moved = [
            (start + s.first, end + s.first)
            for s in mine
            for start, end in s.doc.sentences
        ]
        assert moved == list(doc.sentences)
        for section in mine:
            assert len(section.pieces.ids) <= most or len(section.doc.sentences) == 1
            own = doc_pieces.starts[section.first :][: section.pieces.n_words + 1]
            assert (section.pieces.starts == own - own[0]).all()


def test_a_document_of_sections_is_read_as_its_sections(
    make_network, word_doc, monkeypatch
):
    parts = ["fever and cough", "no pain in the chest .", "aspirin", "acute cough"]
    whole = word_doc(" | ".join(parts))
    alone = [word_doc(part) for part in parts]
    sizes = {"max_pieces": 64, "max_batch_pieces": 4096}
    for seed in range(4):
        network = make_network(seed=seed)
        wanted, at = [], 0
        for doc, spans in zip(alone, predict(network, alone, **sizes), strict=True):
            wanted += [(s.start + at, s.end + at, s.label) for s in spans]
            at += len(doc.words)
        vectors = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sections, "GROUP_PIECES", 1)
            (found,) = predict(network, [whole], vectors=vectors, **sizes)
        assert [(s.start, s.end, s.label) for s in found] == wanted
        ((pieces, rows),) = vectors
        apart = []
        predict(network, alone, vectors=apart, **sizes)
        assert pieces.ids.tolist() == [i for p, _ in apart for i in p.ids.tolist()]
        assert np.allclose(rows, np.concatenate([r for _, r in apart]), atol=1e-4)
