"""The workflow `blurb`, as a user starts it, on small sets of its own."""

import json
import shutil
from pathlib import Path

import pytest

from spacy_mslm.experiments.arms import ADAPTED, ADAPTED_BY_TERMS, ADAPTED_BY_WEIGHT
from spacy_mslm.experiments.plans import SETS

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.medcat, pytest.mark.timeout(420)]
TEXT = "no\tO\nchest\tB-S\npain\tI-S\n\ngiven\tO\naspirin\tB-T\n\n"


def test_from_a_folder_of_sets_to_tables_and_a_page(tmp_path, run_workflow):
    for name in ("configs", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "project.yml", tmp_path)
    for name in SETS:
        (tmp_path / "mine" / name).mkdir(parents=True)
        for split in ("train", "devel", "test"):
            (tmp_path / "mine" / name / f"{split}.tsv").write_text(TEXT * 3)
    words = ("--vars.sets=mine", "--vars.experiment=statistics", "--vars.name=t")
    first = run_workflow("blurb", tmp_path, *words)
    assert first.returncode == 0, first.stdout + first.stderr
    results = tmp_path / "work" / "t" / "results"
    assert (results / "index.html").is_file()
    assert "ner_bionlp13cg, test" in (results / "README.md").read_text()
    second = run_workflow("blurb", tmp_path, *words)
    # It looks what is left to run; the report has nothing to do.
    assert second.stdout.count("nothing changed") == 3
    assert "4 of 4 runs are done" in second.stdout + second.stderr
    missing = run_workflow(
        "blurb", tmp_path, "--vars.sets=assets/sets", "--vars.name=u"
    )
    assert missing.returncode != 0
    assert "M701" in missing.stdout + missing.stderr
    for encoder in (ADAPTED, ADAPTED_BY_TERMS, ADAPTED_BY_WEIGHT):
        assert (tmp_path / encoder / "config.json").is_file()
    joint, weighted = (
        json.loads((tmp_path / encoder / "manifest.json").read_text())
        for encoder in (ADAPTED_BY_TERMS, ADAPTED_BY_WEIGHT)
    )
    # The same masks of terms, of which errors cost as much as others, or more.
    assert joint["source"]["concepts_hash"] == weighted["source"]["concepts_hash"]
    assert joint["masked_pieces"] == weighted["masked_pieces"]
    assert joint["mask_weights"] == {"base": 0.5, "entity": 0.5}
    assert weighted["mask_weights"] == {"base": 0.2, "entity": 0.8}
