"""The workflow `medication`, as a user starts it, on a small brat folder."""

import json
import shutil
from pathlib import Path

import pytest

from spacy_mslm.stages.laboratory.one_system import model_name

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.timeout(420)


def test_from_a_brat_folder_to_a_table(tmp_path, run_workflow):
    for name in ("configs", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "project.yml", tmp_path)
    # As few updates as there can be.
    table = tmp_path / "configs" / "medication.yml"
    table.write_text(table.read_text().replace("epochs: 20", "epochs: 1"))
    config = tmp_path / "configs" / "transformer_crf_small.cfg"
    text = config.read_text().replace("\ndim = 256\n", "\ndim = 32\n")
    config.write_text(text.replace("\nn_layers = 4\n", "\nn_layers = 1\n"))
    notes = tmp_path / "brat"
    notes.mkdir()
    for number in range(12):
        text = f"Given aspirin on day {number}.\nNo pain.\nWent home.\n"
        (notes / f"n{number}.txt").write_text(text)
        (notes / f"n{number}.ann").write_text("T1\tDrug 6 13\taspirin\n")
    words = ("--vars.name=t", "--vars.brat=brat", "--vars.systems=Small-CRF;Small-Apt")
    first = run_workflow("medication", tmp_path, *words)
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr[-3000:]
    made = tmp_path / "work" / "t" / "medication"
    rows = (made / "table.md").read_text().splitlines()
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| Small-CRF", "| Small-Apt"]
    assert rows[2].split(" | ")[1] == "8%"
    lines = [json.loads(x) for x in (made / "results.jsonl").read_text().splitlines()]
    assert all(
        (made / "models" / model_name(line) / "config.cfg").is_file() for line in lines
    )
    second = run_workflow("medication", tmp_path, *words)
    assert second.stdout.count("nothing changed") == 4
    assert second.stdout.count("done before") == 2
    other = run_workflow(
        "medication", tmp_path, *words[:2], "--vars.systems=Small-CRF;None"
    )
    assert other.returncode != 0
    assert "M447" in other.stdout + other.stderr
