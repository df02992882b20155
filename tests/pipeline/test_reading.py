"""Docs and examples into what the torch core reads."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_mslm.pipeline.reading import read_annotation, read_doc
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer
from spacy_mslm.types import PLACEHOLDER_FORM

VOCAB = spacy.blank("en").vocab
TOKENIZER = ClinicalTokenizer(VOCAB)
LABELS = {"A": 0, "B": 1}


def example(text, spans=(), *, default="outside", words=None, missing=()):
    """`words`: the predicted tokens where they differ from the reference's."""
    reference = TOKENIZER(text)
    entities = [Span(reference, s, e, label) for s, e, label in spans]
    gaps = [Span(reference, s, e) for s, e in missing]
    reference.set_ents(entities, default=default, missing=gaps)
    predicted = TOKENIZER(text) if words is None else Doc(VOCAB, *words)
    return Example(predicted, reference)


def test_placeholders_have_one_form_and_are_marked():
    doc = TOKENIZER("Seen by [**Last\nName 1**] and ___ for fever")
    read = read_doc(doc)
    assert read.words == (
        *("Seen", "by", PLACEHOLDER_FORM, "and", PLACEHOLDER_FORM, "for", "fever"),
    )
    assert np.flatnonzero(read.placeholders).tolist() == [2, 4]


def test_documents_without_marks_are_one_sentence():
    assert read_doc(TOKENIZER("No fever. No pain.")).sentences == ((0, 6),)
    assert read_doc(TOKENIZER("")).sentences == ()


def test_hash_is_the_texts():
    one, other = (read_doc(TOKENIZER(t)) for t in ("fever", "pain"))
    assert one.text_hash == read_doc(TOKENIZER("fever")).text_hash != other.text_hash


def test_entities_groups_and_user_data_change_nothing_that_is_read():
    plain, rich = TOKENIZER("chest pain today"), TOKENIZER("chest pain today")
    rich.set_ents([Span(rich, 0, 2, "A")])
    rich.spans["gold"] = [Span(rich, 0, 2, "A")]
    rich.user_data["gold"] = [(0, 2)]
    a, b = read_doc(plain), read_doc(rich)
    assert (a.words, a.sentences, a.text_hash) == (b.words, b.sentences, b.text_hash)
    assert a.placeholders.tolist() == b.placeholders.tolist()


def test_entities_and_known_words():
    annotation = read_annotation(
        example("chest pain , fever", [(0, 2, "A"), (3, 4, "B")]), LABELS
    )
    assert annotation.spans == ((0, 2, 0), (3, 4, 1))
    assert annotation.known.all()


def test_entity_across_a_line_break_is_one_span():
    annotation = read_annotation(example("chest\npain today", [(0, 3, "A")]), LABELS)
    assert annotation.spans == ((0, 3, 0),)


def test_documents_without_annotation_know_nothing():
    bare = Example(TOKENIZER("chest pain"), TOKENIZER("chest pain"))
    annotation = read_annotation(bare, LABELS)
    assert annotation.spans == () and not annotation.known.any()


def test_missing_words_are_unknown_and_no_negatives():
    annotation = read_annotation(
        example("chest pain , fever", [(0, 2, "A")], missing=[(2, 4)]), LABELS
    )
    assert annotation.spans == ((0, 2, 0),)
    assert annotation.known.tolist() == [True, True, False, False]


def test_documents_marked_as_without_entities_are_all_known():
    annotation = read_annotation(example("chest pain"), LABELS)
    assert annotation.spans == () and annotation.known.all()


def test_entities_that_fit_no_tokens_are_unknown():
    words = (["chestpain", ",", "fever"], [False, False, False])
    reference = Doc(
        VOCAB, ["chest", "pain", ",", "fever"], [False, False, False, False]
    )
    reference.set_ents([Span(reference, 1, 2, "A"), Span(reference, 3, 4, "B")])
    annotation = read_annotation(Example(Doc(VOCAB, *words), reference), LABELS)
    assert annotation.spans == ((2, 3, 1),)
    assert annotation.known.tolist() == [False, True, True]


def test_entities_of_labels_that_are_not_learnt_are_left_out():
    annotation = read_annotation(
        example("chest pain , fever", [(0, 2, "C"), (3, 4, "B")]), LABELS
    )
    assert annotation.spans == ((3, 4, 1),)


def test_adjacent_entities_of_one_label_stay_two():
    annotation = read_annotation(
        example("fever cough pain", [(0, 1, "A"), (1, 3, "A")]), LABELS
    )
    assert annotation.spans == ((0, 1, 0), (1, 3, 0))


@pytest.mark.parametrize("label", ["A-B", "A|B", "Ärzte"])
def test_labels_with_marks_in_them(label):
    annotation = read_annotation(example("chest pain", [(0, 2, label)]), {label: 0})
    assert annotation.spans == ((0, 2, 0),)
