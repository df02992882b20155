"""What `notes check` understands, warns of, and never says. All notes are invented."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.categories import Categories
from spacy_mslm.notes.check import Distinct, Lengths, check_notes
from spacy_mslm.notes.columns import ColumnNames
from spacy_mslm.notes.records import write_jsonl
from spacy_mslm.notes.seen import SeenIds
from spacy_mslm.notes.summary import summary, warnings
from spacy_mslm.types import CharSpan, Note

SECRET = "zebra"


def save(path: Path, header: str, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def said(path: Path, columns: str = "", **options: Sequence[str]) -> list[str]:
    found = check_notes(path, columns=ColumnNames.parse(columns), **options)
    lines = [*summary(found), *warnings(found)]
    assert all(SECRET not in line.lower() for line in lines)
    return lines


def codes(path: Path, columns: str = "") -> set[str]:
    return {line[1:5] for line in said(path, columns) if line.startswith("[M1")}


def long(number: int) -> str:
    return f"Note {number} of a {SECRET}.\n" + "no chest pain " * (10 + number % 89)


def test_everything_that_is_said_of_mimic_iii(tmp_path: Path) -> None:
    header = "ROW_ID,SUBJECT_ID,HADM_ID,CATEGORY,ISERROR,TEXT"
    rows = [
        [
            "1",
            "7",
            "",
            "Nursing ",
            "",
            f"[**Name 1**] has a {SECRET}.\n[**2162-8-19**]",
        ],
        ["2", "7", "", "Nursing", "", f"{SECRET}\nno ___"],
        ["3", "8", "", "ECG", "", f"{SECRET}\nno ___"],
        ["4", "8", "", "ECG", "1", SECRET],
        ["5", "8", "", "ECG", "", " "],
    ]
    path = save(tmp_path / "NOTEEVENTS.csv", header, rows)
    assert said(path) == [
        f"{path}: one CSV file",
        "read as: MIMIC-III NOTEEVENTS, 6 columns",
        "  text      TEXT (column 6)",
        "  note_id   ROW_ID (column 1)",
        "  patient   SUBJECT_ID (column 2)",
        "  category  CATEGORY (column 4)",
        "  error     ISERROR (column 5)",
        "notes: 3 of 2 patients (notes of a patient: median 2, most 2)",
        "characters: median 12, 95th centile 41, longest 41, together 65",
        "words: median 3, 95th centile 6, longest 6, together 12",
        "categories: 2",
        "           2  66.7%  Nursing",
        "           1  33.3%  ECG",
        "de-identification marks: 2 x [**...**], 2 x ___, in 3 notes (100.0%)",
        "copies: 1 notes (33.3%) repeat another's text",
        "gold: none",
        "left out: 1 x empty note",
        "left out: 1 x marked as an error (ISERROR)",
        "[M144] half of the notes have fewer than 30 characters: is it the right text "
        "column? Name another with --columns text=NAME.",
        "[M149] 2 records (40.0%) are left out, for the reasons above.",
    ]


def test_mimic_iv_categories_are_explained(tmp_path: Path) -> None:
    rows = [[f"1-{k}-1", "1", k, f"{long(i)} {k}"] for i, k in enumerate(("DS", "AR"))]
    path = save(tmp_path / "x.csv", "note_id,subject_id,note_type,text", rows)
    lines = "\n".join(said(path))
    assert "read as: MIMIC-IV-Note" in lines and "DS, discharge summary" in lines
    assert "AR, addendum to a radiology report" in lines


def test_gold_and_splits_are_counted(tmp_path: Path) -> None:
    gold = (CharSpan(0, 4, "Diseases", source="gold"),)
    notes = [
        Note("1", "p", "Gout.\n", "x", {"split": "dev"}, gold * 2),
        Note("2", "p", "nil\n", "x", {"gold": True}),
        Note("3", "q", "who\n", "x"),
    ]
    path = tmp_path / "x.jsonl"
    with path.open("w") as file:
        write_jsonl(file, notes)
    lines = said(path)
    assert "gold: 2 notes (66.7%), 2 spans" in lines
    assert "split: 1 notes name the one they belong to" in lines
    assert "categories: 1" in lines


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}_a.txt").write_text(long(number))
    (tmp_path / "README.md").write_text(SECRET)
    lines = said(tmp_path)
    assert lines[0].endswith("folder of 3 text files, 1 other files not read")
    assert "the file name up to its first '_'" in lines[1]
    assert "categories: none" in lines and codes(tmp_path) == set()


# Warnings


def test_good_notes_are_warned_of_in_nothing(tmp_path: Path) -> None:
    rows = [[str(i), str(i // 3), "ab"[i % 2], long(i)] for i in range(90)]
    path = save(tmp_path / "x.csv", "id,patient,category,text", rows)
    assert codes(path) == set()


def test_no_patients(tmp_path: Path) -> None:
    path = save(tmp_path / "x.csv", "text", [[long(1)], [long(2)]])
    assert codes(path) == {"M140"}
    assert "notes: 2, each of 2 texts its own patient" in said(path)


def test_one_category_holds_nearly_all(tmp_path: Path) -> None:
    rows = [["7", "ECG" if i else "CT", long(i)] for i in range(100)]
    path = save(tmp_path / "x.csv", "patient,category,text", rows)
    assert codes(path) == {"M141"}
    assert any("category ECG holds 99.0%" in line for line in said(path))
    assert codes(save(path, "patient,category,text", rows[1:])) == set()


@pytest.mark.parametrize(
    "values",
    [
        [f"{SECRET} {i}" for i in range(150)],
        [f"{SECRET} {i}" for i in range(60)],
        [SECRET * 20, "ECG"] * 30,
        ["ECG", f"one\n{SECRET}"],
    ],
    ids=["many", "as many as notes", "long", "of several lines"],
)
def test_what_is_no_category_is_not_shown(tmp_path: Path, values: list[str]) -> None:
    rows = [["7", value, long(i)] for i, value in enumerate(values)]
    path = save(tmp_path / "x.csv", "patient,type,text", rows)
    assert codes(path) == {"M142"}
    assert "categories: too many or too long for categories, so not shown" in said(path)
    with pytest.raises(MslmError, match="M108") as caught:
        said(path, categories=["CTG"])
    assert SECRET not in str(caught.value)
    assert codes(path, "category=") == set()


def test_a_rare_long_category_hides_no_others(tmp_path: Path) -> None:
    rows = [["7", "ECG" if i else SECRET * 20, long(i)] for i in range(100)]
    path = save(tmp_path / "x.csv", "patient,category,text", rows)
    lines = "\n".join(said(path))
    assert "99  99.0%  ECG" in lines and "1         (names too long" in lines


def test_patients_that_are_notes(tmp_path: Path) -> None:
    rows = [[str(i), long(i)] for i in range(60)]
    path = save(tmp_path / "x.csv", "patient,text", rows)
    assert codes(path) == {"M143"}


def test_notes_cut_off(tmp_path: Path) -> None:
    rows = [["7", (long(i) * 9)[: 1000 if i % 4 else 900 + i]] for i in range(60)]
    path = save(tmp_path / "x.csv", "patient,text", rows)
    assert codes(path) == {"M145"}
    assert any("45 notes (75.0%) have exactly 1,000" in line for line in said(path))
    # As many as the longest, but hardly more than are nearly as long.
    rows = [["7", (long(i) * 9)[: 1000 - i % 3]] for i in range(60)]
    assert codes(save(path, "patient,text", rows)) == set()


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("no line break here. " * 20, "M146", "line break"),
        ("{\\rtf1 " + "x\n" * 50, "M147", "markup"),
        ("line<br/>\n" * 9, "M147", "markup"),
        ("one line\\nanother line\\n" * 9, "M147", "two characters"),
        ("na\ufffdve patient\n" * 9, "M147", "U+FFFD"),
        ("patientâ€™s caf\u00c3\u00a9\n" * 9, "M147", "another encoding"),
        ("long\n" * 200_001, "M147", "1,000,000 characters"),
    ],
)
def test_texts_that_were_spoilt(
    tmp_path: Path, text: str, code: str, words: str
) -> None:
    path = save(tmp_path / "x.csv", "patient,text", [["7", text]])
    assert codes(path) == {code}
    assert any(words in line for line in said(path))


def test_other_columns_that_may_be_the_text(tmp_path: Path) -> None:
    path = save(tmp_path / "x.csv", "patient,Note,report", [["7", long(1), "x"]])
    assert codes(path) == {"M148"} and "(report)" in said(path)[-1]
    assert codes(path, "text=note") == set()


def test_a_category_that_was_asked_for_is_no_loss(tmp_path: Path) -> None:
    rows = [["7", "ab"[i % 2], long(i)] for i in range(10)]
    path = save(tmp_path / "x.csv", "patient,category,text", rows)
    lines = said(path, categories=["a"])
    assert "left out: 5 x other category" in lines and "M149" not in "".join(lines)


# Counting


@given(st.lists(st.integers(0, 30), min_size=1), st.sampled_from([0.05, 0.5, 0.95, 1]))
def test_quantiles_are_those_of_the_sorted_list(
    values: list[int], share: float
) -> None:
    lengths = Lengths()
    for value in values:
        lengths.add(value)
    wanted = np.quantile(values, share, method="inverted_cdf")
    assert lengths.quantile(share) == wanted
    assert (lengths.longest, lengths.total) == (max(values), sum(values))


@given(st.lists(st.text(max_size=2)))
def test_occurrences(values: list[str]) -> None:
    distinct = Distinct()
    for value in values:
        distinct.add(value)
    wanted = sorted(values.count(value) for value in set(values))
    assert sorted(distinct.counts()) == wanted


def test_categories_take_no_memory_for_what_is_none() -> None:
    categories = Categories()
    for number in range(5000):
        categories.add(f"{number} " + "x" * (number % 100))
    assert len(categories._counts) < 200 and categories.common() == []
    assert (
        categories.notes == 5000 and categories.listed() == "too many to be categories"
    )


def test_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy_mslm.notes.check.EVERY", 2)
    path = save(tmp_path / "x.csv", "text", [[long(i)] for i in range(5)])
    told: list[int] = []
    check_notes(path, progress=told.append)
    assert told == [2, 4]


def test_seen_ids_grow_and_tell_copies_from_clashes() -> None:
    seen = SeenIds()
    ids = [f"id{i}" for i in range(5000)]
    random.Random(0).shuffle(ids)
    assert {seen.add(name, f"text {name}") for name in ids} == {"new"}
    assert {seen.add(name, f"text {name}") for name in ids} == {"copy"}
    states = [seen.add(name, "another") for name in ids]
    assert states.count("clash") > 4900 and len(seen) == 5000
