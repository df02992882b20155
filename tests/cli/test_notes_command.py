"""`notes check` as it is typed, and the name of its forerunner."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli.notes import notes_app
from spacy_mslm.errors import MslmError

CONTENT = (
    "row_id,subject_id,category,iserror,text\n"
    '1,7,Nursing ,,"zebra\npain"\n2,7,ECG,,zebra\n3,8,ECG,1,zebra\n4,8,ECG,, \n'
)


def run(*arguments: str) -> str:
    shown = CliRunner().invoke(notes_app, arguments)
    if isinstance(shown.exception, MslmError):
        raise shown.exception
    assert shown.exit_code == 0, shown.output
    assert "zebra" not in shown.output
    return shown.output


def test_the_command_shows_counts_and_no_text(tmp_path: Path) -> None:
    path = tmp_path / "NOTEEVENTS.csv"
    path.write_text(CONTENT)
    shown = run("check", str(path))
    assert "MIMIC-III NOTEEVENTS" in shown and "notes: 2 of 1 patients" in shown
    assert "left out: 1 x empty note" in shown
    assert "warning: [M144]" in shown
    assert run("count", str(path)) == shown
    one = run("check", str(path), "--category", "nursing")
    assert "notes: 1 of 1 patients" in one


def test_columns_are_named_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("MRN,Zebra\n7,one zebra\n")
    with pytest.raises(MslmError, match="M109"):
        run("check", str(path))
    with pytest.raises(MslmError, match="M130"):
        run("check", str(path), "--columns", "NOTE")
    shown = CliRunner().invoke(
        notes_app, ["check", str(path), "--columns", "text=zebra,category=MRN"]
    )
    assert "text      Zebra (column 2)" in shown.output
    assert "category  MRN (column 1)" in shown.output
    assert "patient   MRN (column 1)" in shown.output
