import gzip
import sys
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.weak.terminologies.obo import obo_licence

HEADER = """format-version: 1.2
ontology: doid
property_value: IAO:0000700 DOID:4
property_value: dcterms:license https://creativecommons.org/publicdomain/zero/1.0/

"""
TERMS = r"""[Term]
id: DOID:4
name: disease

[Term]
id: DOID:14566
name: disease of cellular proliferation
is_a: DOID:4 ! disease

[Term]
id: DOID:1
name: angiosarcoma
synonym: "hemangio\"sarcoma\", malignant" EXACT []
synonym: "vessel cancer" RELATED []
synonym: "HAS" EXACT ABBREVIATION [PMID:1]
synonym: "no scope" []
xref: SNOMEDCT_US_2016_03_01:33176006
xref: UMLS_CUI:C0018923
xref: UMLS_CUI:C0854893 {source="x"}
is_a: DOID:2 ! sarcoma

[Term]
id: DOID:2
name: sarcoma
is_a: DOID:14566 ! disease of cellular proliferation

[Term]
id: DOID:150
name: disease of mental health
is_a: DOID:4 ! disease

[Term]
id: DOID:3
name: mania
is_a: DOID:150 ! disease of mental health
is_a: DOID:4 ! disease

[Term]
id: DOID:5
name: asthma
is_a: DOID:4 ! disease

[Term]
id: DOID:6
name: obsolete consumption
is_obsolete: true

[Term]
id: HP:7
name: wheeze
is_a: DOID:4

[Typedef]
id: part_of
name: part of
"""


@pytest.fixture
def obo(tmp_path: Path) -> Path:
    path = tmp_path / "small.obo"
    path.write_text(HEADER + TERMS)
    return path


