"""`adapt` from notes to an encoder folder: finished, refused, killed and resumed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import load_encoder
from spacy_mslm.nn.adapting.loop import AdaptSettings
from spacy_mslm.stages.adapting import adapt as stage
from spacy_mslm.stages.adapting.adapt import AdaptOptions, adapt_encoder
from spacy_mslm.stages.adapting.data import Reading
from spacy_mslm.stages.adapting.masking import masking_of_options
from spacy_mslm.stages.adapting.resume import unfinished
from spacy_mslm.types import Corruption

TEXT = "the patient has fever chest pain cough given aspirin daily no history"
WORDS = TEXT.split()
TELLING = ("patient", "fever", "chest", "cough", "aspirin", "history")


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    rng = random.Random(1)
    path = tmp_path_factory.mktemp("adapt") / "notes.csv"
    lines = ["note_id,patient_id,text"]
    for i in range(24):
        lines.append(f"n{i},p{i},{' '.join(rng.choices(WORDS, k=12))}.")
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def options(tiny_encoder):
    return AdaptOptions(
        encoder=str(tiny_encoder),
        masking=masking_of_options(
            "joint", {}, weighting="paper", corruption=Corruption(0.8, 0.1, 0.1)
        ),
        reading=Reading(held_out=0.2),
        training=AdaptSettings(updates=8, batch_words=40, learn_rate=1e-3),
        max_pieces=32,
        precision="float32",
        device="cpu",
        checkpoint_every=2,
    )


class Log:
    def __init__(self, fail_after=None):
        self.notes, self.updates, self.documents = [], [], 0
        self.fail_after = fail_after

    def note(self, message):
        self.notes.append(message[1:5])

    def document(self):
        self.documents += 1

    def start(self):
        pass

    def done(self, done, updates):
        self.updates.append(done.update)
        if done.update == self.fail_after:
            raise KeyboardInterrupt


def tensors(folder):
    return load_file(folder / "model.safetensors")


def same(one, other):
    a, b = tensors(one), tensors(other)
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_the_folder_is_an_encoder_that_has_learnt(
    notes, options, tmp_path, make_nlp, gold_corpus
):
    out, log = tmp_path / "out", Log()
    how = replace(options, training=replace(options.training, updates=60))
    manifest = adapt_encoder(notes, out, how, log)
    assert log.documents == 24 and log.updates == list(range(1, 61))
    assert log.notes == ["N520", "N524"]  # no terms in raw notes
    loss = manifest["held_out_loss"]
    assert loss["after"]["all"]["loss"] < loss["before"]["all"]["loss"] - 0.5
    assert loss["before"]["terms"] == {"pieces": 0, "loss": None}
    assert manifest["documents"]["held_out"] == 4
    loaded, before = load_encoder(str(out)), load_encoder(options.encoder)
    assert loaded.pretrained_mlm
    for name, value in before.encoder.state_dict().items():
        assert value.shape == loaded.encoder.state_dict()[name].shape
    assert not unfinished(out).exists()
    # It goes where any encoder goes.
    nlp = make_nlp(encoder=out)
    nlp.initialize(lambda: gold_corpus(nlp))
    network = nlp.get_pipe("ner").network
    for name, value in loaded.encoder.state_dict().items():
        assert torch.equal(value, network.encoder.state_dict()[name])
    for name, value in loaded.mlm.state_dict().items():
        assert torch.equal(value, network.mlm.state_dict()[name])


@pytest.mark.parametrize(
    ("weighting", "ratio", "told"),
    [("paper", 1, True), ("none", 1, False), (4, 4, False)],
)
def test_it_is_told_where_the_paper_s_weights_say_nothing(
    notes, options, tmp_path, weighting, ratio, told
):
    """More pieces of terms are masked than of other words, so eq. 3 clamps both."""
    masking = masking_of_options(
        "joint",
        {"entity_rate": 1.0, "base_rate": 0.05},
        weighting=weighting,
        corruption=Corruption(),
    )
    how = replace(
        options, masking=masking, reading=replace(options.reading, domain_words=5.5)
    )
    log = Log()
    weights = adapt_encoder(notes, tmp_path / "out", how, log)["mask_weights"]
    assert weights["entity"] / weights["base"] == pytest.approx(ratio)
    assert ("N525" in log.notes) is told


@pytest.mark.parametrize("strategy", ["token", "span", "pmi"])
def test_every_strategy_trains(notes, options, tmp_path, strategy):
    ngrams = tmp_path / "ngrams.tsv"
    ngrams.write_text("chest pain\t2.0\t9\n")
    values = {"vocabulary": str(ngrams)} if strategy == "pmi" else {}
    masking = masking_of_options(
        strategy, values, weighting="paper", corruption=Corruption()
    )
    log = Log()
    manifest = adapt_encoder(
        notes, tmp_path / "out", replace(options, masking=masking), log
    )
    assert len(log.updates) == 8 and str(tmp_path) not in json.dumps(manifest)
    assert (
        manifest["masked_pieces"]["generic"] and not manifest["masked_pieces"]["terms"]
    )


@pytest.mark.gpu
def test_on_a_gpu_it_learns_and_goes_on(notes, options, tmp_path):
    out, how = tmp_path / "out", replace(options, device="cuda", precision="auto")
    with pytest.raises(KeyboardInterrupt):
        adapt_encoder(notes, out, how, Log(fail_after=5))
    log = Log()
    manifest = adapt_encoder(notes, out, how, log)
    assert log.updates == [5, 6, 7, 8] and manifest["device"] == "cuda"
    loss = manifest["held_out_loss"]
    assert loss["after"]["all"]["loss"] < loss["before"]["all"]["loss"]
    assert load_encoder(str(out)).pretrained_mlm


def test_the_manifest_says_all_but_text_and_places(notes, options, tmp_path):
    out = tmp_path / "out"
    manifest = adapt_encoder(notes, out, options)
    text = (out / "manifest.json").read_text()
    assert json.loads(text) == manifest
    for secret in (*TELLING, str(tmp_path), str(notes), options.encoder):
        assert secret not in text
    assert manifest["encoder"]["name"] == "bert"
    assert manifest["training"]["updates"] == 8
    assert manifest["masking"]["corruption"] == {
        "mask": 0.8,
        "random": 0.1,
        "keep": 0.1,
    }
    assert manifest["source"]["data_hash"] and manifest["versions"]["torch"]
    assert manifest["documents"]["words_read"] > 100


def test_a_finished_run_is_not_repeated(notes, options, tmp_path):
    out = tmp_path / "out"
    first = adapt_encoder(notes, out, options)
    stamp = (out / "model.safetensors").stat().st_mtime_ns
    log = Log()
    assert adapt_encoder(notes, out, replace(options, checkpoint_every=9), log) == first
    assert log.updates == [] and log.notes[-1] == "N523"
    assert (out / "model.safetensors").stat().st_mtime_ns == stamp


def test_other_settings_or_data_do_not_overwrite_it(notes, options, tmp_path):
    out = tmp_path / "out"
    adapt_encoder(notes, out, options)
    other = replace(options, training=replace(options.training, seed=5))
    with pytest.raises(MslmError, match=r"\[M773\].*training\.seed"):
        adapt_encoder(notes, out, other)
    more = tmp_path / "more.csv"
    more.write_text(notes.read_text() + "\nn99,p99,another note")
    with pytest.raises(MslmError, match=r"\[M773\].*source\.data_hash"):
        adapt_encoder(more, out, options)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    with pytest.raises(MslmError, match=r"\[M732\]"):
        adapt_encoder(notes, foreign, options)


@pytest.mark.parametrize("stop", [1, 3, 8])
def test_stopped_and_resumed_it_ends_in_the_same_folder(notes, options, tmp_path, stop):
    whole, out = tmp_path / "whole", tmp_path / "out"
    expected = adapt_encoder(notes, whole, options)
    with pytest.raises(KeyboardInterrupt):
        adapt_encoder(notes, out, options, Log(fail_after=stop))
    assert not out.exists()
    log = Log()
    manifest = adapt_encoder(notes, out, options, log)
    at = stop - 1 - (stop - 1) % 2  # the checkpoint before the update that failed
    assert log.updates == list(range(at + 1, 9))
    assert ("N522" in log.notes) == (at > 0)
    assert manifest == expected and same(whole, out)
    assert not unfinished(out).exists()


def test_killed_when_all_updates_are_done_only_the_rest_is_done(
    notes, options, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    with monkeypatch.context() as patch:

        def fail(*_):
            raise KeyboardInterrupt

        patch.setattr(stage, "write_hub_folder", fail)
        with pytest.raises(KeyboardInterrupt):
            adapt_encoder(notes, out, options)
    assert not out.exists()
    log = Log()
    adapt_encoder(notes, out, options, log)
    assert log.updates == [] and load_encoder(str(out)).pretrained_mlm


def test_a_checkpoint_of_another_run_is_refused(notes, options, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        adapt_encoder(notes, out, options, Log(fail_after=5))
    other = replace(options, max_pieces=64)
    with pytest.raises(MslmError, match=r"\[M774\].*windows\.max_pieces"):
        adapt_encoder(notes, out, other)
    # How the work is spread is no other run.
    spread = replace(options, training=replace(options.training, accumulate=2))
    log = Log()
    adapt_encoder(notes, out, spread, log)
    assert log.updates == [5, 6, 7, 8]


def test_a_foreign_folder_in_the_place_of_the_checkpoint(notes, options, tmp_path):
    out = tmp_path / "out"
    unfinished(out).mkdir()
    (unfinished(out) / "thesis.txt").write_text("mine")
    with pytest.raises(MslmError, match=r"\[M732\]"):
        adapt_encoder(notes, out, options)
    assert (unfinished(out) / "thesis.txt").read_text() == "mine"


def test_a_fresh_head_is_said_learns_faster_and_repeats(
    notes, options, tmp_path, tiny_encoder_no_head
):
    how = replace(options, encoder=str(tiny_encoder_no_head))
    log = Log()
    manifest = adapt_encoder(notes, tmp_path / "a", how, log)
    assert "N521" in log.notes
    assert manifest["training"]["heads_learn_rate"] == 10.0
    assert manifest["encoder"]["pretrained_mlm"] is False
    torch.manual_seed(77)
    adapt_encoder(notes, tmp_path / "b", how)
    assert same(tmp_path / "a", tmp_path / "b")
    assert load_encoder(str(tmp_path / "a")).pretrained_mlm


def test_windows_and_numbers_out_of_range(notes, options, tmp_path):
    with pytest.raises(MslmError, match=r"\[M408\] 'max_pieces'.*16 and 512, got 600"):
        adapt_encoder(notes, tmp_path / "x", replace(options, max_pieces=600))
    for name, value in (("max_pieces", 8), ("checkpoint_every", 0)):
        with pytest.raises(MslmError, match=rf"\[M408\] '{name}'"):
            replace(options, **{name: value})
    with pytest.raises(MslmError, match=r"\[M410\] 'precision'"):
        replace(options, precision="float8")


def command(notes, encoder, out):
    words = [sys.executable, "-m", "spacy_mslm", "adapt", str(notes)]
    words += ["--encoder", str(encoder), "--out", str(out), "--updates", "24"]
    words += ["--batch-words", "60", "--max-pieces", "32", "--checkpoint-every", "1"]
    return [*words, "--precision", "float32", "--device", "cpu", "--held-out", "0.2"]


@pytest.mark.timeout(200)
def test_killed_by_sigkill_it_ends_in_the_same_weights(
    notes, options, tiny_encoder, tmp_path
):
    """The command itself, killed in the middle of its checkpoints."""
    as_commanded = replace(
        options,
        masking=masking_of_options(
            "joint", {}, weighting="paper", corruption=Corruption()
        ),
        training=AdaptSettings(updates=24, batch_words=60),
    )
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    out, whole = tmp_path / "out", tmp_path / "whole"
    process = subprocess.Popen(
        command(notes, tiny_encoder, out), env=env, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not unfinished(out).exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    result = subprocess.run(
        command(notes, tiny_encoder, out),
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "N522" in result.stderr
    assert not any(word in result.stdout + result.stderr for word in TELLING)
    adapt_encoder(notes, whole, as_commanded)
    assert same(out, whole)
    hidden = [p.name for p in tmp_path.iterdir() if p.name not in ("out", "whole")]
    assert hidden == [], "leftovers of the killed run"
