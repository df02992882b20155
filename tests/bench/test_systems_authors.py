"""The authors' step costs what theirs does: every position, the whole vocabulary."""

import json

import pytest
import torch
from torch.nn.modules.module import register_module_forward_hook

from spacy_mslm.bench.spec import Spec
from spacy_mslm.bench.systems import authors

ROWS = [
    {
        "words": ["the", "patient", "has", "chest", "pain", "."],
        "tags": ["O", "O", "O", "B-Symptom", "I-Symptom", "O"],
    },
    {
        "words": ["given", "metformin", "daily"],
        "tags": ["O", "B-Drug", "O"],
    },
]


@pytest.fixture
def spec(tiny_encoder, tmp_path):
    train = tmp_path / "train.jsonl"
    lines = [json.dumps(row) for row in ROWS * 5]
    train.write_text("\n".join(lines), encoding="utf8")
    return Spec(
        encoder=str(tiny_encoder),
        train=str(train),
        read="",
        corpus="",
        model="",
        precision="float32",
        updates=0,
    )


@pytest.fixture
def computed():
    """Outputs of every module that ran: (module, inputs, output)."""
    seen = []

    def keep(module, inputs, output):
        seen.append((module, inputs, output))

    hook = register_module_forward_hook(keep)
    yield seen
    hook.remove()


def test_a_turn_trains_on_what_it_was_asked_for(spec):
    turn = authors.train(spec)
    assert turn(1).words > 8  # one batch
    assert turn(50).words >= 50


def test_logits_at_every_position_of_sentences_padded_to_256(
    spec, computed, tiny_encoder
):
    turn = authors.train(spec)
    turn(1)
    vocab = json.loads((tiny_encoder / "config.json").read_text())["vocab_size"]
    logits = [
        output
        for module, _, output in computed
        if isinstance(module, torch.nn.Linear) and output.shape[-1] == vocab
    ]
    assert [tuple(found.shape) for found in logits] == [(8, 256, vocab)]


def test_the_encoder_never_sees_an_entity(spec, computed, tiny_encoder):
    authors.train(spec)(1)
    vocab = (tiny_encoder / "vocab.txt").read_text(encoding="utf8").split()
    (shown,) = [
        inputs[0]
        for module, inputs, _ in computed
        if isinstance(module, torch.nn.Embedding)
        and (module.num_embeddings, module.embedding_dim) == (len(vocab), 32)
    ]
    shown = {vocab[i] for i in shown.flatten().tolist()}
    assert "patient" in shown
    assert not shown & {"chest", "pain", "metformin"}


def test_tags_of_pieces():
    names = ["O", "B-A", "I-A"]
    words = [None, 0, 0, 1, 2, 2, 3, None]
    tags = authors._tags(["B-A", "I-A", "B-A", "O"], words, names)
    assert tags == [-100, 1, 2, 2, 1, 2, 0, -100]


def test_in_bfloat16(spec):
    spec = Spec(**{**vars(spec), "precision": "bfloat16"})
    assert authors.train(spec)(1).words > 8
