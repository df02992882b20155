import gzip
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError


def conso(
    cui: str,
    name: str,
    *,
    lat: str = "ENG",
    ts: str = "P",
    stt: str = "PF",
    pref: str = "Y",
    sab: str = "MSH",
    tty: str = "MH",
    suppress: str = "N",
) -> str:
    return (
        f"{cui}|{lat}|{ts}|L1|{stt}|S1|{pref}|A1||404684003|D1|{sab}|{tty}|"
        f"404684003|{name}|0|{suppress}||\n"
    )


NAMES = [
    conso("C0004096", "Bronchial asthma", ts="S"),
    conso("C0004096", "ASTHMA", stt="VC", pref="N"),
    conso("C0004096", "Asthma"),
    conso("C0004096", "Asthme", lat="FRE"),
    conso("C0004096", "old asthma", suppress="O"),
    conso("C0004096", "asthma (snomed)", ts="S", sab="SNOMEDCT_US", tty="FN"),
    conso("C0009443", "Common cold"),
    conso("C0009443", "Cold", ts="S"),
    conso("C0009264", "COLD"),
    conso("C0009264", "cold temperature", ts="S"),
    conso("C0004057", "Aspirin"),
    conso("C0041618", "Fröhlich syndrome, NOS"),
]
TYPES = [
    "C0004096|T047|B2.2|Disease or Syndrome|AT1||\n",
    "C0009443|T047|B2.2|Disease or Syndrome|AT1||\n",
    "C0009264|T070|B2.2|Natural Phenomenon or Process|AT1||\n",
    "C0004057|T109|A1.4|Organic Chemical|AT1||\n",
    "C0004057|T121|A1.4|Pharmacologic Substance|AT2||\n",
    "C0041618|T047|B2.2|Disease or Syndrome|AT1||\n",
    "C0041618|T191|B2.2|Neoplastic Process|AT1||\n",
    "C9999999|T184|A2.2|Sign or Symptom|AT1||\n",
]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (tmp_path / "MRCONSO.RRF").write_text("".join(NAMES), encoding="utf-8")
    packed = gzip.compress("".join(TYPES).encode())
    (tmp_path / "MRSTY.RRF.gz").write_bytes(packed)
    return tmp_path


def shown(entries: list[Any]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {
        e.concept.concept_id: (e.concept.names, e.concept.type_ids) for e in entries
    }


def test_concepts_inside_the_clusters_by_status(
    release: Path, read_source: Any
) -> None:
    entries, drops = read_source("rrf", release)
    assert shown(entries) == {
        "C0004057": (("Aspirin",), ("T121",)),
        "C0004096": (("Asthma", "Bronchial asthma", "asthma (snomed)"), ("T047",)),
        "C0009443": (("Common cold", "Cold"), ("T047",)),
        "C0041618": (("Fröhlich syndrome, NOS",), ("T047", "T191")),
        "C0009264": (("COLD",), ()),
    }
    assert drops == {
        "row in another language": 1,
        "row that is suppressed": 1,
        "row of a concept outside the clusters": 2,
        "concept without a name that is read": 1,
    }
    assert "404684003" not in repr(entries)


def test_options_choose_rows(release: Path, read_source: Any) -> None:
    entries, drops = read_source(
        "rrf", release, languages=["FRE", "eng"], suppressed=True, outside=False
    )
    assert shown(entries)["C0004096"][0] == (
        *("Asthma", "Asthme", "old asthma"),
        *("Bronchial asthma", "asthma (snomed)"),
    )
    assert "C0009264" not in shown(entries)
    entries, drops = read_source("rrf", release, vocabularies=["SNOMEDCT_US"])
    assert shown(entries) == {"C0004096": (("asthma (snomed)",), ("T047",))}
    assert drops["row of another vocabulary"] == 7
    entries, drops = read_source("rrf", release, term_types="FN")
    assert set(shown(entries)) == {"C0004096"}
    assert drops["row of another term type"] == 7


def test_rows_in_any_order_give_the_same(release: Path, read_source: Any) -> None:
    entries, _ = read_source("rrf", release)
    by_cui = sorted(NAMES, key=lambda row: row[:8])
    (release / "MRCONSO.RRF").write_text("".join(by_cui), encoding="utf-8")
    again, _ = read_source("rrf", release)
    assert again == entries


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("C0004096|ENG|P\n", r"\[M241\].*MRCONSO\.RRF row 13.*2 fields, expected 18"),
        (NAMES[0] + NAMES[1][:60] + NAMES[2], r"\[M241\].*row 14"),
        ("<html>\n", r"\[M241\].*row 13"),
    ],
)
def test_broken_rows_are_named(
    release: Path, read_source: Any, row: str, message: str
) -> None:
    (release / "MRCONSO.RRF").write_text("".join(NAMES) + row, encoding="utf-8")
    with pytest.raises(MslmError, match=message) as caught:
        read_source("rrf", release)
    assert "\n" not in str(caught.value)


def test_missing_files_and_other_bytes(release: Path, read_source: Any) -> None:
    path = release / "MRCONSO.RRF"
    path.write_bytes("".join(NAMES).encode("latin-1"))
    with pytest.raises(MslmError, match=r"\[M242\].*UnicodeDecodeError"):
        read_source("rrf", release)
    path.unlink()
    with pytest.raises(MslmError, match=r"\[M254\].*no MRCONSO\.RRF"):
        read_source("rrf", release)
