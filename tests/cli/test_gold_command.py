import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError

CONFIG = Path(__file__).parents[2] / "configs" / "gold.cfg"


@pytest.fixture
def run():
    app = register_commands()
    return lambda *args: CliRunner().invoke(app, ["gold", *map(str, args)])


@pytest.fixture
def gold(tmp_path):
    folder = tmp_path / "brat"
    folder.mkdir()
    for i in range(6):
        text = f"Case {i} has fever and more"
        (folder / f"{i}.txt").write_text(text)
        (folder / f"{i}.ann").write_text("T1\tSign 11 16\tfever\nT2\tAge 0 4\tCase\n")
    return folder


def test_rows_are_printed_and_settings_pass_through(run, trained, gold, tmp_path):
    trained.to_disk(tmp_path / "model")
    options = ["--labels", "Sign=Symptoms", "--sizes", "0,4", "--test", 0.3]
    options += ["--config", CONFIG, "--training.max_steps", 1, "--training.patience=7"]
    result = run(tmp_path / "model", gold, "--out", tmp_path / "gold", *options)
    assert result.exit_code == 0, result.output
    said = json.loads((tmp_path / "gold" / "gold.json").read_text())
    passed = {"training.max_steps": 1, "training.patience": 7}
    assert said["settings"]["overrides"] == passed
    assert said["drops"]["span of a type that the pipeline does not know: Age"] == 6
    table = result.output[result.output.index("Trained on") :].splitlines()
    assert table[1].startswith("weak labels alone ") and " 0 " in table[1]
    assert table[2].startswith("weak labels, then gold ") and " 4 " in table[2]
    assert "same 2 gold documents of 2 patients with 2 mentions" in result.output


def test_without_gold_it_is_told_at_once_and_without_torch(tmp_path):
    script = (
        "import sys\nfrom spacy_mslm.cli import main\n"
        "sys.argv = ['x', 'gold', 'none', '', '--out', 'gold']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'torch', 'spacy'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "no gold given" in done.stdout
    assert json.loads((tmp_path / "gold" / "gold.json").read_text())["given"] is False


def test_mistakes_are_told(run, gold, tmp_path):
    out = ["--out", tmp_path / "gold"]
    cases = {"--sizes a": "M726", "--labels A": "M723", "--sizs 1": "M727"}
    for options, code in cases.items():
        result = run("none", gold, *out, *options.split())
        assert isinstance(result.exception, MslmError) and code in str(result.exception)
