"""`clinical_context`: what negates what, beside the library, and in a pipeline."""

import builtins
import time
from functools import cache

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.context import (
    CONTEXT_KEY,
    NoteContext,
    is_family,
    is_negated,
)

pytest.importorskip("negspacy")

WORDS = ("fever", "cough", "asthma", "pain", "chills")
CONTEXT = NoteContext()


def places(text):
    return [
        (at, at + len(word))
        for word in WORDS
        for at in range(len(text))
        if text.startswith(word, at)
    ]


def negated(text):
    """The words marked as negated, in order."""
    found = sorted(places(text))
    marks = CONTEXT(text, found)
    return [
        text[s:e]
        for (s, e), (negative, _) in zip(found, marks, strict=True)
        if negative
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No fever or cough. Has asthma.", ["fever", "cough"]),
        ("Denies fever, cough, but has asthma.", ["fever", "cough"]),
        ("He has fever without cough.", ["cough"]),
        ("fever was not seen.", ["fever"]),
        ("fever came after a long and very bad cough that was not seen", ["cough"]),
        ("He is pain free. fever: none", ["pain"]),
        ("pain-free", ["pain"]),
        ("pain, and many quite loose and free bodies", []),
        ("No fever; cough.", ["fever"]),
        ("He cannot walk because of pain.", []),
        ("No fever due to cough", ["fever"]),
        ("Without fever and has cough.", ["fever"]),
        ("Negative for fever, positive for cough.", ["fever"]),
        ("Risks include but are not limited to pain, fever.", []),
        ("No improvement of fever.", []),
        ("Treated without relief of pain.", []),
        ("Patient and daughter deny fever; free from pain.", ["fever", "pain"]),
        ("Denied pain.,PMH:, 1)asthma 2) No fever, 3) cough", ["pain", "fever"]),
        ("No fever today Respiratory: cough", ["fever"]),
        (
            "Denies:\n- fever\n- pain, but cough\n\nReports:\n- asthma",
            ["fever", "pain"],
        ),
        ("Denies the following:\n1. fever\n2. cough\nPlan: asthma", ["fever", "cough"]),
        ("Reports:\n- fever\n- no cough\n- asthma", ["cough"]),
        ("", []),
    ],
)
def test_what_a_term_rules(text, words):
    assert negated(text) == words


def test_family_history_is_marked_beside_negation():
    text = "No family history of asthma.\nMother has fever. He has cough."
    marks = CONTEXT(text, sorted(places(text)))
    assert marks == [(True, True), (False, True), (False, False)]


def test_places_that_touch_no_word_are_nothing():
    assert CONTEXT("no fever", [(3, 3), (3, 8)]) == [(False, False), (True, False)]


# Beside the library itself

PARTS = ("no", "denies", "without", "but", "no change", "fever", "cough", "pain", "and",
         ".", ",", "not", "which")  # fmt: skip


@cache
def library():
    """negspaCy itself, on our tokens."""
    from negspacy.negation import Negex
    from negspacy.termsets import termset

    nlp = spacy.blank("en")
    nlp.tokenizer = CONTEXT.tokenizer
    terms = termset("en_clinical").get_patterns()
    return Negex(nlp, "library", terms, extension_name="library")


@given(st.lists(st.sampled_from(PARTS), max_size=20))
def test_it_says_what_the_library_says_where_ours_has_no_more_ends(parts):
    text = " ".join(parts)
    doc = CONTEXT.sentences(CONTEXT.tokenizer(text))
    doc.ents = [doc.char_span(*place, label="S") for place in sorted(places(text))]
    wanted = [entity._.library for entity in library()(doc).ents]
    spans = [(e.start_char, e.end_char) for e in doc.ents]
    assert [negative for negative, _ in CONTEXT(text, spans)] == wanted


def test_the_librarys_own_terms_are_left_as_they_are():
    from negspacy.termsets import LANGUAGES

    before = {key: list(terms) for key, terms in LANGUAGES["en_clinical"].items()}
    NoteContext()
    assert LANGUAGES["en_clinical"] == before
    assert ";" not in before["termination"]


