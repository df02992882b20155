import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands


@pytest.fixture
def run():
    app = register_commands()
    return lambda *args: CliRunner().invoke(app, ["doctor", *map(str, args)])


def test_all_there_is_exit_0(run, tiny_encoder):
    result = run("--encoder", tiny_encoder)
    assert result.exit_code == 0, result.output
    assert "nothing is missing" in result.output.splitlines()[-1]


def test_an_encoder_that_cannot_be_read_is_exit_1(run, tmp_path):
    result = run("--encoder", tmp_path / "none", "--medcat", "")
    assert result.exit_code == 1
    assert "M403" in result.output
    assert result.output.splitlines()[-1].startswith("Missing or unfit: encoder")


def test_a_pack_that_is_not_there_is_exit_1(run, tiny_encoder, tmp_path):
    result = run("--encoder", tiny_encoder, "--medcat", tmp_path / "pack.zip")
    assert result.exit_code == 1 and "pack.zip" in result.output.splitlines()[-1]
