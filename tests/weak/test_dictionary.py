"""The dictionary: longest names on word edges, by hand and against a slow reading."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.types import DropCounts, Note
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.dictionary import DictionaryLabeller

CLUSTERS = Clusters.from_dict({"D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}})


def concept(key: str, *names: str, kind: str = "T047") -> Concept:
    return Concept(key, names, (kind,))


TABLE = [
    concept("d1", "type 2 diabetes", "diabetes"),
    concept("d2", "Crohn's disease"),
    concept("d3", "carcinoma, squamous cell"),
    concept("d4", "AIDS", "acquired immunodeficiency syndrome"),
    concept("d5", "HTN"),
    concept("s1", "chest pain", "pain", kind="T184"),
    concept("s2", "pain in the chest wall", kind="T184"),
    concept("x1", "femur", kind="T023"),
]
LABELLER = DictionaryLabeller(TABLE, CLUSTERS)


def found(text: str) -> list[tuple[str, str]]:
    spans = list(LABELLER.find(Note("n", "p", text)))
    assert all(span.source == "dictionary" for span in spans)
    return [(text[span.start : span.end], span.concept_id) for span in spans]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Diabetes and DIABETES.", [("Diabetes", "d1"), ("DIABETES", "d1")]),
        ("type-2 diabetes", [("type-2 diabetes", "d1")]),
        ("Type 2\ndiabetes", [("Type 2\ndiabetes", "d1")]),
        ("prediabetes, diabetes2", []),
        ("Crohn\u2019s disease", [("Crohn\u2019s disease", "d2")]),
        ("carcinoma squamous cell", [("carcinoma squamous cell", "d3")]),
        ("carcinoma, squamous cell", [("carcinoma, squamous cell", "d3")]),
        ("carcinoma; squamous cell", []),
        ("chest pain", [("chest pain", "s1")]),
        ("chest\n\npain", [("pain", "s1")]),
        ("chest\n- pain", [("pain", "s1")]),
        ("chest, pain", [("pain", "s1")]),
        ("pain in the chest", [("pain", "s1")]),
        ("pain in the chest wall", [("pain in the chest wall", "s2")]),
        ("femur", []),
        ("", []),
    ],
)
def test_the_longest_name_on_word_edges(text, spans):
    assert found(text) == spans


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("He has AIDS.", [("AIDS", "d4")]),
        ("Hearing aids help. Aids, too.", []),
        ("HTN, htn", [("HTN", "d5"), ("htn", "d5")]),
        ("two HTNs", [("HTNs", "d5")]),
        ("Type 2 Diabetes", [("Type 2 Diabetes", "d1")]),
    ],
)
def test_an_acronym_with_a_vowel_is_found_in_capitals_alone(text, spans):
    assert found(text) == spans


def test_labels_and_what_the_table_left_out():
    drops = DropCounts()
    labeller = DictionaryLabeller(TABLE, CLUSTERS, drops=drops)
    assert labeller.labels == ("D", "S")
    assert drops == {"concept outside the clusters": 1}
    with pytest.raises(MslmError, match=r"\[M281\] table.csv"):
        DictionaryLabeller(TABLE[-1:], CLUSTERS, source="table.csv")


def test_letters_that_grow_when_lowered_move_no_offset():
    text = "\u0130 diabetes \u0130"
    assert found(text) == [("diabetes", "d1")]


WORDS = ["chest", "pain", "in", "the", "wall", "type", "2", "diabetes", "x"]
JOINTS = [" ", "\n", "-", ", ", "\n\n", "; "]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(JOINTS))))
def test_spans_are_the_longest_names_from_their_first_word_and_never_nested(parts):
    text = "".join(word + joint for word, joint in parts)
    spans = list(LABELLER.find(Note("n", "p", text)))
    assert spans == sorted(spans, key=lambda s: s.start)
    names = [n for c in TABLE[:-1] for n in c.names if n.islower()]
    allowed = r"(?:[^\S\n]*\n?[^\S\n]*|-)"
    patterns = [re.compile(r"\b" + allowed.join(n.split()) + r"\b") for n in names]
    longest = {}
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span()
            longest[start] = max(end, longest.get(start, 0))
    wanted, last = [], 0
    for start, end in sorted(longest.items()):
        if end > last:
            wanted.append((start, end))
            last = end
    assert [(s.start, s.end) for s in spans] == wanted


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    for span in LABELLER.find(Note("n", "p", text)):
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
