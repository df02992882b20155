"""The open concept table keeps the promises of assets/README.md."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from spacy_mslm.notes.synth.vocabulary import absent_concepts, is_abbreviation
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import COLUMNS, read_concepts

ASSETS = Path(__file__).parents[2] / "assets"
TABLE = ASSETS / "concepts.csv"
LABEL_OF_LETTER = {"T": "Treatments", "D": "Diseases", "S": "Symptoms"}
# Words of plain English that no name may be, whatever their case.
EVERYDAY_WORDS = """
    aids all and are arm as ask back blood can cap cold dose eye for had hip hit it
    leg map may mom new no not now of old on or out pain pat pet see shock side sad
    test the to top us was who discharge history patient normal right left water
    salt milk sugar fall falls rest
"""
EVERYDAY = set(EVERYDAY_WORDS.split())


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def key_of(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


def test_columns_are_medcats(rows):
    assert tuple(rows[0]) == COLUMNS


def test_counts(rows):
    concepts = {row["cui"] for row in rows}
    assert len(concepts) >= 620
    per_letter = Counter(cui.removeprefix("MSLM:")[0] for cui in concepts)
    assert set(per_letter) == set(LABEL_OF_LETTER)
    assert min(per_letter.values()) >= 120
    assert len(rows) / len(concepts) >= 3


def test_readme_gives_the_real_counts(rows):
    text = (ASSETS / "README.md").read_text(encoding="utf-8").replace(",", "")
    concepts = {row["cui"] for row in rows}
    assert f"{len(concepts)} concepts" in text
    assert f"{len(rows)} names" in text
    for letter, label in LABEL_OF_LETTER.items():
        names = sum(row["cui"][5] == letter for row in rows)
        count = sum(cui[5] == letter for cui in concepts)
        assert re.search(rf"\| {label} \|.*\| {count} \| {names} \|", text)


def test_ids_are_our_own(rows):
    assert all(re.fullmatch(r"MSLM:[TDS]\d{4}", row["cui"]) for row in rows)


def test_one_preferred_name_each_and_it_comes_first(rows):
    first = {row["cui"]: row for row in reversed(rows)}
    assert all(row["name_status"] == "P" for row in first.values())
    preferred = Counter(row["cui"] for row in rows if row["name_status"] == "P")
    assert set(preferred.values()) == {1}
    assert {row["name_status"] for row in rows} == {"P", "A"}


def test_no_name_has_two_concepts_or_two_rows(rows):
    counts = Counter(key_of(row["name"]) for row in rows)
    assert [name for name, count in counts.items() if count > 1] == []


def test_names_are_clean(rows):
    for row in rows:
        name = row["name"]
        assert name == " ".join(name.split()) and "|" not in name
        assert "(" not in name, "MedCAT drops parentheses from preferred names"
        assert len(name) >= 3
        assert key_of(name) not in EVERYDAY or name.isupper()


def test_a_name_of_four_letters_is_no_everyday_word(rows):
    """MedCAT ignores case from four letters on, so upper case is no excuse there."""
    assert not {row["name"].lower() for row in rows if len(row["name"]) > 3} & EVERYDAY


def test_a_name_of_three_letters_is_upper_case(rows):
    """MedCAT passes over lower-case text of under four letters."""
    assert all(row["name"].isupper() for row in rows if len(row["name"]) < 4)


def test_types_are_those_of_the_label(rows):
    clusters = Clusters.load(ASSETS / "clusters.yml")
    for row in rows:
        letter = row["cui"].removeprefix("MSLM:")[0]
        assert clusters.label_of(row["type_ids"]) == LABEL_OF_LETTER[letter], row


def test_the_reader_sees_every_row(rows):
    concepts = read_concepts(TABLE)
    assert sum(len(concept.names) for concept in concepts) == len(rows)


def test_every_label_has_abbreviations_enough(rows):
    counts = Counter(row["cui"][5] for row in rows if is_abbreviation(row["name"]))
    assert min(counts[letter] for letter in "TDS") >= 40


def test_absent_concepts_are_absent(rows):
    """Neither as a name nor inside one: else the labeller would find a part of it."""
    known = [f" {key_of(row['name'])} " for row in rows]
    for concept in absent_concepts():
        for name in concept.names:
            padded = f" {key_of(name)} "
            assert not [other for other in known if other in padded], name
            assert not [other for other in known if padded in other], name
