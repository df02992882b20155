"""Number formats: bfloat16 changes how it is calculated, not what is learned."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from spacy_mslm.nn.precision import calculating, uses_bfloat16
from spacy_mslm.nn.windows import Window


@pytest.mark.parametrize(
    ("precision", "expected"), [("float32", False), ("bfloat16", True)]
)
def test_named_precisions_mean_what_they_say(precision, expected):
    cpu = torch.device("cpu")
    assert uses_bfloat16(precision, cpu) is expected
    with calculating(precision, cpu):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype is (torch.bfloat16 if expected else torch.float32)


def test_auto_follows_the_processor(monkeypatch):
    from spacy_mslm.nn import precision

    for native in (True, False):
        monkeypatch.setattr(precision, "_processor_has_bfloat16", lambda n=native: n)
        assert uses_bfloat16("auto", torch.device("cpu")) is native


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ("fpu sse avx512f avx512_bf16 fma", True),
        ("fpu amx_bf16", True),
        ("fpu avx512f avx512_bf160", False),
        ("", False),
    ],
)
def test_auto_asks_the_processors_first_line_of_flags(monkeypatch, flags, native):
    text = f"model name : some\nflags\t\t: {flags}\nbugs : avx512_bf16\n"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)
    assert uses_bfloat16("auto", torch.device("cpu")) == native


def test_auto_is_float32_where_the_processor_says_nothing(monkeypatch):
    def unreadable(*_, **__):
        raise OSError

    monkeypatch.setattr(Path, "read_text", unreadable)
    assert not uses_bfloat16("auto", torch.device("cpu"))


def test_losses_are_taken_in_float32(make_network):
    network = make_network()
    network.precision = "bfloat16"
    rows = [Window(np.array([2, 60, 3]), (1, 2))]
    logits = network.reconstruct(network.encode(rows, max_batch_pieces=64))
    assert logits.dtype == torch.float32


def test_bfloat16_vectors_are_near_and_weights_stay_float32(make_network):
    network = make_network()
    network.eval()
    window = Window(np.array([2, 20, 21, 22, 3], dtype=np.int64), (1, 4))
    full = network.encode([window], max_batch_pieces=64)
    network.precision = "bfloat16"
    half = network.encode([window], max_batch_pieces=64)
    assert half.dtype is torch.float32 and not torch.equal(half, full)
    cosine = torch.nn.functional.cosine_similarity(half, full, dim=-1)
    assert cosine.min() > 0.999
    half.pow(2).sum().backward()
    assert all(p.dtype is torch.float32 for p in network.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() for p in network.parameters())


def test_predictions_in_bfloat16_follow_every_update(make_network):
    # A fused optimizer leaves no trace in a parameter's version: a copy made by an
    # evaluation during training was read by all later ones.
    network = make_network()
    network.precision = "bfloat16"
    rows = [Window(np.array([2, 20, 21, 22, 3], dtype=np.int64), (1, 4))]
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, fused=True)
    read = []
    for _ in range(3):
        network.eval()
        with torch.no_grad():
            read.append(network.encode(rows, max_batch_pieces=64))
            again = copy.deepcopy(network).encode(rows, max_batch_pieces=64)
        assert torch.equal(read[-1], again)
        network.train()
        network.encode(rows, max_batch_pieces=64).pow(2).sum().backward()
        optimizer.step()
    assert not torch.equal(read[0], read[1]) and not torch.equal(read[1], read[2])
