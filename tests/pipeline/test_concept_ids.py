"""Look-up of concepts: names of the table alone, and those of training alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.concept_ids import ConceptIds
from spacy_mslm.stages.labelling.concepts import build_concepts

CLUSTERS = "D:\n  ids: [T047]\nS:\n  ids: [T184]\n"
TABLE = """cui,name,type_ids
D1,Type 2 diabetes|T2DM|late diabetes,T047
D2,asthma,T047
D3,wheezing disease|asthma,T047
S1,chest pain,T184
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "clusters.yml").write_text(CLUSTERS)
    (tmp_path / "table.csv").write_text(TABLE)
    build_concepts(
        clusters=tmp_path / "clusters.yml",
        out=tmp_path / "concepts",
        table=str(tmp_path / "table.csv"),
    )
    return tmp_path / "concepts"


def test_surface_forms_find_their_concept_whatever_their_looks(folder):
    ids = ConceptIds.from_folder(folder, ["type-2 diabetes", "chest pain", "asthma"])
    forms = ["Type 2 Diabetes", "TYPE-2\ndiabetes", "chest\n pain", "Chest pain"]
    assert [ids.lookup(form) for form in forms] == ["D1", "D1", "S1", "S1"]


def test_shared_and_unknown_forms_have_no_concept(folder):
    ids = ConceptIds.from_folder(folder, ["asthma", "fever", "chest pain"])
    assert [ids.lookup(t) for t in ("asthma", "fever", "chest", "", "\n")] == [""] * 5


def test_a_package_holds_names_of_the_table_that_training_held_and_no_more(folder):
    """Neither the notes' own words nor the terminology as a whole."""
    surfaces = ["T2DM", "Mr Smith's knee", "chest\npain", "asthma"]
    ids = ConceptIds.from_folder(folder, surfaces)
    assert json.loads(ids.to_bytes()) == {"t2dm": "D1", "chest~pain": "S1"}
    assert ids.lookup("late diabetes") == ""


@given(st.dictionaries(st.text(), st.text()))
def test_bytes_come_back_and_are_always_the_same(names):
    content = ConceptIds(names).to_bytes()
    assert ConceptIds.from_bytes(content).to_bytes() == content
    backwards = dict(reversed(names.items()))
    assert ConceptIds(backwards).to_bytes() == content


@given(st.text())
def test_any_text_can_be_looked_up(text):
    assert ConceptIds({"fever": "S2"}).lookup(text) in ("", "S2")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff", b'{"a": null}'])
def test_damaged_bytes_are_a_value_error(content):
    with pytest.raises(ValueError):
        ConceptIds.from_bytes(content)


def test_a_folder_without_names_says_what_to_do(folder):
    (folder / "names.jsonl").unlink()
    with pytest.raises(MslmError, match=r"\[M509\]"):
        ConceptIds.from_folder(folder, ["fever"])
