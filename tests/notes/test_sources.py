"""Reading notes: the layouts, the filters, the sample. All notes are invented."""

import csv
import gzip
import io
import json
import random
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.deid import placeholder_spans
from spacy_mslm.notes.sources import read_notes, write_jsonl
from spacy_mslm.types import CharSpan, DropCounts, Note

MIMIC_HEADER = [
    "ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CHARTTIME", "STORETIME",
    "CATEGORY", "DESCRIPTION", "CGID", "ISERROR", "TEXT",
]  # fmt: skip


def mimic_row(
    row: int, subject: int, category: str, text: str, error: str = ""
) -> list[str]:
    middle = ["1", "2162-01-01", "", "", category, "Report", "", error, text]
    return [str(row), str(subject), *middle]


def csv_text(rows: Iterable[list[str]], header: list[str] = MIMIC_HEADER) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_NONNUMERIC).writerows([header, *rows])
    return out.getvalue()


def save(path: Path, text: str) -> Path:
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def many(count: int) -> list[list[str]]:
    return [
        mimic_row(i, i // 3, "Nursing", f'Note {i}\n"quoted", line')
        for i in range(count)
    ]


ROWS = [
    mimic_row(174, 22, "Physician ", 'He said "no".\n\nChest\npain, 5.5 cm\r\n'),
    mimic_row(175, 22, "Discharge summary", "withdrawn", error="1"),
    mimic_row(176, 23, "Respiratory ", "   \n "),
    mimic_row(177, 23, "Nursing", "pt stable"),
]


@pytest.mark.parametrize("name", ["NOTEEVENTS.csv", "NOTEEVENTS.csv.gz", "part.csv"])
@pytest.mark.parametrize("lower", [False, True])
def test_mimic_iii(tmp_path: Path, name: str, lower: bool) -> None:
    header = [column.lower() if lower else column for column in MIMIC_HEADER]
    path = save(tmp_path / name, csv_text(ROWS, header))
    drops = DropCounts()
    first, second = read_notes(path, drops=drops)
    assert first == Note("174", "22", ROWS[0][-1], "Physician")
    assert (second.note_id, second.patient_id, second.text) == (
        "177",
        "23",
        "pt stable",
    )
    assert drops == {"marked as an error (ISERROR)": 1, "empty note": 1}


MIMIC4_HEADER = [
    "note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime",
    "storetime", "text",
]  # fmt: skip


def mimic4_row(note_id: str, text: str) -> list[str]:
    subject, kind, number = note_id.split("-")
    return [note_id, subject, "2", kind, number, "2180-05-07 00:00:00", "", text]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("discharge.csv.gz", ("DS", "AD")), ("radiology.csv.gz", ("RR", "AR"))],
)
def test_mimic_iv(tmp_path: Path, name: str, kinds: tuple[str, str]) -> None:
    texts = ["Dear Ms. ___,\n\nrest.", 'Addendum of ___:\n"clear".']
    rows = [
        mimic4_row(f"10-{kind}-21", t) for kind, t in zip(kinds, texts, strict=True)
    ]
    path = save(tmp_path / name, csv_text(rows, MIMIC4_HEADER))
    assert list(read_notes(path, drops=DropCounts())) == [
        Note(f"10-{kind}-21", "10", text, kind)
        for kind, text in zip(kinds, texts, strict=True)
    ]
    for note in read_notes(path, drops=DropCounts()):
        [(start, end)] = placeholder_spans(note.text)
        assert note.text[start:end] == "___"


def test_the_folder_of_mimic_iv_note(tmp_path: Path) -> None:
    """As it is downloaded: the tables of details beside the notes are none."""
    detail = (
        "note_id,subject_id,field_name,field_value,field_ordinal\n1,2,author,___,1\n"
    )
    for name, kind in (("discharge", "DS"), ("radiology", "RR")):
        rows = [mimic4_row(f"10-{kind}-21", f"{name} ___")]
        save(tmp_path / f"{name}.csv.gz", csv_text(rows, MIMIC4_HEADER))
        save(tmp_path / f"{name}_detail.csv.gz", detail)
    notes = list(read_notes(tmp_path, drops=DropCounts()))
    assert [note.category for note in notes] == ["DS", "RR"]


def test_any_csv_with_a_text_column(tmp_path: Path) -> None:
    header = ["dataset", "encounter_id", "dialogue", "note"]
    rows = [["aci", "D1", "hello", "Gout."], ["aci", "D2", "hi", "Gout."]]
    path = save(tmp_path / "visits.csv", "\ufeff" + csv_text(rows, header))
    one, two = read_notes(path, drops=DropCounts())
    assert (one.note_id, one.category, one.text) == ("D1", "aci", "Gout.")
    assert one.patient_id == two.patient_id != ""  # copies stay together


def test_without_ids_rows_are_numbered(tmp_path: Path) -> None:
    path = save(tmp_path / "x.tsv", "Text\tsplit\nno pain\ttest\n\nasthma\t\n")
    one, two = read_notes(path, drops=DropCounts())
    assert (one.note_id, dict(one.meta)) == ("row-2", {"split": "test"})
    assert (two.note_id, dict(two.meta)) == ("row-3", {})
    assert one.patient_id != two.patient_id


