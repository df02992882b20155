"""`corpus ebm-nlp`: IOB files that the experiments and `corpus iob` read."""

import json

import pytest

from spacy_mslm.corpus.ebm_nlp import OVERLAPS, read_ebm_nlp
from spacy_mslm.corpus.iob import read_iob
from spacy_mslm.errors import MslmError
from spacy_mslm.experiments.data import load
from spacy_mslm.stages.corpora.convert import convert_ebm_nlp

SPLITS = ("train", "dev", "test")


@pytest.fixture
def folder(tmp_path, write_ebm_nlp):
    """Of the PMIDs, 18 is dev by its hash."""
    corpus = tmp_path / "ebm_nlp_2_00"
    write_ebm_nlp(corpus, "train", "19", "in men . Pain ?", "11000", "0" * 5, "00010")
    write_ebm_nlp(corpus, "train", "20", "SECRET pills", "00", "11", "10")
    write_ebm_nlp(corpus, "train", "18", "a pill .", "100", "110", "000")
    return write_ebm_nlp(corpus, "test/gold", "7", "no \xa0 pain", *["000"] * 2, "001")


def test_files_are_read_back_as_they_were(folder, tmp_path):
    out = tmp_path / "sets" / "ebm"
    convert_ebm_nlp(folder, out)
    assert sorted(path.name for path in out.iterdir()) == [
        "dev.tsv",
        "manifest.json",
        "test.tsv",
        "train.tsv",
    ]
    for split in SPLITS:
        wanted = list(read_ebm_nlp(folder, split))
        assert list(read_iob(out / f"{split}.tsv")) == wanted


def test_experiments_read_what_it_writes(folder, tmp_path):
    convert_ebm_nlp(folder, tmp_path / "sets" / "ebm")
    data = load(tmp_path / "sets", "ebm")
    assert data.labels == ("Interventions", "Outcomes", "Participants")
    assert [len(getattr(data, split)) for split in SPLITS] == [3, 1, 1]
    assert data.train[0].surfaces() == ["in men"]


def test_the_manifest_counts_and_holds_no_text(folder, tmp_path):
    manifest = convert_ebm_nlp(folder, tmp_path / "out")
    written = (tmp_path / "out" / "manifest.json").read_text("utf8")
    assert json.loads(written) == manifest and "SECRET" not in written
    assert manifest["splits"]["train"] == {
        "docs": 2,
        "sentences": 3,
        "words": 7,
        "entities": {"Interventions": 1, "Outcomes": 1, "Participants": 1},
    }
    assert manifest["drops"] == {
        f"Outcomes {OVERLAPS}": 1,
        f"Participants {OVERLAPS}": 1,
    }


def test_the_same_corpus_gives_the_same_bytes(folder, tmp_path):
    made = []
    for _ in range(2):  # the second replaces the first
        convert_ebm_nlp(folder, tmp_path / "out")
        made.append({p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()})
    assert made[0] == made[1]


def test_a_bad_row_leaves_what_was_there(folder, tmp_path):
    out = tmp_path / "out"
    convert_ebm_nlp(folder, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    gold = "annotations/aggregated/starting_spans/outcomes/test/gold"
    (folder / gold / "7.AGGREGATED.ann").write_text("0\n0\n2\n")
    with pytest.raises(MslmError, match=r"^\[M347\] .* row 3: "):
        convert_ebm_nlp(folder, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_folder_of_something_else_is_not_replaced(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(MslmError, match=r"^\[M732\]"):
        convert_ebm_nlp(folder, tmp_path / "mine")
