"""A tiny trained pipeline, and a dev split on which it is far too sure of itself."""

import json

import pytest
import spacy
from spacy.tokens import Span, SpanGroup

from spacy_mslm.corpus.docs import GOLD, write_docbins
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.measuring.calibrate import (
    CALIBRATION,
    calibrate,
    too_few,
    trusted_temperature,
)
from spacy_mslm.stages.measuring.confidences import (
    Judged,
    judge,
    outside_bias,
    raw_confidences,
)
from spacy_mslm.stages.measuring.evaluate import evaluate

TEXT = "Patient has fever and chest pain . Metformin was given ."
NOTES = 30
WORDS = len(TEXT.split())


def make_doc(nlp, spans, *, gold):
    doc = nlp.make_doc(TEXT)
    found = [doc.char_span(*span) for span in spans]
    doc.set_ents(found, default="outside")
    if gold:
        copies = [Span(doc, span.start, span.end, span.label) for span in found]
        doc.spans[GOLD] = SpanGroup(doc, name=GOLD, spans=copies)
        doc.set_ents([], default="outside")
    doc.user_data.update(note_id="n", patient_id="p")
    return doc


def without(spans, i):
    return [span for k, span in enumerate(spans) if k != i % len(spans)]


def write_corpus(folder, nlp, *, gold=False, notes=NOTES, splits=("dev", "test")):
    """Every other note's reference lacks one of the spans that `nlp` finds in each,
    now one and now the other."""
    spans = [(e.start_char, e.end_char, e.label_) for e in nlp(TEXT).ents]
    docs = [
        make_doc(nlp, without(spans, i // 2) if i % 2 else spans, gold=gold)
        for i in range(notes)
    ]
    for split in splits:
        write_docbins(folder / split, docs)
    (folder / "manifest.json").write_text(json.dumps({"has_gold": gold}))
    return folder


@pytest.fixture(scope="module")
def n_found(trained):
    """How many spans the pipeline finds in each note."""
    found = len(trained(TEXT).ents)
    assert found >= 2
    return found


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "best"
    trained.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def corpus(trained, tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"), trained)


@pytest.fixture(scope="module")
def made(model, corpus, tmp_path_factory):
    """(what was returned, the folder that was written)"""
    out = tmp_path_factory.mktemp("work") / "calibrated"
    return calibrate(model, corpus, out), out


def seen(nlp):
    return [(e.text, e.label_, e._.confidence) for e in nlp(TEXT).ents]


def files(folder):
    paths = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


def test_a_pipeline_that_is_too_sure_becomes_less_sure_of_the_same(model, made):
    result, out = made
    assert result["fitted"] and not result["reason"] and 0 < result["temperature"] < 1
    before, after = spacy.load(model), spacy.load(out)
    assert after.get_pipe("ner").temperature == result["temperature"]
    old, new = seen(before), seen(after)
    assert [e[:2] for e in old] == [e[:2] for e in new] and len(old) >= 2
    assert all(a[2] > b[2] > 0 for a, b in zip(old, new, strict=True))


def test_what_is_written_says_what_it_was_fitted_on(made, n_found):
    result, out = made
    text = (out.parent / CALIBRATION).read_text()
    assert json.loads(text) == result
    assert (result["split"], result["against"]) == ("dev", "MedCAT labels")
    measured = result["measured"]
    right = NOTES * n_found - NOTES // 2
    assert (measured["spans"], measured["right"]) == (NOTES * n_found, right)
    assert measured["reference_spans"] == right
    # The temperature is the one of least log loss; so few spans say little of ECE.
    assert measured["log_loss"]["after"] < measured["log_loss"]["before"]
    assert all(0 <= measured["ece"][when] <= 1 for when in ("before", "after"))
    assert result["settings"]["components"] == ["ner"]
    assert not any(words in text for words in ("fever", "Metformin", "Patient"))


def test_the_same_input_gives_the_same_bytes(model, corpus, made, tmp_path):
    calibrate(model, corpus, tmp_path / "calibrated")
    assert files(tmp_path / "calibrated") == files(made[1])
    again = (tmp_path / CALIBRATION).read_bytes()
    assert again == (made[1].parent / CALIBRATION).read_bytes()


def test_earlier_temperature_and_threshold_have_no_part_in_the_fit(
    model, corpus, made, tmp_path
):
    nlp = spacy.load(model, config={"components.ner.threshold": 0.9999})
    nlp.get_pipe("ner").temperature = 3.0
    nlp.to_disk(tmp_path / "hot")
    result = calibrate(tmp_path / "hot", corpus, tmp_path / "out", bias_words=0)
    assert result["temperature"] == made[0]["temperature"]
    assert result["measured"] == made[0]["measured"]
    assert spacy.load(tmp_path / "out").get_pipe("ner").threshold == 0.9999


def test_gold_is_the_reference_where_dev_has_it(model, trained, n_found, tmp_path):
    folder = write_corpus(tmp_path / "corpus", trained, gold=True)
    result = calibrate(model, folder, tmp_path / "out", bias_words=0)
    assert result["against"] == "gold"
    assert result["measured"]["right"] == NOTES * n_found - NOTES // 2


def test_on_few_spans_nothing_is_fitted_and_no_file_changes(
    model, trained, n_found, tmp_path
):
    folder = write_corpus(tmp_path / "corpus", trained, notes=6)
    result = calibrate(model, folder, tmp_path / "out", bias_words=0)
    assert (result["temperature"], result["fitted"]) == (1.0, False)
    spans = 6 * n_found
    assert result["reason"] == f"only {spans} predicted spans, 50 are needed"
    assert result["measured"]["spans"] == spans
    assert files(tmp_path / "out") == files(model)


def test_on_few_spans_an_earlier_temperature_is_taken_away(made, trained, tmp_path):
    folder = write_corpus(tmp_path / "corpus", trained, notes=6)
    calibrate(made[1], folder, tmp_path / "out", bias_words=0)
    assert spacy.load(tmp_path / "out").get_pipe("ner").temperature == 1.0


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (40, 10, ""),
        (10, 40, ""),
        (39, 10, "only 49 predicted spans, 50 are needed"),
        (400, 9, "only 9 wrong spans, 10 are needed"),
        (0, 400, "only 0 right spans, 10 are needed"),
    ],
)
def test_how_many_spans_can_be_trusted(right, wrong, reason):
    judged = Judged(right, [0.5] * (right + wrong), [True] * right + [False] * wrong)
    assert too_few(judged) == reason


def test_confidences_that_tell_nothing_get_no_temperature():
    """All but sure, or all but none: the best T would make them alike."""
    judged = Judged(50, [1e-9] * 60, [True] * 50 + [False] * 10)
    temperature, reason = trusted_temperature(judged)
    assert temperature == 1.0 and "draw all confidences to 1, or to 0" in reason
    judged = Judged(50, [0.9999] * 60, [True] * 20 + [False] * 40)
    assert trusted_temperature(judged)[0] == 1.0
    judged = Judged(50, [0.9] * 60, [True] * 40 + [False] * 20)
    # log(.9) / log(2/3).
    assert trusted_temperature(judged) == (0.2599, "")


def test_a_pipeline_without_confidences_passes_unchanged(corpus, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "A", "pattern": "fever"}])
    nlp.to_disk(tmp_path / "rules")
    result = calibrate(tmp_path / "rules", corpus, tmp_path / "out")
    assert "no mslm_ner" in result["reason"] and "measured" not in result
    assert files(tmp_path / "out") == files(tmp_path / "rules")
    fit = tmp_path / CALIBRATION
    metrics = evaluate(
        tmp_path / "out", corpus, tmp_path / "m.json", calibration=fit, split="dev"
    )
    assert metrics["calibration"] is None


