"""Batches: masks by sentence and key, and the spans that are no entities."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.masking import JointMasking, TermMasking, TokenMasking
from spacy_mslm.nn import Annotation, count_kinds, make_batch
from spacy_mslm.nn.batch import sample_non_entities
from spacy_mslm.types import MaskKind


def joint(entity_rate=0.5, base_rate=0.3):
    return JointMasking(
        entity=TermMasking(rate=entity_rate), base=TokenMasking(rate=base_rate)
    )


@pytest.fixture(scope="module")
def draw(network):
    """The kinds of each document's pieces; every word here is one piece."""

    def kinds(docs, annotations, masker=None, *, seed=0, update=0):
        batch = make_batch(
            network.tokenizer,
            docs,
            annotations,
            masker or joint(),
            seed=seed,
            update=update,
        )
        return [k.tolist() for k in batch.kinds]

    return kinds


TEXT = "fever and cough in the left chest | no pain . | aspirin given daily"


def test_masks_repeat_by_key_and_change_with_seed_update_and_text(
    draw, word_doc, annotate
):
    doc = word_doc(TEXT)
    gold = annotate(doc, (0, 1, 0), (2, 3, 0), (11, 12, 1))
    first = draw([doc], [gold])
    assert draw([doc], [gold]) == first
    others = [draw([doc], [gold], seed=s, update=u) for s, u in [(1, 0), (0, 1)]]
    others.append(draw([word_doc(TEXT + " daily")], [annotate(word_doc(TEXT + " a"))]))
    assert all(other != first for other in others)


def test_masks_do_not_depend_on_the_batch_or_its_order(draw, word_doc, annotate):
    docs = [word_doc(t) for t in (TEXT, "no pain .", "aspirin given")]
    gold = [annotate(d, (0, 1, 0)) for d in docs]
    together = draw(docs, gold)
    assert together == [draw([d], [g])[0] for d, g in zip(docs, gold, strict=True)]
    assert together[::-1] == draw(docs[::-1], gold[::-1])


def test_a_document_twice_in_a_batch_has_the_same_masks_twice(draw, word_doc, annotate):
    doc = word_doc(TEXT)
    a, b = draw([doc, doc], [annotate(doc)] * 2)
    assert a == b


def test_a_sentence_is_drawn_without_regard_to_the_others(draw, word_doc, annotate):
    doc = word_doc(TEXT)
    plain = draw([doc], [annotate(doc, (11, 12, 0))])[0]
    # More terms in the first sentence change nothing in the second and third.
    busy = draw([doc], [annotate(doc, (0, 1, 0), (2, 3, 0), (5, 7, 0), (11, 12, 0))])[0]
    assert plain[7:] == busy[7:] and plain[:7] != busy[:7]


def test_like_sentences_and_like_documents_are_drawn_apart(draw, word_doc, annotate):
    sentence = "no pain and cough in the left chest"
    twice, other = word_doc(f"{sentence} | {sentence}"), word_doc(sentence + " .")
    masker = TokenMasking(rate=0.5)
    kinds = draw([twice, other], [annotate(twice), annotate(other)], masker)
    # The same words three times: by sentence index, then by the document's text.
    first, second, third = kinds[0][:8], kinds[0][8:], kinds[1][:8]
    assert first != second != third != first
    moved = dataclasses.replace(twice, text_hash=1)
    assert draw([moved], [annotate(moved)], masker) != kinds[:1]


def test_the_rate_is_a_share_of_each_sentences_terms(draw, word_doc, annotate):
    doc = word_doc("fever and cough | fever | fever and cough and pain")
    gold = annotate(
        doc, (0, 1, 0), (2, 3, 0), (3, 4, 0), (4, 5, 0), (6, 7, 0), (8, 9, 0)
    )
    (kinds,) = draw([doc], [gold], joint(0.25, 0.0))
    per_sentence = [kinds[0:3], kinds[3:4], kinds[4:9]]
    assert [k.count(MaskKind.ENTITY) for k in per_sentence] == [1, 1, 1]
    (kinds,) = draw([doc], [gold], joint(1.0, 0.0))
    assert sum(k == MaskKind.ENTITY for k in kinds) == 6


def test_a_term_across_a_sentence_edge_is_a_term_of_both(draw, word_doc, annotate):
    doc = word_doc("left chest | pain daily")
    (kinds,) = draw([doc], [annotate(doc, (1, 3, 0))], joint(1.0, 1.0))
    assert kinds == [MaskKind.BASE, MaskKind.ENTITY, MaskKind.ENTITY, MaskKind.BASE]


def test_placeholders_are_never_masked(draw, word_doc, annotate):
    doc = word_doc("fever _ cough _", placeholders=(1, 3))
    for update in range(5):
        (kinds,) = draw([doc], [annotate(doc)], joint(1.0, 1.0), update=update)
        assert kinds == [MaskKind.BASE, 0, MaskKind.BASE, 0]


def test_counts_are_those_of_equation_2(network, word_doc, annotate):
    doc = word_doc("xyz and cough")
    gold = annotate(doc, (0, 1, 0))
    batch = make_batch(
        network.tokenizer, [doc, doc], [gold, gold], joint(1.0, 1.0), seed=0, update=0
    )
    assert count_kinds(batch) == (6, 4)  # xyz is three pieces
    nothing = make_batch(network.tokenizer, [doc], [gold], None, seed=0, update=0)
    assert nothing.kinds is None and count_kinds(nothing) == (0, 0)


@given(st.data())
def test_sampled_spans_are_no_entities_and_hold_known_words(data):
    n = data.draw(st.integers(0, 15))
    edges = sorted(data.draw(st.sets(st.integers(0, n), max_size=8)))
    spans = [(a, b, 0) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    flags = st.lists(st.sampled_from([True, True, False]), min_size=n, max_size=n)
    known = np.array(data.draw(flags), dtype=bool)
    pieces = np.array(data.draw(flags), dtype=bool)
    seed = data.draw(st.integers(0, 1000))
    annotation = Annotation(tuple(spans), known)
    drawn = sample_non_entities(annotation, pieces, np.random.default_rng(seed))
    assert len(set(drawn)) == len(drawn) <= 2 * max(1, len(spans))
    entities = {(a, b) for a, b, _ in spans}
    for start, end in drawn:
        assert 0 <= start < end <= n
        assert (start, end) not in entities
        assert known[start:end].all() and pieces[start:end].any()


def test_documents_without_entities_give_the_classifier_something_to_reject(annotate):
    annotation = Annotation((), np.ones(20, dtype=bool))
    pieces = np.ones(20, dtype=bool)
    drawn = [
        sample_non_entities(annotation, pieces, np.random.default_rng(k))
        for k in range(20)
    ]
    assert sum(map(len, drawn)) >= 15


def test_tags_skip_words_without_pieces_and_missing_words():
    annotation = Annotation(
        ((1, 4, 0), (5, 6, 1)), np.array([1, 1, 1, 1, 0, 1, 1], bool)
    )
    has_pieces = np.array([1, 1, 0, 1, 1, 1, 0], bool)
    # O B (line break) I missing B (no pieces)
    assert annotation.tags(has_pieces).tolist() == [0, 1, -100, 2, -100, 1, -100]
    # A line break at the start of a span: B is the first word with pieces.
    late = Annotation(((0, 3, 0),), np.ones(3, bool))
    assert late.tags(np.array([0, 1, 1], bool)).tolist() == [-100, 1, 2]
