"""Turns: every system in its own process, its own words, a failure named."""

import json
import sys

import pytest

from spacy_mslm.bench.spec import Spec
from spacy_mslm.bench.speed import (
    PREDICT,
    SpeedRun,
    _contender,
    chosen,
    joined,
    summary,
    tables,
)
from spacy_mslm.bench.turns import Contender, Measured, fit, take_turns
from spacy_mslm.errors import MslmError

SYSTEM = """
import os
from pathlib import Path
from ..spec import Turn

def fit(spec):
    Path(spec.model).write_text("fitted")
    if spec.options["name"] == "broken":
        raise SystemExit("half written")

def train(spec):
    print("noise on standard output")
    def turn(words):
        with open(spec.read, "a") as file:
            file.write(f"{spec.options['name']} {os.getpid()} {words}\\n")
        return Turn(words=words, found=7)
    return turn

def predict(spec):
    raise SystemExit("no model")
"""


@pytest.fixture
def contender(tmp_path, monkeypatch):
    """A system of a few lines, in a copy of the frame that its process finds."""
    import shutil

    from spacy_mslm.bench import turns

    source = turns.Path(turns.__file__).parent
    package = tmp_path / "root" / "spacy_mslm" / "bench"
    (package / "systems").mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "systems" / "__init__.py").write_text("")
    for name in ("spec.py", "worker.py"):
        shutil.copy(source / name, package / name)
    (package / "systems" / "small.py").write_text(SYSTEM)
    monkeypatch.setattr(turns, "ROOT", str(tmp_path / "root"))
    # The working directory comes before PYTHONPATH.
    monkeypatch.chdir(tmp_path)

    def make(name, share=1.0):
        spec = Spec(
            encoder="",
            train="",
            read=str(tmp_path / "turns.txt"),
            corpus="",
            model=str(tmp_path / "model"),
            precision="float32",
            updates=1,
            options={"name": name},
        )
        return Contender(name, "small", spec, python=sys.executable, share=share)

    return make


def test_turns_are_taken_round_by_round_after_a_warm_up(contender, tmp_path):
    both = [contender("a"), contender("b", share=0.5)]
    measured = take_turns(both, "train", words=100, rounds=3, log=tmp_path / "log")
    rows = [r.split() for r in (tmp_path / "turns.txt").read_text().splitlines()]
    assert [row[0] for row in rows] == ["a", "b"] * 4
    assert len({row[1] for row in rows}) == 2
    assert {(row[0], row[2]) for row in rows} == {("a", "100"), ("b", "50")}
    first, second = measured
    assert first.words == [100] * 3 and second.words == [50] * 3
    assert len(first.seconds) == 3 and first.found == 7 and first.peak_mb > 1
    assert len(first.cpu_seconds) == 3 and min(first.cpu_seconds) >= 0
    assert "noise" in (tmp_path / "log").read_text()
    line = first.to_line({"job": "train"}, {"commit": "x"})
    assert json.loads(json.dumps(line))["speeds"] == line["speeds"]
    assert sorted(line["speeds"])[1] == line["speed"]


def test_a_process_that_ends_is_named_with_its_log(contender, tmp_path):
    with pytest.raises(MslmError, match=r"M621.*'a'.*log"):
        take_turns([contender("a")], "predict", words=1, rounds=1, log=tmp_path / "log")
    assert "no model" in (tmp_path / "log").read_text()


def test_a_model_is_fitted(contender, tmp_path):
    fit(contender("a"), tmp_path / "log")
    assert (tmp_path / "model").read_text() == "fitted"
    (tmp_path / "model").unlink()
    with pytest.raises(MslmError, match="M621"):
        fit(contender("broken"), tmp_path / "log")
    assert not (tmp_path / "model").exists()


def test_texts_of_a_size_lose_no_word():
    sentences = [["a", "b"], ["c"], ["d", "e", "f"], ["g"]]
    assert joined(sentences, 3) == ["a b\nc", "d e f", "g"]
    assert joined([], 3) == []


def test_unknown_systems_are_refused():
    assert chosen("predict", ["spaCy"]) == ["spaCy"]
    usual = chosen("predict", [])
    assert "ours" in usual
    assert not any("int8" in name for name in usual)
    with pytest.raises(MslmError, match=r"M622.*EDS-NLP"):
        chosen("predict", ["spacy"])


def test_another_decoder_predicts_with_a_model_of_its_own(tiny_encoder, tmp_path):
    (tmp_path / "manifest.json").write_text('{"input_hash": "x"}')
    run = SpeedRun(tmp_path, tmp_path, str(tiny_encoder), 1, 1, 1, {})
    paths = (tmp_path / "train", tmp_path / "read")
    models = {
        name: _contender(run, "predict", name, paths, "float32").spec.model
        for name in PREDICT
        if PREDICT[name].module == "ours"
    }
    assert len(models) == len(set(models.values())) >= 2


def test_a_ratio_is_the_median_of_the_rounds():
    ours = Measured("ours", {}, [1.0, 2.0, 1.0], [10] * 3, [1.0, 1.0, 1.0])
    slow = Measured("slow", {}, [2.0, 4.0, 9.0], [10] * 3, [1.5, 1.1, 9.0])
    rows = summary([m.to_line({}, {}) for m in (ours, slow)]).splitlines()
    assert rows[1].split()[-2:] == ["1.00", "1.00"]
    assert rows[2].split()[-2:] == ["2.00", "1.50"]


def test_tables_set_each_of_ours_beside_every_system():
    def line(system, speeds):
        measured = Measured(system, {}, [10 / s for s in speeds], [10] * 3)
        settings = {"job": "train", "shape": "sentences", "precision": "float32"}
        return measured.to_line(settings, {})

    lines = [
        line("ours, one view", [30, 20, 10]),
        line("ours, two views", [10, 10, 10]),
        line("spaCy", [10, 10, 10]),
    ]
    text = tables(lines)
    assert "**train, sentences, float32**" in text
    assert "| spaCy | 10 | 10-10 | 0 | 2.00 | 1.00 |" in text
