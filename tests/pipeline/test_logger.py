"""The training log: loss parts by name, as means over updates, one row a scoring."""

import io
import json

from spacy_mslm.pipeline.logger import make_logger

PARTS = ("ner", "ner_mslm", "ner_detection", "ner_classification")


def info(step, losses, score, **scores):
    return {
        "epoch": step // 10,
        "step": step,
        "losses": losses,
        "score": score,
        "other_scores": scores,
    }


def test_rows_and_table(tmp_path):
    out = io.StringIO()
    path = tmp_path / "training" / "log.jsonl"
    log, finalize = make_logger(str(path))(None, out, io.StringIO())
    log(info(0, dict.fromkeys(PARTS, 4.0), 0.0, ents_p=None, ents_r=0.0))
    log(info(5, dict.fromkeys(PARTS, 9.0), None))
    log(None)
    losses = dict(zip(PARTS, (20.0, 10.0, 5.0, 5.0), strict=True))
    log(info(10, losses, 0.5, ents_p=0.25, ents_r=1.0, ents_f=0.4))
    finalize()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows[0] == {
        "epoch": 0,
        "step": 0,
        "losses": dict.fromkeys(PARTS, 4.0),
        "scores": {"ents_p": 0.0, "ents_r": 0.0, "ents_f": 0.0},
    }
    # Ten updates since the row before.
    assert rows[1]["losses"] == {k: v / 10 for k, v in losses.items()}
    assert rows[1]["scores"] == {"ents_p": 0.25, "ents_r": 1.0, "ents_f": 0.4}
    assert len(rows) == 2
    header, first, second = out.getvalue().splitlines()
    assert header.split() == [
        *("epoch", "step", *PARTS, "ents_p", "ents_r", "ents_f", "score")
    ]
    assert first.split()[2:4] == ["4.0000", "4.0000"]
    assert second.split()[-1] == "0.5000"


def test_rows_can_be_read_while_training_runs(tmp_path):
    path = tmp_path / "log.jsonl"
    log, finalize = make_logger(str(path))(None, io.StringIO(), io.StringIO())
    log(info(0, {"ner": 1.0}, 0.0))
    assert json.loads(path.read_text())["step"] == 0
    finalize()


def test_without_a_path_only_the_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    log, finalize = make_logger()(None, out, io.StringIO())
    log(info(0, {"ner": 1.0}, 0.0))
    finalize()
    assert out.getvalue() and not list(tmp_path.iterdir())
