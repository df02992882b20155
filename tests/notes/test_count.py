from pathlib import Path

from typer.testing import CliRunner

from spacy_mslm.cli.notes import notes_app
from spacy_mslm.notes.count import count_notes
from spacy_mslm.notes.seen import SeenIds
from spacy_mslm.types import Note

CONTENT = (
    "row_id,subject_id,category,iserror,text\n"
    '1,7,Nursing ,,"zebra\npain"\n2,7,ECG,,zebra\n3,8,ECG,1,zebra\n4,8,ECG,, \n'
)


def test_counts() -> None:
    notes = [Note(str(i), str(i // 2), "x" * i, "ECG" if i else "") for i in range(4)]
    counts = count_notes(notes)
    assert (counts.notes, counts.patients, counts.longest) == (4, 2, 3)
    assert counts.categories == {"ECG": 3, "": 1} and counts.characters == 6


def test_the_command_shows_counts_and_no_text(tmp_path: Path) -> None:
    path = tmp_path / "NOTEEVENTS.csv"
    path.write_text(CONTENT)
    shown = CliRunner().invoke(notes_app, ["count", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "2 notes of 1 patients" in shown.output and "zebra" not in shown.output
    assert "1  left out: empty note" in shown.output
    assert "1  left out: marked as an error" in shown.output
    one = CliRunner().invoke(notes_app, ["count", str(path), "--category", "nursing"])
    assert "1 notes of 1 patients" in one.output


def test_seen_ids_grow_and_tell_copies_from_clashes() -> None:
    seen = SeenIds()
    assert {seen.add(f"id{i}", f"text {i}") for i in range(5000)} == {"new"}
    assert {seen.add(f"id{i}", f"text {i}") for i in range(5000)} == {"copy"}
    states = [seen.add(f"id{i}", "another") for i in range(5000)]
    assert states.count("clash") > 4900 and len(seen) == 5000
