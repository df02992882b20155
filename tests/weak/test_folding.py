"""Letters without their marks, of the same length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.types import CharSpan, Note
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.dictionary import DictionaryLabeller
from spacy_mslm.weak.folding import folded
from spacy_mslm.weak.medcat import MedcatLabeller

CLUSTERS = Clusters.from_dict({"D": {"ids": ["T047"]}})
TEXT = "β: no Sjögren syndrome, but Ménière disease; Sjogren syndrome before."


def test_known_letters() -> None:
    assert folded("Ménière, Sjögren, Müllerian, Barré") == (
        "Meniere, Sjogren, Mullerian, Barre"
    )
    # No plain letter of their own, or a digit, or a ligature of two.
    assert folded("ßβ²\ufb01 Å") == "ßβ²\ufb01 A"


@given(st.text())
def test_offsets_stay_and_plain_text_is_as_it_was(text: str) -> None:
    made = folded(text)
    assert len(made) == len(text)
    assert folded(made) == made
    pairs = list(zip(text, made, strict=True))
    assert all(a == b for a, b in pairs if a.isascii())
    assert all(b.isascii() and b.isalpha() for a, b in pairs if a != b)


@pytest.mark.parametrize(
    "maker",
    [
        pytest.param(MedcatLabeller.from_table, marks=pytest.mark.medcat),
        DictionaryLabeller,
    ],
)
def test_names_are_found_with_marks_and_without(maker) -> None:
    concepts = [
        Concept("1", ("Sjogren syndrome",), ("T047",)),
        Concept("2", ("Ménière disease",), ("T047",)),
    ]
    labeller = maker(concepts, CLUSTERS)
    found: list[CharSpan] = sorted(labeller.find(Note("1", "1", TEXT)))
    assert [(TEXT[s.start : s.end], s.concept_id) for s in found] == [
        ("Sjögren syndrome", "1"),
        ("Ménière disease", "2"),
        ("Sjogren syndrome", "1"),
    ]