@given(st.text(max_size=120), st.lists(st.integers(0, 120), min_size=2, max_size=4))
def test_any_text_is_read(text, edges):
    start, end = sorted(edges)[:2]
    (mark,) = CONTEXT(text, [(min(start, len(text)), min(end, len(text)))])
    assert len(mark) == 2


def test_long_notes_take_time_in_proportion():
    times = []
    for n in (200, 2000):
        text = "No fever; denies cough, pain and mother has asthma which. " * n
        found = sorted(places(text))
        started = time.process_time()
        CONTEXT(text, found)
        times.append(time.process_time() - started)
    assert times[1] < 40 * max(times[0], 0.02)


# In a pipeline

TEXT = "No fever. Has cough. Mother has asthma.\n\nDenies:\n- pain"


def pipeline(*, ents=True, **config):
    nlp = spacy.blank("en")
    nlp.add_pipe("clinical_sentences")
    name = "entity_ruler" if ents else "span_ruler"
    ruler = nlp.add_pipe(name)
    ruler.add_patterns([{"label": "S", "pattern": word} for word in WORDS])
    nlp.add_pipe("clinical_context", config=config)
    return nlp


def marks_of(spans):
    return [(s.text, s._.negated, s._.family) for s in spans]


WANTED = [
    ("fever", True, False),
    ("cough", False, False),
    ("asthma", False, True),
    ("pain", True, False),
]


def test_entities_and_nothing_else_know_their_context():
    doc = pipeline()(TEXT)
    assert marks_of(doc.ents) == WANTED
    other = doc[0:1]
    assert is_negated(other) is None and is_family(other) is None
    assert spacy.blank("en")(TEXT)[1:2]._.negated is None


def test_spans_of_a_group_are_marked_where_asked():
    doc = pipeline(ents=False, spans_keys=["ruler", "none"])(TEXT)
    assert marks_of(doc.spans["ruler"]) == WANTED
    assert not doc.ents


def test_a_loaded_pipeline_and_other_processes_say_the_same(tmp_path):
    nlp = pipeline()
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    assert marks_of(loaded(TEXT).ents) == WANTED
    for doc in loaded.pipe([TEXT, TEXT], n_process=2):
        assert marks_of(doc.ents) == WANTED


def test_a_docbin_keeps_the_marks_and_joined_docs_lose_them():
    nlp = pipeline()
    docs = DocBin(docs=[nlp(TEXT)], store_user_data=False).to_bytes()
    (doc,) = DocBin().from_bytes(docs).get_docs(spacy.blank("en").vocab)
    assert marks_of(doc.ents) == WANTED
    joined = Doc.from_docs([nlp(TEXT), nlp(TEXT)])
    assert {(s._.negated, s._.family) for s in joined.ents} == {(None, None)}


def test_the_marks_of_weak_labels_are_read_too():
    doc = spacy.blank("en")("no fever")
    group = [Span(doc, 1, 2, "S")]
    doc.spans["medcat"] = group
    doc.spans["medcat"].attrs.update(negated=[True], family=[False])
    assert marks_of(doc[1:2] for _ in (1,)) == [("fever", True, False)]


def test_without_sentence_marks_it_says_what_to_add():
    nlp = pipeline()
    nlp.remove_pipe("clinical_sentences")
    with pytest.raises(MslmError, match=r"\[M562\].*clinical_sentences"):
        nlp(TEXT)
    assert list(nlp("nothing here").spans[CONTEXT_KEY]) == []


def test_an_unknown_termset_names_the_known():
    with pytest.raises(MslmError, match=r"\[M561\].*en_clinical.*, got 'xx'"):
        pipeline(termset="xx")
    spanish = pipeline(termset="es_clinical")("niega fever.\n\ncough")
    assert marks_of(spanish.ents) == [("fever", True, False), ("cough", False, False)]


def test_without_the_package_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith("negspacy"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MslmError, match=r"\[M560\].*spacy-mslm\[negation\]"):
        pipeline()
