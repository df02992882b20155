"""The stage and the command behind `notes synth`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.notes.sources import read_notes
from spacy_mslm.notes.synth import MentionKind
from spacy_mslm.stages.labelling.synth import synth_notes, wants_notes
from spacy_mslm.types import DropCounts

ASSETS = Path(__file__).parents[2] / "assets"
CONCEPTS, CLUSTERS = ASSETS / "concepts.csv", ASSETS / "clusters.yml"


def run_synth(out: Path, *more: str):
    arguments = ["notes", "synth", "--out", str(out), "--patients", "6", *more]
    tables = ["--concepts", str(CONCEPTS), "--clusters", str(CLUSTERS)]
    return CliRunner().invoke(register_commands(), [*arguments, *tables])


def test_what_is_written_is_what_the_reader_gives_back(tmp_path):
    out = tmp_path / "notes" / "synthetic.jsonl"
    made = synth_notes(out, concepts=CONCEPTS, clusters=CLUSTERS, patients=10, seed=3)
    drops = DropCounts()
    notes = list(read_notes(out, drops=drops))
    assert not drops
    assert len(notes) == made.notes and made.patients == 10
    assert sum(len(note.gold) for note in notes) == made.mentions
    assert {note.meta["split"] for note in notes} == {"train", "dev", "test"}
    assert all(note.meta["synthetic"] for note in notes)
    assert made.share(MentionKind.ABSENT) == pytest.approx(0.2, abs=0.03)


def test_the_same_arguments_write_the_same_bytes(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        assert run_synth(tmp_path / name).exit_code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_one_line_summary(tmp_path):
    result = run_synth(tmp_path / "n.jsonl")
    assert result.exit_code == 0 and result.output.count("\n") == 1
    assert "of 6 patients" in result.output and "absent" in result.output


def test_with_notes_of_ones_own_nothing_is_made(tmp_path):
    out = tmp_path / "n.jsonl"
    result = run_synth(out, "--source", str(tmp_path / "NOTEEVENTS.csv.gz"))
    assert result.exit_code == 0 and "not made" in result.output
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_source_that_is_the_output_is_made(tmp_path):
    out = tmp_path / "n.jsonl"
    assert run_synth(out, "--source", f"{tmp_path}/./n.jsonl").exit_code == 0
    assert json.loads(out.read_text(encoding="utf-8").splitlines()[0])["text"]
    assert wants_notes("", out) and wants_notes(str(out), out)


def test_a_failure_leaves_the_old_file(tmp_path):
    out = tmp_path / "n.jsonl"
    out.write_text("old")
    with pytest.raises(MslmError, match="M151"):
        synth_notes(out, concepts=CONCEPTS, clusters=CLUSTERS, patients=2, seed=0)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["n.jsonl"]
