"""`tokenizer`: pieces of train alone, the same bytes, and nothing told but counts."""

import json

import pytest
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.corpora.tokenizer import train_tokenizer

FILES = {"tokenizer.json", "tokenizer_config.json", "manifest.json"}


@pytest.fixture(scope="module")
def corpus(make_nlp, gold_corpus, tmp_path_factory):
    """Train as the others have it, dev with words of its own."""
    folder = tmp_path_factory.mktemp("pieces") / "corpus"
    nlp = make_nlp()
    docs = [example.reference for example in gold_corpus(nlp)]
    for split, of_split in (
        ("train", docs * 3),
        ("dev", [nlp.make_doc("quixotic zymurgy " * 9)]),
    ):
        (folder / split).mkdir(parents=True)
        DocBin(docs=of_split).to_disk(folder / split / "0.spacy")
    return folder


def learn(corpus, out, **changes):
    settings = {"vocab": 400, "kind": "wordpiece", "lower": False, "min_count": 2}
    return train_tokenizer(corpus, out, **{**settings, **changes})


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_only_train_is_read_and_twice_the_same_is_written(corpus, tmp_path):
    manifest = learn(corpus, tmp_path / "a")
    learn(corpus, tmp_path / "b")
    made = contents(tmp_path / "a")
    assert made.keys() == FILES and made == contents(tmp_path / "b")
    pieces = json.loads(made["tokenizer.json"])["model"]["vocab"]
    assert {"fever", "chest", "aspirin", "Metformin"} <= pieces.keys()
    assert not {"quixotic", "zymurgy", "##xotic"} & pieces.keys()
    assert len(pieces) == manifest["pieces"] <= 400
    assert manifest == json.loads(made["manifest.json"])


def test_the_manifest_counts_and_holds_no_word(corpus, tmp_path):
    # Most words were seen three times.
    manifest = learn(corpus, tmp_path / "out", min_count=4)
    text = (tmp_path / "out" / "manifest.json").read_text("utf8").lower()
    assert not [w for w in ("fever", "chest", "aspirin", "patient") if w in text]
    assert manifest["words"] > manifest["different_words"] > 20
    assert manifest["words_with_unknown_pieces"] == 0
    assert 1 < manifest["pieces_a_word"] < 5
    assert 0 < manifest["words_of_one_piece"] < manifest["words"]
    assert manifest["settings"]["vocab"] == 400 and len(manifest["data_hash"]) == 64
    # A placeholder is read in its one form, its text is not.
    vocabulary = (tmp_path / "out" / "tokenizer.json").read_text("utf8")
    assert "lastname" not in vocabulary.lower() and "9001" not in vocabulary


def test_other_corpora_and_settings_are_told_apart(corpus, tmp_path):
    a = learn(corpus, tmp_path / "a")
    b = learn(corpus / "dev", tmp_path / "b")
    c = learn(corpus, tmp_path / "a", lower=True, kind="bpe")
    assert a["data_hash"] != b["data_hash"] and a["data_hash"] == c["data_hash"]
    assert c["settings"]["kind"] == "bpe" and c["settings"]["lower"] is True
    assert "ġmetformin" in (tmp_path / "a" / "tokenizer.json").read_text("utf8").lower()


def test_what_cannot_be_is_told_and_nothing_is_touched(corpus, tmp_path):
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    DocBin().to_disk(tmp_path / "empty" / "0.spacy")
    (tmp_path / "no_train" / "dev").mkdir(parents=True)
    for path, changes, code in (
        (corpus, {"vocab": 100}, "M408"),
        (corpus, {"min_count": 0}, "M408"),
        (corpus, {"kind": "words"}, "M444"),
        (tmp_path / "empty", {}, "M445"),
        (tmp_path / "no_train", {}, "M322"),
        (tmp_path / "nowhere", {}, "M701"),
    ):
        with pytest.raises(MslmError, match=code):
            learn(path, out, **changes)
    assert not out.exists()
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(MslmError, match="M732"):
        learn(corpus, out)
    assert contents(out) == {"thesis.txt": b"mine"}


def test_the_command_says_what_it_made_and_what_it_is_made_of(corpus, tmp_path):
    out = str(tmp_path / "out")
    command = ["tokenizer", str(corpus), "--out", out, "--vocab", "300", "--lower"]
    result = CliRunner().invoke(register_commands(), command)
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert f"Wrote {out}: 2" in said or f"Wrote {out}: 300 pieces" in said
    assert "made of words of the notes" in said and "fever" not in said
    told = CliRunner().invoke(register_commands(), ["tokenizer", "--help"]).output
    assert "do not share it freely" in " ".join(told.replace("│", " ").split())
