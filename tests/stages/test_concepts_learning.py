"""`concepts train`: what an ambiguous name means, learnt from notes."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.labelling.concepts import (
    build_concepts,
    load_labeller,
    read_manifest,
)
from spacy_mslm.stages.labelling.label import label_notes
from spacy_mslm.stages.labelling.learning import Learning, train_concepts
from spacy_mslm.types import Note

pytestmark = pytest.mark.medcat

TABLE = """cui,name,type_ids
mslm:1,asthma,T047
mslm:1,hyperreactive airway,T047
mslm:1,tightness,T047
mslm:2,pruritus,T184
mslm:2,tightness,T184
mslm:2,itchy skin,T184
mslm:3,bookkeeping,T091
"""
SKIN = [f"skin{a}{b}" for a in "abcdef" for b in "ghijklmno"]
LUNG = [f"lung{a}{b}" for a in "abcdef" for b in "ghijklmno"]
SECRET = "zyxwvutsecret"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notes in which asthma stands among words of the lung, pruritus of the skin."""
    folder = tmp_path_factory.mktemp("learning")
    (folder / "clusters.yml").write_text("D: {ids: [T047]}\nS: {ids: [T184]}\n")
    (folder / "table.csv").write_text(TABLE)
    rng = random.Random(0)
    with (folder / "notes.jsonl").open("w") as file:
        for number in range(120):
            words, name = [(LUNG, "asthma"), (SKIN, "pruritus")][number % 2]
            around = rng.choices(words, k=24)
            text = " ".join([*around[:12], name, *around[12:]])
            row = {"note_id": f"n{number}", "patient_id": f"p{number}", "text": text}
            if number == 0:
                row["text"] += f" {SECRET} {SECRET}"
            file.write(json.dumps(row) + "\n")
    build_concepts(
        clusters=folder / "clusters.yml",
        out=folder / "built",
        table=str(folder / "table.csv"),
    )
    train_concepts(folder / "notes.jsonl", folder / "built", folder / "trained")
    return folder


def found(concepts: Path, text: str) -> list[tuple[str, str, str]]:
    spans = load_labeller(concepts).find(Note("n", "p", text))
    return [(text[s.start : s.end], s.label, s.concept_id) for s in spans]


def among(words: list[str], name: str) -> str:
    return " ".join([*words[3:9], name, *words[20:26]])


def test_an_ambiguous_name_is_what_stands_around_it(folder: Path) -> None:
    lung, skin = among(LUNG, "tightness"), among(SKIN, "tightness")
    assert found(folder / "built", lung) == found(folder / "built", skin) == []
    assert found(folder / "trained", lung) == [("tightness", "D", "mslm:1")]
    assert found(folder / "trained", skin) == [("tightness", "S", "mslm:2")]


def test_names_of_one_concept_are_found_as_before(folder: Path) -> None:
    text = f"Itchy skin. {among(SKIN, 'asthma')}, hyperreactive\nairway, bookkeeping"
    before = found(folder / "built", text)
    assert len(before) == 3 and found(folder / "trained", text) == before


def test_the_manifest_says_what_was_learnt_from(folder: Path) -> None:
    manifest, _ = read_manifest(folder / "trained")
    base, base_hash = read_manifest(folder / "built")
    about = manifest["trained"]
    assert about["base"] == base_hash and about["base_sha256"] == base["sha256"]
    assert (about["notes"], about["words"]) == (120, 110)
    assert about["concepts_trained"] == 2
    assert about["ambiguous_names"] == {"all": 1, "some": 0, "none": 0}
    assert manifest["source"] == "pack" and manifest["labels"] == base["labels"]
    for path in (folder / "trained").rglob("*"):
        if path.is_file():
            assert str(folder).encode() not in path.read_bytes(), path


def test_no_word_of_one_patient_is_in_the_pack(folder: Path) -> None:
    files = [path for path in (folder / "trained").rglob("*") if path.is_file()]
    assert any(b"skinag" in path.read_bytes() for path in files)
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_training_again_gives_the_same_labels(folder: Path, tmp_path: Path) -> None:
    state = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    train_concepts(folder / "notes.jsonl", folder / "built", tmp_path / "again")
    assert random.getstate() == state[0]
    assert np.random.get_state()[1].tolist() == state[1]  # type: ignore[index]
    for words in (LUNG, SKIN):
        note = Note("n", "p", among(words, "tightness"))
        first, second = (
            list(load_labeller(path).find(note))
            for path in (folder / "trained", tmp_path / "again")
        )
        assert first == second and len(first) == 1


def test_label_takes_the_folder_and_a_changed_pack_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    manifest = label_notes(folder / "notes.jsonl", folder / "trained", tmp_path / "out")
    assert manifest["spans"] == {"D": 60, "S": 60}
    train_concepts(folder / "notes.jsonl", folder / "built", tmp_path / "other")
    path = next((tmp_path / "other" / "pack").rglob("*.dat"))
    path.write_bytes(b"code")
    with pytest.raises(MslmError, match=r"\[M223\]"):
        load_labeller(tmp_path / "other")


def test_what_cannot_be_learnt_from_is_an_error(folder: Path, tmp_path: Path) -> None:
    notes, built = folder / "notes.jsonl", folder / "built"

    def train(concepts: Path = built, **settings: Any) -> None:
        train_concepts(notes, concepts, tmp_path / "out", Learning(**settings))

    with pytest.raises(MslmError, match=r"\[M260\].*119 patients"):
        train(least_patients=119)
    (tmp_path / "plain.csv").write_text(
        "cui,name,type_ids\n1,asthma,T047\n2,x y,T184\n"
    )
    build_concepts(
        clusters=folder / "clusters.yml",
        out=tmp_path / "plain",
        table=str(tmp_path / "plain.csv"),
    )
    with pytest.raises(MslmError, match=r"\[M262\].*plain"):
        train(tmp_path / "plain")
    with pytest.raises(MslmError, match=r"\[M732\]"):
        train_concepts(notes, built, folder)
    assert not (tmp_path / "out").exists()
    manifest = json.loads((built / "manifest.json").read_text())
    del manifest["files"]["ambiguous.csv"]
    (tmp_path / "plain" / "manifest.json").write_text(json.dumps(manifest))
    for name in manifest["files"]:
        (tmp_path / "plain" / name).write_bytes((built / name).read_bytes())
    with pytest.raises(MslmError, match=r"\[M261\].*Build them again"):
        train(tmp_path / "plain")


def test_the_command(folder: Path, tmp_path: Path) -> None:
    arguments = ["concepts", "train", str(folder / "notes.jsonl")]
    arguments += ["--concepts", str(folder / "built"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(register_commands(), arguments)
    assert result.exit_code == 0, result.output
    assert "120 notes, 110 words, 2 concepts trained" in result.output
    assert "of 1 ambiguous names 1 all, 0 some of their concepts" in result.output
    help_text = CliRunner().invoke(register_commands(), [*arguments[:2], "--help"])
    assert "runs" in help_text.output and "code" in help_text.output
