"""EDS-NLP as a peer, where its environment is: it trains, is saved, and finds."""

import json
from dataclasses import replace

import pytest

from spacy_mslm.bench.spec import Spec

pytest.importorskip("edsnlp")
from spacy_mslm.bench.systems import edsnlp as peer

ROWS = [
    {
        "words": ["the", "patient", "has", "chest", "pain", "."],
        "tags": ["O", "O", "O", "B-Symptom", "I-Symptom", "O"],
    },
    {"words": ["given", "metformin", "daily"], "tags": ["O", "B-Drug", "O"]},
]
# Longer than a window.
NOTE = {key: value * 30 for key, value in ROWS[0].items()}


def lines(path, rows):
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf8")
    return str(path)


@pytest.fixture
def spec(tiny_encoder, tmp_path):
    return Spec(
        encoder=str(tiny_encoder),
        train=lines(tmp_path / "train.jsonl", [*ROWS * 4, NOTE]),
        read=lines(tmp_path / "read.jsonl", [{"words": ROWS[0]["words"]}] * 3),
        corpus="",
        model=str(tmp_path / "model"),
        precision="float32",
        updates=200,
    )


@pytest.mark.filterwarnings("default")
def test_what_it_learnt_it_finds_in_words_texts_and_long_documents(spec, tmp_path):
    peer.fit(spec)
    note = " ".join(NOTE["words"])
    texts = lines(tmp_path / "text.jsonl", [{"text": note}])
    in_a_window = peer.PIECES // len(ROWS[0]["words"])
    for precision in ("float32", "bfloat16"):
        turn = peer.predict(replace(spec, precision=precision))
        assert turn(0).found == turn(0).found == 3
        turn = peer.predict(replace(spec, read=texts, precision=precision))
        assert in_a_window < turn(0).found <= 30


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_turn_trains_on_what_it_was_asked_for(spec, precision):
    turn = peer.train(replace(spec, precision=precision))
    assert turn(1).words == 216
    assert turn(217).words == 432