def test_a_pipeline_from_gold_goes_before_the_one_from_weak_labels(
    model, corpus, trained, tmp_path
):
    gold = tmp_path / "gold"
    gold.mkdir()
    result = calibrate(model, corpus, tmp_path / "a", gold=gold, bias_words=0)
    assert not result["after_gold"]
    nlp = spacy.load(model)
    nlp.meta["name"] = "from_gold"
    nlp.to_disk(gold / "model")
    result = calibrate(model, corpus, tmp_path / "b", gold=gold, bias_words=0)
    assert result["after_gold"]
    assert spacy.load(tmp_path / "b").meta["name"] == "from_gold"


def test_a_bias_trades_recall_for_precision_and_is_put_back(made):
    rows = made[0]["outside_bias"]["rows"]
    assert [row["outside_bias"] for row in rows] == [-2, -1, 0, 1, 2]
    found = [row["tp"] + row["fp"] for row in rows]
    assert found == sorted(found, reverse=True)
    plain, measured = rows[2], made[0]["measured"]
    assert (plain["tp"], plain["tp"] + plain["fp"]) == (
        measured["right"],
        measured["spans"],
    )
    assert spacy.load(made[1]).get_pipe("ner").outside_bias == 0


def test_biases_are_tried_on_so_many_words_only(model, corpus, tmp_path):
    result = calibrate(model, corpus, tmp_path / "out", bias_words=WORDS + 1)
    assert result["outside_bias"]["notes"] == 2
    result = calibrate(model, corpus, tmp_path / "out", bias_words=0)
    assert result["outside_bias"] is None


