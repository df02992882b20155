from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.weak.terminologies.drugs import unsalted

DRUGBANK = """\ufeffDrugBank ID,Accession Numbers,Common name,CAS,UNII,Synonyms,Key
DB1,,Lepirudin,,,"[Leu1, Thr2]-hirudin | Hirudin variant-1 | Lepirudin",
DB2,,Blood,,,,
,,nobody,,,,
"""
FDA = (
    "ApplNo\tProductNo\tForm\tStrength\tReferenceDrug\tDrugName\tActiveIngredient\tX\n"
    "1\t1\tTABLET\t5MG\t0\tLOPRESSOR\tMETOPROLOL TARTRATE\t0\n"
    "1\t2\tTABLET\t5MG\t0\tMETOPROLOL TARTRATE\tMETOPROLOL TARTRATE\t0\n"
    "2\t1\tTABLET\t5MG\t0\tTOPROL-XL\tMETOPROLOL SUCCINATE\t1\t0\n"
    "3\t1\tINJ\t0.9%\t0\tKLOR IN PLASTIC CONTAINER\tPOTASSIUM CHLORIDE\t0\n"
    '4\t1\tINJ\t1"\t0\tHMS\tMEDRYSONE\t0\n'
    "5\t1\tTABLET\t5MG\t0\tZESTORETIC\tLISINOPRIL; HYDROCHLOROTHIAZIDE\t0\n"
    "6\t1\tTABLET\t5MG\t0\tPRINZIDE\tHYDROCHLOROTHIAZIDE; LISINOPRIL\t0\n"
    "7\t1\tTABLET\t5MG\t0\tCIPRO\tCIPROFLOXACIN; CIPROFLOXACIN HYDROCHLORIDE\t0\n"
    "8\t1\tTABLET\t5MG\t0\t\tLISINOPRIL\t0\n"
)


@pytest.fixture
def drugbank(tmp_path: Path) -> Path:
    path = tmp_path / "vocabulary.csv"
    path.write_text(DRUGBANK, encoding="utf-8")
    return path


@pytest.fixture
def products(tmp_path: Path) -> Path:
    path = tmp_path / "Products.txt"
    path.write_text(FDA)
    return path


def test_drugbank_gives_common_names_and_synonyms(
    drugbank: Path, read_source: Any
) -> None:
    entries, drops = read_source("drugbank", drugbank)
    concepts = [entry.concept for entry in entries]
    assert [(c.concept_id, c.names[0], c.type_ids) for c in concepts] == [
        ("DB1", "Lepirudin", ("T121",)),
        ("DB2", "Blood", ("T121",)),
    ]
    assert "[Leu1, Thr2]-hirudin" in concepts[0].names
    assert drops == {"row without id or name": 1}


def test_fda_names_go_to_their_ingredients(products: Path, read_source: Any) -> None:
    entries, drops = read_source("drugs@fda", products)
    found = {e.concept.concept_id: (e.concept.names, e.hangs_on) for e in entries}
    assert len(found) == len(entries) - 2  # two salts of metoprolol, cipro twice
    assert [
        e.concept.names for e in entries if "METOPROLOL" in e.concept.concept_id
    ] == [
        ("metoprolol", "metoprolol succinate", "toprol-xl"),
        ("metoprolol", "metoprolol tartrate", "lopressor", "metoprolol tartrate"),
    ]
    assert found["FDA:METOPROLOL"][1] == ("metoprolol tartrate", "metoprolol")
    assert found["FDA:POTASSIUM_CHLORIDE"] == (
        ("potassium chloride", "klor"),
        ("potassium chloride",),
    )
    assert found["FDA:MEDRYSONE"][0] == ("medrysone", "HMS")
    assert found["FDA:HYDROCHLOROTHIAZIDE+LISINOPRIL"] == (
        ("hydrochlorothiazide / lisinopril", "zestoretic", "prinzide"),
        (),
    )
    assert "cipro" in found["FDA:CIPROFLOXACIN"][0]
    types = {e.concept.concept_id: e.concept.type_ids for e in entries}
    assert types["FDA:MEDRYSONE"] == ("T121",)
    assert types["FDA:HYDROCHLOROTHIAZIDE+LISINOPRIL"] == ("T200",)
    assert drops == {
        "row with stray columns, read without them": 1,
        "row without name or ingredient": 1,
    }


@pytest.mark.parametrize(
    ("ingredient", "forms"),
    [
        ("metoprolol tartrate", ["metoprolol tartrate", "metoprolol"]),
        (
            "cefuroxime axetil anhydrous",
            ["cefuroxime axetil anhydrous", "cefuroxime axetil", "cefuroxime"],
        ),
        ("potassium chloride", ["potassium chloride"]),
        ("sodium", ["sodium"]),
        ("isosorbide dinitrate", ["isosorbide dinitrate"]),
        ("valproic acid", ["valproic acid"]),
    ],
)
def test_salts_are_taken_off_one_by_one(ingredient: str, forms: list[str]) -> None:
    assert unsalted(ingredient) == forms


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (
            "drugbank",
            "id,name\n1,x\n",
            r"\[M243\].*missing columns DrugBank ID, Common",
        ),
        ("drugbank", "", r"\[M243\].*got nothing"),
        ("drugbank", DRUGBANK + 'DB3,,"x\n', r"\[M241\].*row 5"),
        ("drugbank", DRUGBANK + "DB3,,x\n", r"\[M241\].*row 5.*3 fields, expected 7"),
        ("drugs@fda", DRUGBANK, r"\[M243\].*missing columns DrugName, Active"),
        ("drugs@fda", FDA + "9\t1\n", r"\[M241\].*row 11.*2 fields, expected 8"),
    ],
)
def test_wrong_files_are_one_coded_line(
    tmp_path: Path, read_source: Any, kind: str, text: str, message: str
) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MslmError, match=message) as caught:
        read_source(kind, path)
    assert "\n" not in str(caught.value)
