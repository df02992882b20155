import json

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.corpus.docs import write_docbins
from spacy_mslm.errors import MslmError


@pytest.fixture
def run():
    app = register_commands()
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def folders(trained, gold_corpus, tmp_path):
    """(pipeline, corpus whose dev is the training set three times, out)"""
    docs = [example.reference for example in gold_corpus(trained)]
    for split in ("dev", "test"):
        write_docbins(tmp_path / "corpus" / split, docs * 3)
    (tmp_path / "corpus" / "manifest.json").write_text("{}")
    trained.to_disk(tmp_path / "model")
    return tmp_path / "model", tmp_path / "corpus", tmp_path / "calibrated"


def test_tells_why_nothing_was_fitted_and_shows_the_tables(run, folders):
    model, corpus, out = folders
    result = run("calibrate", model, corpus, "--out", out)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("no temperature (T = 1): only ")
    assert "split 'dev', against MedCAT labels" in lines[1]
    assert any(line.startswith("calibration error (ECE)") for line in lines)
    assert [line for line in lines if line.startswith("outside bias")]
    assert f"{out} and {out.parent / 'calibration.json'}" in lines[-1]
    assert all(len(line) <= 80 for line in lines[1:-1])


def test_evaluate_takes_what_it_wrote(run, folders):
    model, corpus, out = folders
    run("calibrate", model, corpus, "--out", out, "--bias-words", 0)
    fit, metrics = out.parent / "calibration.json", out.parent / "metrics.json"
    result = run("evaluate", out, corpus, "--out", metrics, "--calibration", fit)
    assert result.exit_code == 0, result.output
    assert "Confidence against MedCAT labels: ECE 0." in result.output
    assert json.loads(metrics.read_text())["calibration"]["fit"]["split"] == "dev"


def test_a_wrong_corpus_is_one_coded_line(run, folders, tmp_path):
    result = run("calibrate", folders[0], tmp_path / "none", "--out", folders[2])
    assert isinstance(result.exception, MslmError) and "[M701]" in str(result.exception)


def test_help(run):
    assert "Fit a temperature on dev" in run("calibrate", "--help").output
