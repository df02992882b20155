"""The command line of `adapt`: options to settings, and what is said."""

import json

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import adapt as command
from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.adapting import adapt as stage

SECRET = "feverish"


def invoke(*arguments):
    result = CliRunner().invoke(register_commands(), ["adapt", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.csv"
    rows = [f"p{i},{'patient ' * 8}{SECRET} today" for i in range(8)]
    path.write_text("\n".join(["patient_id,text", *rows]))
    return path


@pytest.fixture
def asked(monkeypatch):
    """The options that reach the stage, which is not run."""
    found = {}

    def adapt_encoder(source, out, options, listener):
        found.update(source=source, out=out, options=options)
        return {}

    monkeypatch.setattr(stage, "adapt_encoder", adapt_encoder)
    return found


def test_it_says_what_it_wrote_and_nothing_of_the_text(notes, tiny_encoder, tmp_path):
    out = tmp_path / "out"
    result = invoke(
        *(notes, "--encoder", tiny_encoder, "--out", out, "--updates", 2),
        *("--held-out", 0.3, "--device", "cpu", "--precision", "float32"),
    )
    assert result.exit_code == 0, result.output
    assert "2 updates on 6 documents of 60 words, 0 terms" in result.stdout
    assert "held-out loss, generic: " in result.stdout
    assert "held-out loss, terms" not in result.stdout
    assert "[N520]" in result.stderr and "update 2/2: loss" in result.stderr
    assert SECRET not in result.output
    assert json.loads((out / "manifest.json").read_text())["training"]["updates"] == 2


def test_every_option_reaches_its_setting(asked, tmp_path):
    invoke(
        *("in", "--encoder", "enc", "--out", "o", "--concepts", tmp_path),
        *("--category", "a", "--category", "b", "--sample", 3, "--spans-from", "x"),
        *("--domain-words", 3.5),
        *("--held-out", 0.2, "--strategy", "token", "--rate", 0.3, "--unit", "piece"),
        *("--weighting", "none", "--random-share", 0.1, "--keep-share", 0.1),
        *("--updates", 4, "--epochs", 2, "--batch-words", 9, "--accumulate", 2),
        *("--learn-rate", 1e-4, "--warmup", 0.2, "--heads-learn-rate", 3),
        *("--layer-decay", 0.9, "--weight-decay", 0.1, "--clip", 2),
        *("--max-pieces", 64, "--max-batch-pieces", 99, "--precision", "bfloat16"),
        *("--device", "cpu", "--seed", 7, "--checkpoint-every", 8),
    )
    options = asked["options"]
    assert vars(options.training) == {
        "updates": 4,
        "epochs": 2,
        "batch_words": 9,
        "accumulate": 2,
        "learn_rate": 1e-4,
        "warmup": 0.2,
        "heads_learn_rate": 3,
        "layer_decay": 0.9,
        "weight_decay": 0.1,
        "clip": 2,
        "seed": 7,
    }
    assert vars(options.reading) == {
        "concepts": tmp_path,
        "categories": ("a", "b"),
        "sample": 3,
        "seed": 7,
        "spans_from": "x",
        "policy": "longest",
        "domain_words": 3.5,
        "held_out": 0.2,
    }
    masking = options.masking
    assert (masking.strategy.amount.rate, masking.strategy.unit) == (0.3, "piece")
    assert masking.weighting == "none"
    assert vars_of(masking.corruption) == (0.8, 0.1, 0.1)
    rest = {k: v for k, v in vars(options).items() if k not in ("masking", "training")}
    del rest["reading"]
    assert rest == {
        "encoder": "enc",
        "max_pieces": 64,
        "max_batch_pieces": 99,
        "precision": "bfloat16",
        "device": "cpu",
        "checkpoint_every": 8,
    }


def vars_of(corruption):
    return corruption.mask, corruption.random, corruption.keep


def test_defaults_are_the_papers_strategy(asked):
    invoke("in", "--encoder", "e", "--out", "o")
    masking = asked["options"].masking
    assert masking.about["strategy"] == {
        "@misc": "spacy-mslm.JointMasking.v1",
        "entity_rate": 0.5,
        "base_rate": 0.15,
        "unit": "word",
    }
    assert masking.weighting == "paper" and vars_of(masking.corruption) == (1, 0, 0)


def test_set_gives_any_setting_of_a_strategy(asked):
    said = ("--strategy", "token", "--set", "rate=0.4", "--set", "unit=piece")
    invoke("in", "--encoder", "e", "--out", "o", *said)
    strategy = asked["options"].masking.strategy
    assert (strategy.amount.rate, strategy.unit) == (0.4, "piece")
    with pytest.raises(MslmError, match=r"\[M775\].*nonsense"):
        invoke("in", "--encoder", "e", "--out", "o", "--set", "nonsense=1")


def test_the_vocabulary_of_pmi_is_told_by_its_hash(asked, tmp_path):
    with pytest.raises(MslmError, match=r"\[M775\].*needs: vocabulary"):
        invoke("in", "--encoder", "e", "--out", "o", "--strategy", "pmi")
    path = tmp_path / "ngrams.tsv"
    path.write_text("chest pain\t3.0\t9\n")
    said = ("--strategy", "pmi", "--vocabulary", path)
    invoke("in", "--encoder", "e", "--out", "o", *said)
    masking = asked["options"].masking
    assert masking.strategy.ngrams == {("chest", "pain")}
    assert masking.about["strategy"]["vocabulary"]["name"] == "ngrams.tsv"


def test_a_config_stands_for_the_options_of_masking(asked):
    invoke("in", "--encoder", "e", "--out", "o", "--config", "configs/mslm.cfg")
    assert asked["options"].masking.strategy.entity.rate == 0.5
    more = ("--rate", 0.1, "--keep-share", 0.1)
    with pytest.raises(MslmError, match=r"\[M425\].*--rate, --keep-share"):
        invoke("i", "--encoder", "e", "--out", "o", "--config", "x", *more)


def test_help_warns_of_what_the_head_can_say():
    text = " ".join(invoke("--help").output.replace("│", " ").split())
    assert "fill in what the notes said" in text and "data use agreement" in text
    assert "accelerate launch" in text


def test_progress_is_said_now_and_then(monkeypatch, capsys):
    from spacy_mslm.nn.adapting.loop import Done

    now = [0.0]
    monkeypatch.setattr(command.time, "monotonic", lambda: now[0])
    progress = command._Progress()
    progress.start()
    for update in (1, 2, 3, 4):
        now[0] += 4.0
        progress.done(Done(update, float(update), 100), 4)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "update 3/4: loss 2.000, 25 words/s",
        "update 4/4: loss 4.000, 25 words/s",
    ]
