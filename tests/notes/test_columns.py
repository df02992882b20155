"""Columns by their usual names and by option, the same in every kind of table."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.columns import ColumnNames, find_columns
from spacy_mslm.notes.sources import read_notes
from spacy_mslm.types import DropCounts, Note

KINDS = ["x.csv", "x.tsv", "x.jsonl", "x.parquet"]
HEADER = ("Visit", "MRN no", "Kind, of note", "Report", "Body text")
ROWS = [
    ("v1", "7", "ECG", "normal", "sinus rhythm"),
    ("v2", "8", "CT", "normal", "no bleed"),
]
OPTION = "text=Body text, patient=mrn NO,note_id=Visit,category=Kind, of note"


def save(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Path:
    if path.suffix in (".csv", ".tsv"):
        mark = "," if path.suffix == ".csv" else "\t"
        lines = (mark.join(f'"{field}"' for field in row) for row in (header, *rows))
        path.write_text("\n".join(lines))
        return path
    listed = [dict(zip(header, row, strict=True)) for row in rows]
    if path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, listed)))
    else:
        pa = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(
            pa.Table.from_pylist(listed), path
        )
    return path


def notes(path: Path, option: str = "", **options: Any) -> list[Note]:
    columns = ColumnNames.parse(option)
    return list(read_notes(path, drops=DropCounts(), columns=columns, **options))


@pytest.mark.parametrize("name", KINDS)
def test_columns_by_option(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / name, ROWS, HEADER)
    assert notes(path, OPTION) == [
        Note("v1", "7", "sinus rhythm", "ECG"),
        Note("v2", "8", "no bleed", "CT"),
    ]
    # Without the option the usual name is taken: not always what was meant.
    assert [note.text for note in notes(path)] == ["normal", "normal"]
    (note,) = notes(path, OPTION, categories=["ct"])
    assert note.note_id == "v2"


@pytest.mark.parametrize("name", KINDS)
def test_a_named_column_that_is_not_there(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / name, ROWS, HEADER)
    for part in ("text", "note_id", "patient", "category", "split", "error"):
        with pytest.raises(MslmError) as caught:
            notes(path, f"{part}=Wrong")
        message = str(caught.value)
        assert message.startswith("[M131]") and f"{part}=Wrong" in message
        assert "5 columns" in message and "names it has: report." in message
        assert "Body" not in message  # an unknown name may be a note


@pytest.mark.parametrize("name", KINDS)
def test_parts_can_be_switched_off(tmp_path: Path, name: str) -> None:
    header = ("id", "patient", "type", "text")
    rows = [("a", "7", "ECG", "one"), ("a", "8", "CT", "two")]
    path = save(tmp_path / name, rows, header)
    with pytest.raises(MslmError, match=r"M111.*'note_id=' numbers the rows"):
        notes(path)
    one, two = notes(path, "note_id=,category=,patient=")
    assert one.note_id != two.note_id and one.category == ""
    assert one.patient_id.startswith("text-") and one.patient_id != two.patient_id


@pytest.mark.parametrize("name", KINDS)
def test_marked_errors_and_missing_patients_are_left_out(
    tmp_path: Path, name: str
) -> None:
    header = ("note", "person_id", "split", "ISERROR")
    rows = [
        ("kept", "7", "dev", ""),
        ("withdrawn", "7", "", "1"),
        ("whose?", " ", "", ""),
        ("", "8", "", "0"),
    ]
    path = save(tmp_path / name, rows, header)
    drops = DropCounts()
    (note,) = read_notes(path, drops=drops)
    assert (note.text, note.patient_id, dict(note.meta)) == (
        "kept",
        "7",
        {"split": "dev"},
    )
    assert drops == {
        "marked as an error (ISERROR)": 1,
        "no patient id": 1,
        "empty note": 1,
    }
    assert len(notes(path, "error=,patient=")) == 3


def test_json_rows_may_lack_what_others_have(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = [
        {"text": "a", "subject_id": 7, "id": 1.0},
        {"text": "b", "id": 2},
        {"text": None, "subject_id": 7},
        *({"text": f"c{i}", "subject_id": 7} for i in range(100)),
        {"text": "d", "subject_id": 8, "category": "late"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    drops = DropCounts()
    found = list(read_notes(path, drops=drops))
    assert (found[0].note_id, found[0].patient_id) == ("1", "7")
    assert (found[-1].note_id, found[-1].category) == ("row-104", "late")
    assert drops == {"no patient id": 1, "empty note": 1}


def test_text_files_have_no_columns(tmp_path: Path) -> None:
    (tmp_path / "7.txt").write_text("a")
    for path in (tmp_path, tmp_path / "7.txt"):
        with pytest.raises(MslmError, match="M132"):
            notes(path, "text=note")


# The option


def test_the_option_as_it_is_typed() -> None:
    assert ColumnNames.parse("") == ColumnNames() and not ColumnNames.parse(" ").any
    asked = ColumnNames.parse(" text = Note, in full ,patient=MRN,category=")
    assert asked == ColumnNames(text="Note, in full", patient="MRN", category="")
    assert asked.any and asked["patient"] == "MRN" and asked["note_id"] is None
    assert ColumnNames.parse("text=a=b").text == "a=b"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("NOTE_TEXT", "'NOTE_TEXT' has no '='"),
        ("text=a,pateint=b", "there is no part 'pateint'"),
        ("text=a,text=b", "text is named twice"),
        ("text=", "notes need a text"),
        (",", "',' has no '='"),
    ],
)
def test_a_wrong_option(typed: str, reason: str) -> None:
    with pytest.raises(MslmError, match="M130") as caught:
        ColumnNames.parse(typed)
    assert reason in str(caught.value) and "text=NOTE_TEXT" in str(caught.value)


# Layouts


@pytest.mark.parametrize(
    ("names", "layout", "found"),
    [
        ("ROW_ID SUBJECT_ID CATEGORY ISERROR TEXT note_id", "MIMIC-III NOTEEVENTS",
         {"note_id": 0, "patient": 1, "category": 2, "error": 3, "text": 4}),
        ("note_id subject_id note_type text type", "MIMIC-IV-Note",
         {"note_id": 0, "patient": 1, "category": 2, "text": 3}),
        ("note_id person_id note_title note_text text", "OMOP NOTE",
         {"note_id": 0, "patient": 1, "text": 3}),
        ("x id body report", "columns by their names", {"note_id": 1, "text": 3}),
    ],
)  # fmt: skip
def test_layouts(names: str, layout: str, found: dict[str, int]) -> None:
    columns = find_columns(Path("x"), names.split(), ColumnNames(), where="first row")
    assert (columns.layout, columns.places) == (layout, found)


def test_a_layout_needs_only_the_columns_that_are_not_named() -> None:
    names = ["ROW_ID", "SUBJECT_ID", "ISERROR", "TEXT", "DESCRIPTION"]
    with pytest.raises(MslmError, match=r"M102.*missing column CATEGORY;"):
        find_columns(Path("x"), names, ColumnNames(), where="")
    asked = ColumnNames(category="description")
    assert find_columns(Path("x"), names, asked, where="").name("category") == (
        "DESCRIPTION"
    )
    # A file of that name with columns of its own.
    asked = ColumnNames(text="a")
    columns = find_columns(Path("NOTEEVENTS.csv"), ["a", "b"], asked, where="")
    assert columns.places == {"text": 0}


def test_a_name_written_exactly_so_wins() -> None:
    columns = find_columns(Path("x"), ["Text", "text"], ColumnNames(), where="")
    assert columns.places["text"] == 1
    asked = ColumnNames(text="Text")
    assert (
        find_columns(Path("x"), ["Text", "text"], asked, where="").places["text"] == 0
    )
    with pytest.raises(MslmError, match="M121"):
        find_columns(Path("x"), ["Text", "TEXT"], ColumnNames(), where="")
