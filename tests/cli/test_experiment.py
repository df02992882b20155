"""`experiment`: from runs to results, tables, charts and the report."""

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.experiments import plans
from spacy_mslm.experiments.plans import Experiment
from spacy_mslm.experiments.spec import RunSpec

SENTENCES = "the\tO\nchest\tB-S\npain\tI-S\n\ngiven\tO\naspirin\tB-T\n\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    (root / "tiny").mkdir()
    for split in ("train", "dev", "test"):
        (root / "tiny" / f"{split}.tsv").write_text(SENTENCES * 4)
    return root


@pytest.fixture
def run(monkeypatch, tiny_encoder, tmp_path):
    """`run(command, ...)` of an experiment of two arms, one run each."""
    small = {"encoder": str(tiny_encoder), "updates": 4, "precision": "float32"}
    specs = (
        RunSpec(data="tiny", arm="vanilla", **small),
        RunSpec(data="tiny", arm="mslm", strategy="joint", **small),
    )
    known = {"small": Experiment("small", "Does it run?", specs)}
    monkeypatch.setattr(plans, "experiments", lambda: known)
    monkeypatch.chdir(tmp_path)
    app = register_commands()
    return lambda *args: CliRunner().invoke(app, ["experiment", *map(str, args)])


def test_from_runs_to_the_report(run, data, tmp_path):
    assert "0 of 2" in run("list").output
    first = run("run", "small", "--data", data, "--most", 1)
    assert first.exit_code == 0 and "Made 1 runs" in first.output
    told = run("report")
    assert told.output.splitlines() == [
        "Wrote results/README.md and results/index.html: small 1 of 2 runs"
    ]
    assert "- tiny: mslm" in (tmp_path / "results" / "README.md").read_text()
    assert "Made 1 runs" in run("run", "small", "--data", data).output
    assert "2 of 2" in run("list").output
    assert "| mslm | 1 |" in run("table", "small").output
    told = run("plot", "small")
    assert told.output.splitlines()[-1].startswith(
        "Wrote 3 charts to results/plots/small"
    )
    run("report")
    text = (tmp_path / "results" / "README.md").read_text()
    assert "experiment run" not in text and "(plots/small/learning-tiny.svg)" in text
    names = {p.name for p in (tmp_path / "results").iterdir()}
    assert names == {"small.jsonl", "README.md", "index.html", "plots"}


@pytest.mark.parametrize("command", ["report", "plot small", "table small"])
def test_without_results_the_next_step_is_told(run, command, tmp_path):
    result = run(*command.split())
    assert isinstance(result.exception, MslmError)
    assert "M810" in str(result.exception)
    assert "'experiment run small'" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_an_unknown_experiment_is_told(run):
    result = run("plot", "none")
    assert "M809" in str(result.exception) and "small" in str(result.exception)
