import json

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.corpus.docs import write_docbins
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.measuring.evaluate import evaluate


@pytest.fixture
def run():
    app = register_commands()
    return lambda *args: CliRunner().invoke(app, ["report", *map(str, args)])


@pytest.fixture
def work(trained, gold_corpus, tmp_path):
    folder = tmp_path / "trial"
    docs = [example.reference for example in gold_corpus(trained)]
    for split in ("train", "test"):
        write_docbins(folder / "corpus" / split, docs)
    (folder / "corpus" / "manifest.json").write_text(json.dumps({"has_gold": False}))
    trained.to_disk(folder / "calibrated")
    model = folder / "calibrated"
    evaluate(model, folder / "corpus", folder / "metrics.json")
    return folder


def test_prints_the_table_again_and_the_path_of_the_page(run, work):
    result = run(work, "--out", work / "report", "--notes", 1)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "AGREEMENT WITH THE LABELLER, NOT ACCURACY"
    assert str(work / "report" / "index.html") in lines[-1]
    page = (work / "report" / "index.html").read_text()
    assert page.count("<article>") == 1


def test_before_evaluate_it_is_one_coded_line(run, tmp_path):
    result = run(tmp_path)
    assert isinstance(result.exception, MslmError) and "[M761]" in str(result.exception)


def test_help(run):
    assert "holds text of notes" in run("--help").output
