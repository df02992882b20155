from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.semantic_types import TUIS

ASSET = Path(__file__).parents[2] / "assets" / "clusters.yml"
TABLE_12 = {
    "Treatments": {"T121", "T200", "T195"},
    "Diseases": {
        *{"T020", "T190", "T007", "T194", "T019", "T049", "T047", "T005", "T191"}
    },
    "Symptoms": {"T054", "T184", "T048"},
}


def two() -> Clusters:
    return Clusters.from_dict(
        {
            "Diseases": {"ids": {"T047": "Disease or Syndrome"}, "names": ["disorder"]},
            "Symptoms": {"ids": {"T184": "Sign or Symptom"}, "names": ["finding"]},
        }
    )


def test_the_asset_is_table_12_of_the_paper() -> None:
    clusters = Clusters.load(ASSET)
    assert clusters.labels == tuple(TABLE_12)
    for label, ids in TABLE_12.items():
        assert {key for key, its in clusters.by_id.items() if its == label} == ids
    assert set(clusters.by_id) <= TUIS
    assert len(TUIS) == 127


def test_types_are_known_by_id_and_by_name() -> None:
    clusters = two()
    assert clusters.label_of("t047") == "Diseases"
    assert clusters.label_of("9090192", "Disorder") == "Diseases"
    assert clusters.label_of("67667581", "finding") == "Symptoms"
    assert clusters.label_of("123", "disease_or  syndrome") == "Diseases"
    assert clusters.label_of("disorder") == "Diseases"
    assert clusters.label_of("123", "procedure") is None


def test_umls_finding_is_not_the_snomed_tag_finding() -> None:
    # T033 Finding is in no cluster of the paper.
    assert two().label_of("T033", "Finding") is None


def test_a_concept_with_two_labels_takes_the_first_of_the_file() -> None:
    assert two().label_of_types({"T184": "", "T047": ""}) == "Diseases"
    assert two().label_of_types({"T184": "", "T999": ""}) == "Symptoms"
    assert two().label_of_types({}) is None


def test_select_leaves_types_of_no_cluster_out() -> None:
    held = {"T047": "", "T184": "", "T033": "Finding"}
    assert two().select(held, source="x.csv") == {
        "T047": "Diseases",
        "T184": "Symptoms",
    }


def test_an_unknown_type_is_an_error_never_no_filter() -> None:
    clusters = Clusters.from_dict({"Diseases": {"ids": {"T047": "", "T999": ""}}})
    with pytest.raises(MslmError, match=r"\[M213\].*T999.*x\.csv"):
        clusters.select({"T047": ""}, source="x.csv")
    assert clusters.select({"T047": "", "T999": ""}, source="x.csv")


def test_a_known_type_that_the_table_lacks_is_none() -> None:
    clusters = Clusters.from_dict({"Diseases": {"ids": ["T047", "T194"]}})
    assert clusters.select({"T047": ""}, source="x.csv") == {"T047": "Diseases"}


def test_a_label_without_any_type_is_an_error_that_shows_what_there_is() -> None:
    with pytest.raises(MslmError, match=r"\[M214\].*Symptoms.*T047 Disease"):
        two().select({"T047": "Disease"}, source="pack.zip")
    with pytest.raises(MslmError, match=r"\[M214\].*has: none"):
        two().select({}, source="pack.zip")


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"A": None},
        {"A": {"id": ["T047"]}},
        {"A": {"ids": "T047"}},
        {"A": {"ids": {}, "names": []}},
        {"A": {"ids": ["T047"]}, "B": {"ids": ["t047"]}},
        {"A": {"names": ["disorder"]}, "B": {"names": ["Disorder"]}},
    ],
)
def test_malformed_clusters(content: Any) -> None:
    with pytest.raises(MslmError, match=r"\[M212\]"):
        Clusters.from_dict(content)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"\[M211\]"):
        Clusters.load(tmp_path / "none.yml")
    path = tmp_path / "clusters.yml"
    path.write_text("A:\n  ids: {T047: x\n")
    with pytest.raises(MslmError, match=r"\[M212\].*near line 3") as caught:
        Clusters.load(path)
    assert "\n" not in str(caught.value)
