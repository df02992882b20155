import hashlib
import json

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError

ROW = {
    "note_id": "n0",
    "text": "Fever and wombatitis.",
    "gold": [{"start": 0, "end": 5, "label": "Sign"}],
    "spans": [
        {"start": 0, "end": 5, "label": "S", "source": "medcat"},
        {"start": 10, "end": 20, "label": "S", "source": "medcat"},
    ],
}


@pytest.fixture
def run():
    app = register_commands()
    return lambda *args: CliRunner().invoke(app, ["review", *map(str, args)])


@pytest.fixture
def labels(tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    data = (json.dumps(ROW) + "\n").encode()
    (folder / "part-00000.jsonl").write_bytes(data)
    shards = {"part-00000.jsonl": hashlib.sha256(data).hexdigest()}
    about = {"shards": shards, "spans": {"S": 2}, "concepts_hash": ""}
    (folder / "manifest.json").write_text(json.dumps(about))
    return folder


def test_says_the_least_and_where_the_rest_is(run, labels, tmp_path):
    lists = tmp_path / "lists.csv"
    result = run(labels, "--gold-labels", "Sign=S", "--lists", lists)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "1 notes, 0 without any span"
    assert lines[1] == "  S: 2 spans, in 100.0% of the notes"
    assert lines[3] == "  S: 50.0 100.0 66.7 (66.7)"
    assert str(tmp_path / "review" / "index.html") in lines[-1]
    assert "wombat" not in result.output and "wombat" in lists.read_text()


def test_no_text(run, labels, tmp_path):
    result = run(labels, "--no-text", "--out", tmp_path / "out", "--sentences", 0)
    assert result.exit_code == 0, result.output
    assert "holds no sentence" in result.output
    assert "wombat" not in (tmp_path / "out" / "index.html").read_text()


def test_an_error_is_one_coded_line(run, tmp_path):
    result = run(tmp_path)
    assert isinstance(result.exception, MslmError) and "[M730]" in str(result.exception)
    assert "holds text of notes" in run("--help").output.replace("\n", " ")