def by_id(entries: list[Any]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {
        entry.concept.concept_id: (entry.concept.names, entry.concept.type_ids)
        for entry in entries
        if entry.concept.names
    }


def test_terms_come_with_exact_synonyms_and_the_type_of_their_branch(
    obo: Path, read_source: Any
) -> None:
    entries, drops = read_source("obo", obo)
    assert by_id(entries) == {
        "DOID:14566": (("disease of cellular proliferation",), ("T191",)),
        "DOID:1": (("angiosarcoma", 'hemangio"sarcoma", malignant', "HAS"), ("T191",)),
        "DOID:2": (("sarcoma",), ("T191",)),
        "DOID:150": (("disease of mental health",), ("T048",)),
        "DOID:3": (("mania",), ("T048",)),
        "DOID:5": (("asthma",), ("T047",)),
    }
    assert drops == {"top term": 1, "obsolete term": 1, "term of another ontology": 1}
    gone = {entry.concept.concept_id for entry in entries if not entry.concept.names}
    assert gone == {"DOID:4", "DOID:6"}


def test_umls_ids_are_read_and_snomed_codes_are_not(
    obo: Path, read_source: Any
) -> None:
    entries, _ = read_source("obo", obo)
    cuis = {entry.concept.concept_id: entry.cuis for entry in entries if entry.cuis}
    assert cuis == {"DOID:1": ("C0018923", "C0854893")}
    assert "33176006" not in repr(entries)


def test_options_choose_synonyms_types_and_branches(
    obo: Path, read_source: Any
) -> None:
    entries, drops = read_source(
        "obo",
        obo,
        types="T033",
        under={"DOID:2": ["T191", "T049"], "DOID:150": []},
        synonyms=["RELATED"],
        tops=True,
        prefixes=["DOID", "HP"],
    )
    found = by_id(entries)
    assert found["DOID:1"] == (
        ("angiosarcoma", "vessel cancer", "no scope"),
        ("T191", "T049"),
    )
    assert found["DOID:4"][1] == found["HP:7"][1] == ("T033",)
    assert "DOID:3" not in found
    assert drops == {"obsolete term": 1, "term of a branch left out": 2}


def test_several_files_are_one_ontology(obo: Path, read_source: Any) -> None:
    slim = obo.with_name("slim.obo.gz")
    slim.write_bytes(
        gzip.compress(
            b"ontology: doid/subsets/slim\n\n"
            b'[Term]\nid: DOID:5\nname: bronchial asthma\nsynonym: "BA" EXACT []\n\n'
            b"[Term]\nid: DOID:8\nname: new sarcoma\nis_a: DOID:2\n\n"
            b"[Term]\nid: DOID:3\nname: mania\nis_obsolete: true\n"
        )
    )
    entries, drops = read_source("obo", obo, slim)
    found = by_id(entries)
    assert found["DOID:5"][0] == ("asthma", "bronchial asthma", "BA")
    assert found["DOID:8"] == (("new sarcoma",), ("T191",))
    assert "DOID:3" not in found and drops["obsolete term"] == 2


def test_only_the_head_of_most_terms_is_a_top(tmp_path: Path, read_source: Any) -> None:
    """An excerpt of an ontology has many terms whose parents were cut off."""
    path = tmp_path / "slim.obo"
    below = "".join(
        f"[Term]\nid: X:{n}\nname: c{n}\nis_a: X:1\n\n" for n in range(2, 6)
    )
    alone = "[Term]\nid: X:8\nname: alone\nis_a: Y:1\n\n[Term]\nid: X:9\nname: last\n"
    path.write_text(f"ontology: x\n\n[Term]\nid: X:1\nname: head\n\n{below}{alone}")
    entries, drops = read_source("obo", path, types="T047")
    assert sorted(by_id(entries)) == ["X:2", "X:3", "X:4", "X:5", "X:8", "X:9"]
    assert drops == {"top term": 1}


def test_circles_do_not_hang(tmp_path: Path, read_source: Any) -> None:
    path = tmp_path / "circle.obo"
    path.write_text(
        "ontology: symp\n\n[Term]\nid: SYMP:1\nname: a\nis_a: SYMP:2\n\n"
        "[Term]\nid: SYMP:2\nname: b\nis_a: SYMP:1\n"
    )
    entries, _ = read_source("obo", path, under={"SYMP:9": "T033"}, types="T184")
    assert len(by_id(entries)) == 2


def test_the_licence_is_what_the_header_says(obo: Path) -> None:
    assert obo_licence(obo) == "https://creativecommons.org/publicdomain/zero/1.0/"
    obo.write_text("remark: This work is licensed under CC BY 3.0.\n\n[Term]\n")
    assert obo_licence(obo) == "This work is licensed under CC BY 3.0."
    obo.write_text("ontology: x\n\n[Term]\nid: X:1\nname: driving licence\n")
    assert obo_licence(obo) == ""


PAGE = "<!DOCTYPE html>\n<html>\n<body>Not found</body>\n</html>\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PAGE, r"\[M244\].*no tag and value near row 4.*web page"),
        ("a: b\n", r"\[M244\].*no \[Term\]"),
        ("", r"\[M244\].*no \[Term\]"),
        ("ontology: x\n\n[Term]\nname: without id\n", r"\[M244\].*near row 4"),
        ("ontology: x\n\n[Term]\nid: X:1\nname: n\nrelationship: a\n", r"\[M244\]"),
    ],
)
def test_what_is_no_obo_is_one_coded_line(
    tmp_path: Path, read_source: Any, text: str, message: str
) -> None:
    path = tmp_path / "page.obo"
    path.write_text(text)
    with pytest.raises(MslmError, match=message) as caught:
        read_source("obo", path, types="T047")
    assert "\n" not in str(caught.value)


def test_unknown_ontologies_need_types(tmp_path: Path, read_source: Any) -> None:
    path = tmp_path / "hp.obo"
    path.write_text("ontology: hp\n\n[Term]\nid: HP:1\nname: fever\nis_a: HP:0\n")
    with pytest.raises(MslmError, match=r"\[M252\].*'HP'.*types: T047"):
        read_source("obo", path)


def test_wrong_options_files_and_a_missing_package(
    obo: Path, read_source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MslmError, match=r"\[M249\].*no scope CLOSE.*EXACT"):
        read_source("obo", obo, synonyms="close")
    with pytest.raises(MslmError, match=r"\[M249\].*'T999'"):
        read_source("obo", obo, types="T999")
    with pytest.raises(MslmError, match=r"\[M249\].*'under' is a mapping"):
        read_source("obo", obo, under=["DOID:4"])
    with pytest.raises(MslmError, match=r"\[M249\].*'tops' is true or false"):
        read_source("obo", obo, tops="no")
    with pytest.raises(MslmError, match=r"\[M240\].*none\.obo"):
        read_source("obo", obo.with_name("none.obo"))
    obo.write_bytes(b"ontology: caf\xe9\n")
    with pytest.raises(MslmError, match=r"\[M242\].*UnicodeDecodeError"):
        read_source("obo", obo)
    obo.write_bytes(gzip.compress(TERMS.encode())[:-9])
    with pytest.raises(MslmError, match=r"\[M242\].*EOFError"):
        read_source("obo", obo)
    monkeypatch.setitem(sys.modules, "obonet", None)
    with pytest.raises(MslmError, match=r"\[M246\].*obonet.*\[terminologies\]"):
        read_source("obo", obo)