def test_a_row_without_its_patient_is_counted(tmp_path: Path) -> None:
    path = save(tmp_path / "x.csv", "patient_id,text\n,a\n7,b\n")
    drops = DropCounts()
    assert [note.text for note in read_notes(path, drops=drops)] == ["b"]
    assert drops == {"no patient id": 1}


def test_json_lines_round_trip(tmp_path: Path) -> None:
    gold = (CharSpan(0, 4, "Diseases", source="gold", concept_id="D1"),)
    notes = [
        Note("1", "p", "Gout.\n病 ___", "Nursing", {"split": "dev"}, gold),
        Note("2", "p", "nil", meta={"gold": True, "synthetic": True}),
    ]
    for name in ("notes.jsonl", "notes.jsonl.gz"):
        out = io.StringIO()
        assert write_jsonl(out, notes) == 2
        path = save(tmp_path / name, out.getvalue())
        assert list(read_notes(path, drops=DropCounts())) == notes
    first = out.getvalue().splitlines()[0]
    assert list(json.loads(first)) == sorted(json.loads(first)) and "病" in first


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    (tmp_path / "icu").mkdir()
    save(tmp_path / "22_second.txt", "b\r\n")
    save(tmp_path / "22_first.txt", "a")
    save(tmp_path / "icu" / "31.txt", "c")
    save(tmp_path / "empty.txt", "")
    save(tmp_path / "22_first.ann", "not a note")
    drops = DropCounts()
    assert list(read_notes(tmp_path, drops=drops)) == [
        Note("22_first", "22", "a"),
        Note("22_second", "22", "b\r\n"),
        Note("icu/31", "31", "c", "icu"),
    ]
    assert drops == {"empty note": 1}
    (note,) = read_notes(tmp_path / "icu" / "31.txt", drops=DropCounts())
    assert note.text == "c"


def test_categories_are_stripped_and_caseless(tmp_path: Path) -> None:
    path = save(tmp_path / "NOTEEVENTS.csv", csv_text(ROWS))
    drops = DropCounts()
    (note,) = read_notes(path, drops=drops, categories=["physician "])
    assert note.note_id == "174"
    assert drops["other category"] == 1


def test_an_unknown_category_names_those_found(tmp_path: Path) -> None:
    path = save(tmp_path / "NOTEEVENTS.csv", csv_text(ROWS))
    notes = read_notes(path, drops=DropCounts(), categories=["Nursing", "ECG"])
    with pytest.raises(MslmError, match=r"\[M108\].*ecg.*Nursing"):
        next(notes)


def test_a_sample_is_seeded_in_source_order_and_of_records(tmp_path: Path) -> None:
    rows = many(300)
    path = save(tmp_path / "NOTEEVENTS.csv.gz", csv_text(rows))

    def sample(seed: int, size: int = 40, where: Path = path) -> list[str]:
        notes = read_notes(where, drops=DropCounts(), sample=size, seed=seed)
        return [note.note_id for note in notes]

    drawn = sample(1)
    assert len(drawn) == 40 and drawn == sorted(drawn, key=int)
    assert drawn == sample(1) and drawn != sample(2)
    assert set(sample(1, 20)) < set(drawn)
    random.Random(0).shuffle(rows)
    other = save(tmp_path / "other.csv", csv_text(rows))
    assert set(sample(1, where=other)) == set(drawn)
    assert len(sample(1, 1000)) == 300


def test_a_sample_is_drawn_within_the_categories(tmp_path: Path) -> None:
    rows = many(50) + [mimic_row(900 + i, i, "Echo ", "echo") for i in range(10)]
    path = save(tmp_path / "NOTEEVENTS.csv", csv_text(rows))
    drops = DropCounts()
    notes = list(read_notes(path, drops=drops, categories=["Echo"], sample=4, seed=3))
    assert {note.category for note in notes} == {"Echo"} and len(notes) == 4
    assert drops == {"other category": 50, "not in the sample": 6}


def test_copies_are_counted(tmp_path: Path) -> None:
    path = save(tmp_path / "NOTEEVENTS.csv", csv_text([ROWS[3], ROWS[3], ROWS[0]]))
    drops = DropCounts()
    assert len(list(read_notes(path, drops=drops))) == 2
    assert drops == {"same note id and text again": 1}


def test_a_two_megabyte_note_is_a_note(tmp_path: Path) -> None:
    text = 'He said "no".\n' * 150_000
    path = save(tmp_path / "NOTEEVENTS.csv", csv_text([mimic_row(1, 1, "ECG", text)]))
    (note,) = read_notes(path, drops=DropCounts())
    assert note.text == text


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    text = "no chest pain \n" * 200

    def peak(count: int) -> int:
        rows = (mimic_row(i, i, "ECG", f"{i} {text}") for i in range(count))
        path = save(tmp_path / "NOTEEVENTS.csv.gz", csv_text(rows))
        tracemalloc.start()
        kept = sum(1 for _ in read_notes(path, drops=DropCounts(), sample=50))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert kept == 50
        return top

    assert peak(2000) < peak(200) + 200_000
