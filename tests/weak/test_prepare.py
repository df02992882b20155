"""From a terminology to the names that are looked for."""

import pytest

from spacy_mslm.types import DropCounts
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.dangers import danger, english
from spacy_mslm.weak.names import servable
from spacy_mslm.weak.nosology import HEAD_ID, bare_findings, retyped
from spacy_mslm.weak.prepare import Prepared, prepare

CLUSTERS = Clusters.from_dict(
    {"T": {"ids": ["T121"]}, "D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}}
)
COMMON = {"blood": 5.1, "his": 6.5, "same": 5.8, "pain": 5.0, "loss": 5.2, "mass": 4.9}


def zipf(word: str) -> float:
    return COMMON.get(word.lower(), 2.0)


def prepared(*concepts: Concept, allowed: tuple[str, ...] = ()) -> Prepared:
    return prepare(
        concepts,
        CLUSTERS,
        DropCounts(),
        allowed=lambda name, concept_id: name in allowed,
        zipf=zipf,
    )


@pytest.mark.parametrize(
    ("name", "chemical", "reason"),
    [
        ("blood", True, "everyday substance"),
        ("blood", False, ""),
        ("His", True, "short substance"),
        ("ASA", True, ""),
        ("GH", True, "short substance"),
        ("gas", False, "generic"),
        ("Disease", False, "generic"),
        ("blood pressure", False, "generic"),
        ("same", False, "everyday word"),
        ("aspirin", True, ""),
        ("blood thinner", True, ""),
        ("6-MP", True, ""),
    ],
)
def test_dangerous_names(name: str, chemical: bool, reason: str) -> None:
    assert danger(name, chemical, zipf) == reason


def test_english_knows_everyday_words() -> None:
    known = english()
    assert known("Blood") > 4 > known("heparin")


def test_dangerous_names_are_dropped_and_listed_unless_allowed() -> None:
    drug = Concept("1", ("whole blood", "blood"), ("T121",))
    outside = Concept("2", ("same",), ("T070",))
    made = prepared(drug, outside)
    assert [c.names for c in made.concepts] == [("whole blood",)]
    assert [(d.name, d.concept_id, d.reason) for d in made.dangerous] == [
        ("blood", "1", "everyday substance")
    ]
    made = prepared(drug, outside, allowed=("blood",))
    assert made.concepts[0].names == ("whole blood", "blood")
    assert not made.dangerous


def test_symptoms_that_medicine_calls_diseases_change_their_type() -> None:
    concepts = [
        Concept("1", ("heart failure",), ("T184",)),
        Concept("2", ("myocarditis",), ("T184", "T048")),
        Concept("3", ("chest pain", "old disease"), ("T184",)),
    ]
    made, changed = retyped(concepts)
    assert changed == 2
    assert [c.type_ids for c in made] == [("T047",), ("T047", "T048"), ("T184",)]
    assert retyped(made) == (made, 0)


def test_a_finding_is_found_without_its_place() -> None:
    """ "abdominal" and "pelvic" are places: there is a pain of each, and a pain."""
    symptoms = [
        Concept(str(number), (name,), ("T184",))
        for number, name in enumerate(
            (
                "pain", "abdominal pain", "pelvic pain", "abdominal mass",
                "pelvic mass", "abdominal loss", "pelvic loss", "runny nose",
                "stuffy nose", "abdominal lump",
            )
        )
    ]  # fmt: skip
    made = bare_findings(symptoms, zipf)
    assert made == [Concept(f"{HEAD_ID}mass", ("mass",), ("T184",))]
    assert bare_findings([*symptoms, *made], zipf) == []


def test_the_word_for_symptoms_proves_a_place_without_being_a_name() -> None:
    names = ("pelvic symptom", "neck symptom", "pelvic mass", "neck mass")
    symptoms = [Concept(name, (name,), ("T184",)) for name in names]
    assert [c.names for c in bare_findings(symptoms, zipf)] == [("mass",)]
    assert prepared(*symptoms).counts["findings without their place"] == 1


def test_a_shared_name_goes_to_the_label_that_prefers_it() -> None:
    made = prepared(
        Concept("1", ("exanthem", "rash"), ("T047",)),
        Concept("2", ("rash",), ("T184",)),
    )
    assert {c.concept_id: c.names for c in made.concepts} == {
        "1": ("exanthem", "exanthems"),
        "2": ("rash", "rashes"),
    }


def test_other_forms_never_take_a_name_of_another_concept() -> None:
    made = prepared(
        Concept("1", ("anemia",), ("T047",)),
        Concept("2", ("anaemia",), ("T047",)),
    )
    assert {c.concept_id: c.names for c in made.concepts} == {
        "1": ("anemia", "anemias", "anaemias"),
        "2": ("anaemia",),
    }


def test_what_was_prepared_can_be_served_unchanged() -> None:
    made = prepared(
        Concept("1", ("pulmonary edema", "lung edema"), ("T047",)),
        Concept("2", ("lung mass", "chest mass", "mass"), ("T184",)),
        Concept("3", ("aspirin",), ("T121",)),
    )
    drops = DropCounts()
    assert servable(made.concepts, CLUSTERS, drops) == made.concepts
    assert not drops
    assert made.counts["other spellings and numbers"] > 0