def test_settings_are_put_back_after_a_failure(trained):
    ner = trained.get_pipe("ner")
    with (
        pytest.raises(ZeroDivisionError),
        outside_bias(trained, 2.0),
        raw_confidences(trained),
    ):
        assert (ner.temperature, ner.threshold, ner.outside_bias) == (1.0, 0.0, 2.0)
        1 / 0  # noqa: B018
    assert (ner.temperature, ner.threshold, ner.outside_bias) == (1.0, 0.0, 0.0)


def test_only_exact_spans_are_right_and_those_without_confidence_are_apart():
    true = [[(0, 5, "A", "x"), (7, 9, "A", "y")], []]
    found = [
        [((0, 5, "A", "x"), 0.9), ((7, 8, "A", "y"), 0.8), ((7, 9, "B", "y"), None)],
        [((0, 5, "A", "x"), 0.7)],
    ]
    judged = judge(true, found)
    assert judged.confidences == [0.9, 0.8, 0.7]
    assert judged.right == [True, False, False]
    assert (judged.n_reference, judged.without) == (2, 1)


def test_bad_input_changes_nothing(model, corpus, trained, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(MslmError, match=r"\[M781\] .*replaced as a whole"):
        calibrate(model, corpus, other)
    assert [p.name for p in other.iterdir()] == ["thesis.txt"]
    out = tmp_path / "out"
    with pytest.raises(MslmError, match=r"\[M701\] .*train"):
        calibrate(model, corpus, out, split="train")
    with pytest.raises(MslmError, match=r"\[M741\]"):
        calibrate(tmp_path / "none", corpus, out)
    empty = write_corpus(tmp_path / "empty", trained, notes=0)
    with pytest.raises(MslmError, match=r"\[M742\] .*'dev'"):
        calibrate(model, empty, out)
    assert not out.exists() and not (tmp_path / CALIBRATION).exists()


# What `evaluate` makes of it


def test_held_out_errors_before_and_after(made, corpus, tmp_path):
    result, out = made
    fit = out.parent / CALIBRATION
    metrics = evaluate(out, corpus, tmp_path / "m.json", calibration=fit)
    calibration = metrics["calibration"]
    assert json.loads((tmp_path / "m.json").read_text()) == metrics
    assert calibration["temperature"] == result["temperature"]
    assert calibration["fit"] == result
    held_out = calibration["held_out"]
    assert (held_out["split"], held_out["against"]) == ("test", "MedCAT labels")
    # Both splits hold the same notes here.
    assert held_out["measured"] == result["measured"]


def test_a_threshold_cuts_scores_but_not_the_operating_points(
    made, corpus, n_found, tmp_path
):
    nlp = spacy.load(made[1])
    scores = sorted(e._.confidence for e in nlp(TEXT).ents)
    cut = (scores[0] + scores[1]) / 2
    spacy.load(made[1], config={"components.ner.threshold": cut}).to_disk(
        tmp_path / "cut"
    )
    metrics = evaluate(tmp_path / "cut", corpus, tmp_path / "m.json")
    micro = metrics["rows"][-1]["micro"]
    assert micro["tp"] + micro["fp"] == (n_found - 1) * NOTES
    assert metrics["calibration"]["held_out"]["measured"]["spans"] == n_found * NOTES
    assert metrics["calibration"]["fit"] is None


def test_another_calibration_than_the_pipelines_is_refused(
    model, made, corpus, tmp_path
):
    fit, out = made[1].parent / CALIBRATION, tmp_path / "m.json"
    with pytest.raises(MslmError, match=r"\[M780\] .*Run 'calibrate' again"):
        evaluate(model, corpus, out, calibration=fit)
    for content in (None, "", "[]", "{}", '{"temperature": "x", "fitted": true}'):
        bad = tmp_path / "bad.json"
        bad.unlink(missing_ok=True)
        if content is not None:
            bad.write_text(content)
        with pytest.raises(MslmError, match=r"\[M782\] .*'calibrate'"):
            evaluate(model, corpus, out, calibration=bad)
    assert not out.exists()
