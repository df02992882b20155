import json

import pytest
import spacy
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError

IOB = "Aspirin\tB-Drug\nhelps\tO\n\nno\tO\n"


@pytest.fixture
def run():
    def invoke(*arguments):
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(register_commands(), words)

    return invoke


@pytest.fixture
def corpus(tmp_path, run):
    files = []
    for name in ("train", "dev", "test"):
        files.append(tmp_path / f"{name}.tsv")
        files[-1].write_text(IOB)
    result = run("corpus", "iob", *files, "--out", tmp_path / "corpus")
    assert result.exit_code == 0, result.output
    return tmp_path / "corpus"


@pytest.mark.parametrize(
    "command",
    [
        ("corpus",),
        ("corpus", "build"),
        ("corpus", "iob"),
        ("corpus", "ebm-nlp"),
        ("evaluate",),
    ],
)
def test_help(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0 and "Usage" in result.output


def test_iob_then_stats(corpus, run, tmp_path):
    assert (corpus / "dev" / "0000.spacy").is_file()
    result = run("corpus", "stats", corpus, "--out", tmp_path / "stats.json")
    assert result.exit_code == 0 and "warning: [M313] label 'Drug'" in result.output
    report = json.loads((tmp_path / "stats.json").read_text())
    assert report["splits"]["train"]["entities"] == {"Drug": 1}


def test_evaluate_prints_the_table_and_writes_the_metrics(corpus, run, tmp_path):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "Drug", "pattern": "Aspirin"}])
    nlp.to_disk(tmp_path / "model")
    out = tmp_path / "metrics.json"
    result = run("evaluate", tmp_path / "model", corpus, "--out", out)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("HELD-OUT NOTES AGAINST GOLD\n")
    assert json.loads(out.read_text())["rows"][0]["em"] == 1.0
    assert max(map(len, result.output.splitlines()[:-1])) <= 80


def test_a_bad_file_is_a_coded_error_and_writes_nothing(run, tmp_path):
    bad = tmp_path / "train.tsv"
    bad.write_text("a\tI-X\n")
    result = run("corpus", "iob", bad, "--out", tmp_path / "c")
    assert isinstance(result.exception, MslmError)
    assert not (tmp_path / "c").exists()
    result = run("corpus", "iob", bad, "--out", tmp_path / "c", "--repair")
    assert result.exit_code == 0


def test_ebm_nlp_to_iob_and_on_to_a_corpus(run, tmp_path, write_ebm_nlp):
    folder = tmp_path / "ebm_nlp_2_00"
    for part, pmid in (("train", "19"), ("train", "18"), ("test/gold", "7")):
        codes = ("1110", "0011", "0000")
        write_ebm_nlp(folder, part, pmid, "ten old men .", *codes)
    out = tmp_path / "ebm"
    result = run("corpus", "ebm-nlp", folder, "--out", out)
    assert result.exit_code == 0, result.output
    assert "train 1 docs 1 entities, dev 1 docs 1 entities, test" in result.output
    assert "  3 x Interventions span that overlaps a longer one" in result.output
    files = [out / f"{split}.tsv" for split in ("train", "dev", "test")]
    result = run("corpus", "iob", *files, "--out", tmp_path / "corpus")
    assert result.exit_code == 0, result.output
    result = run("corpus", "ebm-nlp", folder, "--fine", "--out", tmp_path / "fine")
    assert isinstance(result.exception, MslmError)
    assert not (tmp_path / "fine").exists()
