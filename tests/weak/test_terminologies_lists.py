"""Allow and deny lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts, Note
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.labeller import Labeller
from spacy_mslm.weak.lists import (
    COLUMNS,
    ListedLabeller,
    Lists,
    obeyed,
    read_lists,
)
from spacy_mslm.weak.names import servable

CLUSTERS = Clusters.from_dict(
    {"D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}, "N": {"names": ["finding"]}}
)
CONCEPTS = [
    Concept("d1", ("asthma", "cold"), ("T047",)),
    Concept("d2", ("mass",), ("T047",)),
    Concept("s1", ("chills", "Cold"), ("T184",)),
    Concept("o1", ("cold", "frost"), ("T070",)),
]


def listed(
    folder: Path, *rows: str, header: str = "action,name,concept_id,label"
) -> Lists:
    path = folder / "lists.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")
    return read_lists(path, CLUSTERS)


def names(concepts: list[Concept]) -> dict[str, tuple[str, ...]]:
    return {concept.concept_id: concept.names for concept in concepts}


def test_denied_names_and_concepts_go(tmp_path: Path) -> None:
    lists = listed(
        tmp_path,
        "deny,COLD,,S",
        "deny,,d2,",
        "Deny,asthma,s1,",
        ",chills,,",
        "deny,never,,",
    )
    assert names(obeyed(CONCEPTS, CLUSTERS, lists)) == {
        "d1": ("asthma", "cold"),
        "s1": ("chills",),
        "o1": ("cold", "frost"),
    }
    assert lists.unmatched == [4, 6]


def test_an_allowed_name_belongs_to_one_concept(tmp_path: Path) -> None:
    drops = DropCounts()
    assert "cold" not in str(servable(CONCEPTS, CLUSTERS, drops)).lower()
    for row, owner in (
        ("allow,cold,,", "d1"),
        ("allow,cold,,S", "s1"),
        ("allow,cold,s1,", "s1"),
        ("allow,cold,o1,S", "o1"),
        ("allow,cold,,N", "LIST:COLD"),
    ):
        lists = listed(tmp_path, row)
        served = servable(obeyed(CONCEPTS, CLUSTERS, lists), CLUSTERS, DropCounts())
        assert [c.concept_id for c in served if "cold" in str(c).lower()] == [owner]
        assert lists.unmatched == []
    assert served[-1] == Concept("LIST:COLD", ("cold",), ("finding",))


def test_names_are_added_and_concepts_are_labelled(tmp_path: Path) -> None:
    lists = listed(
        tmp_path,
        "allow,reactive airway,d1,",
        "allow,tight chest,,S",
        "allow,new,x9,D",
        "allow,,o1,S",
        "allow,nobody,,",
        "allow,,x8,D",
        "allow,,d2,S",
    )
    found = {c.concept_id: c for c in obeyed(CONCEPTS, CLUSTERS, lists)}
    assert found["d1"].names == ("asthma", "cold", "reactive airway")
    assert found["LIST:TIGHT~CHEST"] == Concept(
        "LIST:TIGHT~CHEST", ("tight chest",), ("T184",)
    )
    assert found["x9"] == Concept("x9", ("new",), ("T047",))
    assert found["o1"].type_ids == found["d2"].type_ids == ("T184",)
    assert lists.unmatched == [6, 7]


def test_allow_goes_before_deny_wherever_it_stands(tmp_path: Path) -> None:
    lists = listed(tmp_path, "allow,asthma,d1,", "deny,,d1,", "deny,asthma,,")
    assert names(obeyed(CONCEPTS, CLUSTERS, lists))["d1"] == ("asthma",)
    assert lists.allowed("Asthma", "d1") and not lists.allowed("cold", "d1")
    assert not lists.allowed("asthma", "d2")


def test_tags_of_preferred_names_count_as_in_serving(tmp_path: Path) -> None:
    lists = listed(tmp_path, "deny,asthma,,")
    tagged = [Concept("1", ("Asthma (disorder)", "wheezing"), ("T047",))]
    left = obeyed(tagged, CLUSTERS, lists)
    assert names(servable(left, CLUSTERS, DropCounts())) == {"1": ("wheezing",)}
    assert lists.unmatched == []


@given(st.lists(st.sampled_from(["cold", "mass", "asthma", "x"]), max_size=4))
def test_what_is_denied_everywhere_is_nowhere(denied: list[str]) -> None:
    from spacy_mslm.weak.lists import Rule

    rules = tuple(Rule(n, "deny", d, key=d) for n, d in enumerate(denied, start=2))
    left = obeyed(CONCEPTS, CLUSTERS, Lists(rules))
    kept = {name.lower() for concept in left for name in concept.names}
    assert kept == {"asthma", "cold", "mass", "chills", "frost"} - set(denied)


class Found(Labeller):
    name = "fake"

    def find(self, note: Note) -> Iterator[CharSpan]:
        yield CharSpan(0, 4, "S", self.name, "s1")
        yield CharSpan(0, 4, "D", self.name, "d1")
        yield CharSpan(5, 9, "D", self.name, "d2")


def test_spans_of_any_labeller_obey_the_list(tmp_path: Path) -> None:
    note = Note("n", "p", "COLD mass")

    def left(*rows: str) -> list[str]:
        labeller = ListedLabeller(Found(), listed(tmp_path, *rows))
        assert labeller.name == "fake"
        return [span.concept_id for span in labeller.find(note)]

    assert left() == ["s1", "d1", "d2"]
    assert left("deny,cold,,S") == ["d1", "d2"]
    assert left("deny,,d2,", "deny,cold,d1,") == ["s1"]
    assert left("deny,cold,,", "allow,cold,s1,") == ["s1", "d2"]


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("name,label", "x,D", r"\[M258\].*got the columns name, label"),
        ("action,label", "deny,D", r"\[M258\]"),
        ("action,name", "remove,x", r"\[M257\].*row 2.*neither 'allow' nor 'deny'"),
        ("action,name", "deny,", r"\[M257\].*row 2.*neither a name nor"),
        ("action,name", "deny,--", r"\[M257\].*without letters"),
        ("action,name,label", "deny,x,Diseases", r"\[M257\].*there are D, S, N"),
        ("action,name", "deny,x,y", r"\[M257\].*3 fields, expected 2"),
        ("action,name", 'deny,"x', r"\[M257\].*row 2.*broken CSV"),
    ],
)
def test_wrong_rows_are_named(
    tmp_path: Path, header: str, row: str, message: str
) -> None:
    with pytest.raises(MslmError, match=message) as caught:
        listed(tmp_path, row, header=header)
    assert "\n" not in str(caught.value)


def test_missing_and_other_bytes(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"\[M256\]"):
        read_lists(tmp_path / "none.csv", CLUSTERS)
    (tmp_path / "latin.csv").write_bytes(b"action,name\ndeny,caf\xe9\n")
    with pytest.raises(MslmError, match=r"\[M242\]"):
        read_lists(tmp_path / "latin.csv", CLUSTERS)


def test_rows_without_action_and_other_columns_are_passed_over(tmp_path: Path) -> None:
    lists = listed(
        tmp_path, ",blood,,12,?", "deny,mass,,3,", header="action,name,label,count,why"
    )
    assert [rule.row for rule in lists.rules] == [3]
    assert set(COLUMNS) >= {"action", "name", "concept_id", "label"}
