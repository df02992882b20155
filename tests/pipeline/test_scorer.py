"""The scorer: spaCy's own numbers, by our one strict score."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_mslm.pipeline.scorer import make_mslm_scorer

VOCAB = spacy.blank("en").vocab
SCORE = make_mslm_scorer()
EMPTY = {"ents_p": None, "ents_r": None, "ents_f": None, "ents_per_type": None}


@st.composite
def annotated(draw, n_words):
    """Spans over `n_words` and the words whose annotation is missing."""
    edges = sorted(draw(st.sets(st.integers(0, n_words), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    spans = [(s, e, draw(st.sampled_from("ABC"))) for s, e in pairs]
    free = set(range(n_words)) - {w for s, e, _ in spans for w in range(s, e)}
    missing = draw(st.sets(st.sampled_from(sorted(free)))) if free else set()
    return spans, missing if draw(st.booleans()) else set()


def document(n_words, spans=None, missing=()):
    doc = Doc(VOCAB, words=[f"w{i}" for i in range(n_words)])
    if spans is not None:
        gaps = [Span(doc, w, w + 1) for w in missing]
        doc.set_ents([Span(doc, s, e, label) for s, e, label in spans], missing=gaps)
    return doc


@st.composite
def examples(draw):
    found = []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(1, 10))
        spans, _ = draw(annotated(n))
        predicted = document(n, spans)
        gold, missing = draw(annotated(n))
        unknown = draw(st.sampled_from([False, False, False, True]))
        reference = document(n) if unknown else document(n, gold, missing)
        found.append(Example(predicted, reference))
    return found


@given(examples())
def test_scores_are_those_of_spacy(found):
    expected = get_ner_prf(found)
    got = SCORE(found)
    if expected["ents_f"] is None:
        # spaCy says None also where nothing was annotated and nothing found.
        assert not any(got[k] for k in ("ents_p", "ents_r", "ents_f"))
        return
    for key in ("ents_p", "ents_r", "ents_f"):
        assert got[key] == pytest.approx(expected[key])
    for label, values in got["ents_per_type"].items():
        assert values == pytest.approx(expected["ents_per_type"][label])
    # spaCy also lists types of predictions that it then ignores, all zero.
    for label in set(expected["ents_per_type"]) - set(got["ents_per_type"]):
        assert not any(expected["ents_per_type"][label].values())


def test_by_hand():
    gold = document(6, [(0, 1, "A"), (2, 4, "A"), (5, 6, "B")])
    predicted = document(6, [(0, 1, "A"), (2, 3, "A"), (5, 6, "A")])
    scores = SCORE([Example(predicted, gold)])
    assert (scores["ents_p"], scores["ents_r"]) == pytest.approx((1 / 3, 1 / 3))
    assert scores["ents_macro_f"] == pytest.approx((2 / 5 + 0) / 2)


def test_documents_without_annotation_do_not_count():
    predicted = document(2, [(0, 1, "A")])
    assert SCORE([Example(predicted, document(2))]) == EMPTY
    assert SCORE([]) == EMPTY


def test_predictions_on_missing_words_are_neither_right_nor_wrong():
    gold = document(4, [(0, 1, "A")], missing=[2, 3])
    predicted = document(4, [(0, 1, "A"), (1, 3, "A"), (3, 4, "B")])
    scores = SCORE([Example(predicted, gold)])
    assert (scores["ents_p"], scores["ents_r"], scores["ents_f"]) == (1, 1, 1)


def test_other_tokens_of_the_same_text_are_compared_by_characters():
    gold = Doc(VOCAB, ["chest", "pain", "."], [True, False, False])
    gold.set_ents([Span(gold, 0, 2, "A")])
    predicted = Doc(VOCAB, ["chest", "pa", "in", "."], [True, False, False, False])
    predicted.set_ents([Span(predicted, 0, 3, "A")])
    assert SCORE([Example(predicted, gold)])["ents_f"] == 1


def test_the_components_scorer_is_this_one(trained):
    assert trained.get_pipe("ner").scorer.__module__.endswith("pipeline.scorer")
