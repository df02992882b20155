"""`annotate` and `corpus import`, as they are typed."""

import json

import pytest
import spacy
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.corpus.docs import read_docs
from spacy_mslm.errors import MslmError


@pytest.fixture
def run():
    def invoke(*arguments):
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(register_commands(), words)

    return invoke


@pytest.fixture
def model(tmp_path):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "Symptoms", "pattern": "fever"}])
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.csv"
    rows = "".join(f"{i},{i},no fever {i}\n" for i in range(5))
    path.write_text(f"note_id,subject_id,text\n{rows}")
    return path


@pytest.mark.parametrize("command", [("annotate",), ("corpus", "import")])
def test_help(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0 and "Usage" in result.output


def test_help_says_that_text_is_written(run):
    assert "TEXT OF THE NOTES" in run("annotate", "--help").output


def test_annotate_correct_import(run, model, notes, tmp_path):
    out, corpus = tmp_path / "out", tmp_path / "corpus"
    result = run("annotate", model, notes, "--out", out, "--shard-size", 2)
    assert result.exit_code == 0, result.output
    assert f"Wrote {out} (brat, holds the text of the notes): 5 notes" in result.stdout
    assert "spans: Symptoms 5" in result.stdout and "no fever" not in result.output
    # A ruler gives no confidence, so none is written.
    assert (out / "3.ann").read_text() == "T1\tSymptoms 3 8\tfever\n"
    (out / "3.ann").write_text("T1\tAbsent 0 8\tno fever\nE1\tAbsent:T1\n")
    options = ("--labels", "Absent=None,Symptoms", "--dev", 0.2, "--test", 0.2)
    result = run("corpus", "import", out, "--out", corpus, *options, "--seed", 1)
    assert result.exit_code == 0, result.output
    assert "train 3 docs 3 entities, dev 1 docs 1 entities" in result.stdout
    assert "1 x brat event line (E)" in result.stdout
    docs = list(read_docs(corpus, spacy.blank("en").vocab))
    labels = sorted(e.label_ for doc in docs for e in doc.ents)
    assert labels == ["None", *["Symptoms"] * 4]
    assert {doc.user_data["patient_id"] for doc in docs} == set("01234")


def test_import_for_test_alone(run, tmp_path):
    row = {"text": "a fever", "answer": "accept"}
    spans = [{"start": 2, "end": 7, "label": "S"}]
    path = tmp_path / "db.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "spans": spans}))
    out = tmp_path / "corpus"
    result = run("corpus", "import", path, "--out", out, "--test-only")
    assert result.exit_code == 0, result.output
    assert f"Wrote {out}: test 1 docs 1 entities\n" in result.stdout
    assert "1 x document annotated again (the last one stands)" in result.stdout
    manifest = json.loads((out / "manifest.json").read_text("utf8"))
    assert manifest["settings"]["format"] == "prodigy"
    assert "fever" not in (out / "manifest.json").read_text("utf8")


def test_errors_are_coded(run, model, notes, tmp_path):
    result = run("annotate", model, notes, "--out", tmp_path / "out", "--format", "x")
    assert isinstance(result.exception, MslmError)
    assert str(result.exception).startswith("[M786] no annotation format 'x'")
    result = run("corpus", "import", notes, "--out", tmp_path / "out")
    assert str(result.exception).startswith("[M338]")
