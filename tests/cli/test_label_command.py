from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError

pytestmark = pytest.mark.medcat


def run(*arguments: str) -> str:
    result = CliRunner().invoke(register_commands(), arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_concepts_then_label_say_what_they_wrote(tmp_path: Path) -> None:
    (tmp_path / "clusters.yml").write_text("D:\n  ids: [T047]\n")
    (tmp_path / "table.csv").write_text(
        "cui,name,type_ids\n1,asthma|MI,T047\n2,leg,T023\n"
    )
    (tmp_path / "notes.csv").write_text("text\nno asthma\n")
    concepts, out = tmp_path / "concepts", tmp_path / "labels"
    said = run(
        *("concepts", "build", "--clusters", str(tmp_path / "clusters.yml")),
        *("--table", str(tmp_path / "table.csv"), "--pack", "", "--out", str(concepts)),
    )
    assert "D 1" in said
    assert "left out: 1 x name too short" in said
    said = run(
        *("label", str(tmp_path / "notes.csv"), "--concepts", str(concepts)),
        *("--out", str(out), "--min-score", "0.5", "--policy", "first"),
    )
    assert "1 notes, spans: D 1" in said
    assert "asthma" not in said
    assert (out / "manifest.json").is_file()


def test_several_sources_are_compared_and_timed(tmp_path: Path) -> None:
    (tmp_path / "clusters.yml").write_text("D:\n  ids: [T047]\nS:\n  ids: [T184]\n")
    (tmp_path / "table.csv").write_text(
        "cui,name,type_ids\n1,asthma,T047\n2,fever,T184\n"
    )
    (tmp_path / "patterns.yml").write_text("- {label: D, pattern: severe asthma}\n")
    rows = [
        "note,mrn",
        *(f"Mother had severe asthma. No fever {i},{i}" for i in range(9)),
    ]
    (tmp_path / "notes.csv").write_text("\n".join(rows))
    said = run(
        *("label", str(tmp_path / "notes.csv"), "--columns", "text=note,patient=mrn"),
        *("--dictionary", str(tmp_path / "table.csv")),
        *("--clusters", str(tmp_path / "clusters.yml")),
        *("--patterns", str(tmp_path / "patterns.yml"), "--resolve", "majority"),
        *("--priority", "dictionary, patterns", "--abstain", "--context"),
        *("--sample", "3", "--shard-size", "2", "--out", str(tmp_path / "out")),
    )
    lines = said.splitlines()
    assert lines[0].endswith("3 notes, spans: D 3, S 3")
    assert "  negated: S 3" in lines and "  family: D 3" in lines
    cells = {line.split()[0]: line.split()[1:] for line in lines[3:6]}
    assert cells["source"][:4] == ["spans", "coverage", "overlap", "conflict"]
    assert cells["dictionary"] == ["6", "100.0%", "50.0%", "0.0%", "0", "6", "0", "0"]
    assert cells["patterns"] == ["3", "100.0%", "100.0%", "0.0%", "0", "0", "3", "0"]
    assert f"  {3 * len('severe')} characters left unannotated" in lines
    assert any(line.startswith("  all 9 notes would take ") for line in lines)
    assert any("MIMIC-III" in line for line in lines)
    assert max(map(len, lines[1:])) <= 88 and "asthma" not in said


def test_errors_are_coded_lines(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"^\[M222\].*none\.zip"):
        run(
            *("concepts", "build", "--out", str(tmp_path / "out")),
            *("--pack", "none.zip", "--clusters", "assets/clusters.yml"),
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["concepts"], ["concepts", "build"], ["label"]])
def test_help(command: list[str]) -> None:
    result = CliRunner().invoke(register_commands(), [*command, "--help"])
    assert result.exit_code == 0
