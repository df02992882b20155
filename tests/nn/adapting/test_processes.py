"""Alone, or two processes on this CPU that must do what one does."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spacy_mslm.errors import MslmError
from spacy_mslm.nn.adapting.processes import joined

# What each process does: the loop of test_adapt over documents that two processes
# share unequally (one batch is a single document), then its weights into a file.
WORKER = """
import sys
from itertools import pairwise
from pathlib import Path
import numpy as np
import torch
from spacy_mslm.masking import JointMasking, TermMasking, TokenMasking
from spacy_mslm.nn import (
    HeadSettings, LossWeights, MslmNetwork, Objective, WordDoc, load_encoder
)
from spacy_mslm.nn.adapting.loop import AdaptSettings, adapt, make_optimizer
from spacy_mslm.nn.adapting.measure import measure
from spacy_mslm.nn.adapting.processes import joined
from spacy_mslm.nn.adapting.shelf import Shelf
from spacy_mslm.types import MaskWeights

torch.set_num_threads(1)
encoder, out = sys.argv[1], Path(sys.argv[2])
shelf = Shelf()
texts = ["the patient has chest pain", "fever", "no fever and no cough",
         "given aspirin daily for chest pain " * 4, "on metformin at home"]
for number, text in enumerate(texts):
    words = tuple(text.split())
    terms = tuple((i, i + 1) for i, w in enumerate(words) if w in ("fever", "aspirin"))
    shelf.add(WordDoc.from_words(words, number), terms)
with joined("cpu") as processes:
    loaded = load_encoder(encoder)
    heads = HeadSettings(typed=True)
    torch.manual_seed(0)
    network = MslmNetwork(loaded.encoder, loaded.tokenizer, (), mlm=loaded.mlm,
                          heads=heads)
    settings = AdaptSettings(updates=6, batch_words=14, learn_rate=1e-3)
    masker = JointMasking(entity=TermMasking(rate=0.5), base=TokenMasking(rate=0.3))
    objective = Objective(MaskWeights(0.3, 0.7), LossWeights(1.0, 0.0, 0.0), 32, 256)
    documents = np.arange(len(shelf))
    losses = [
        done.loss
        for done in adapt(network, make_optimizer(network, settings), shelf, documents,
                          masker, objective, settings, processes)
    ]
    held = measure(network, shelf, documents, masker, processes, max_pieces=32,
                   max_batch_pieces=256)
    torch.save({"weights": network.state_dict(), "losses": losses, "held": vars(held),
                "world": processes.world},
               out / f"{processes.rank}-of-{processes.world}.pt")
"""


def environment():
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}


def finish(command):
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment()
    )
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.fixture(scope="module")
def encoder_without_dropout(write_tiny_bert, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders") / "still"
    return write_tiny_bert(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )


def test_two_processes_end_in_the_same_weights_as_one(
    encoder_without_dropout, tmp_path, monkeypatch
):
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER, encoding="utf8")
    arguments = [str(worker), str(encoder_without_dropout), str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(worker))
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_machines", "1"]
    launch += ["--num_processes", "2", "--mixed_precision", "no"]
    launch += ["--dynamo_backend", "no", "--main_process_port", "0"]
    finish([sys.executable, *launch, *arguments])
    one, first, second = (
        torch.load(tmp_path / name, weights_only=True)
        for name in ("0-of-1.pt", "0-of-2.pt", "1-of-2.pt")
    )
    assert second["world"] == 2
    for name, value in first["weights"].items():
        assert torch.equal(value, second["weights"][name]), name
        assert torch.allclose(value, one["weights"][name], rtol=0, atol=1e-4), name
    assert first["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert first["losses"] == second["losses"]
    assert first["held"] == pytest.approx(one["held"], rel=1e-4)


def test_alone_the_sum_is_ones_own(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as processes:
        assert (processes.rank, processes.world) == (0, 1)
        assert processes.device == torch.device("cpu")
        assert processes.total(torch.ones(2)).tolist() == [1, 1]


def test_wrong_devices_are_named(monkeypatch):
    with pytest.raises(MslmError, match=r"\[M410\] 'device'.*'tpu'"), joined("tpu"):
        pass
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MslmError, match=r"\[M423\]"), joined("cuda"):
        pass


def test_several_processes_need_accelerate(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(MslmError, match=r"\[M421\].*2 processes"), joined("cpu"):
        pass
