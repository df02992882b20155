import re

import pytest

from spacy_mslm.report import calibration as view
from spacy_mslm.report.card import model_card
from spacy_mslm.report.page import render_page, render_summary

META = {"lang": "en", "name": "trial", "version": "1", "labels": {"ner": ["A"]}}
TOO_FEW = {"fitted": False, "reason": "only 3 predicted spans, 50 are needed"}


@pytest.fixture
def make_shown(make_report, make_metrics, manifests, settings):
    """`make_shown(calibration, gold=True)`: page, summary and card, without markup."""

    def make(calibration, *, gold=True):
        metrics = {**make_metrics(gold=gold), "calibration": calibration}
        report = make_report(metrics=metrics)
        page = re.sub(r"<style>.*?</style>", "", render_page(report), flags=re.S)
        _, card = model_card(META, metrics, manifests, settings)
        texts = re.sub(r"<[^>]*>", " ", page), render_summary(report), card
        return [" ".join(text.split()) for text in texts]

    return make


def test_temperature_errors_and_operating_points_are_on_all_three(
    make_shown, make_calibration
):
    calibration = make_calibration()
    ece = calibration["held_out"]["measured"]["ece"]
    change = f"{ece['before']:.3f} → {ece['after']:.3f}"
    for text in make_shown(calibration):
        assert "Temperature 2, fitted on 6 spans of 7 notes of the split 'dev'" in (
            text.replace("&#39;", "'")
        )
        assert "against gold" in text and change in text
        assert "test (held out)" in text
        assert "a share p should be right, boundaries and type, by gold" in text


def test_choose_on_dev_and_read_on_test(make_calibration):
    metrics = {"calibration": make_calibration()}
    names = [name for name, _ in view.point_tables(metrics)]
    assert names == [
        "dev (to choose on), against gold",
        "test (held out), against gold",
    ]
    rows = {row[0]: row[1:] for row in view.point_tables(metrics)[1][1]}
    assert rows["0"] == ["6", "50.0", "60.0", "54.5"]
    assert rows["0.99"] == ["0", "–", "0.0", "0.0"]
    # With T = 2, .6 and .35 become .55 and .42: without them F1 is best.
    assert view.best_threshold(metrics) == "The best F1 on dev is at threshold 0.8."


def test_bias_rows_say_on_how_many_notes(make_calibration):
    said, rows = view.bias_rows({"calibration": make_calibration()})
    assert said == "5 notes of dev, against gold, no threshold"
    assert [row[:2] for row in rows] == [["-1", "5"], ["0", "4"], ["+1", "3"]]
    without = make_calibration(fit={"outside_bias": None})
    assert view.bias_rows({"calibration": without}) == ("", [])


def test_without_gold_it_is_the_labeller_and_not_truth(make_shown, make_calibration):
    for text in make_shown(make_calibration(against="MedCAT labels"), gold=False):
        assert "Against the labeller, not truth" in text
        assert "against gold" not in text and "by gold" not in text


def test_confidences_that_are_far_off_are_called_an_order(make_calibration):
    def sentences(ece):
        calibration = make_calibration()
        calibration["held_out"]["measured"]["ece"] = {"before": 0.3, "after": ece}
        return " ".join(view.what_it_says({"calibration": calibration}))

    assert "off by 0.20 on average (ECE): read them as an order" in sentences(0.2)
    assert "read them as an order" not in sentences(0.09)


def test_two_references_are_a_warning(make_shown, make_calibration):
    calibration = make_calibration(fit={"against": "MedCAT labels"})
    for text in make_shown(calibration):
        assert "against different references" in text


def test_why_there_is_no_temperature(make_shown, make_calibration):
    calibration = make_calibration(fit=TOO_FEW, temperature=1.0)
    for text in make_shown(calibration):
        assert "No temperature was fitted (T = 1): only 3 predicted spans" in text
    assert "T = 1" in str(view.chart({"calibration": calibration}))
    assert str(view.chart({"calibration": calibration})).count("<polyline") == 1
    (_, test) = view.error_rows({"calibration": calibration})
    assert not [cell for cell in test if "→" in cell]


def test_without_calibration_json_the_held_out_part_stands_alone(
    make_shown, make_calibration
):
    calibration = make_calibration(fit=None)
    for text in make_shown(calibration):
        assert "where it was fitted is not known" in text
        assert "test (held out)" in text and "to choose on" not in text
        assert "The best F1" not in text


def test_pipelines_without_confidences_and_older_metrics(
    make_shown, make_report, make_metrics
):
    page, summary, card = make_shown(None)
    for text in (page, summary):
        assert view.NONE_GIVEN in text and "Operating points" not in text
    assert "## Confidence" not in card
    older = render_summary(make_report(metrics=make_metrics()))
    assert "not measured: run 'evaluate' again" in older


def test_the_meta_keeps_what_a_user_must_know(
    make_metrics, make_calibration, manifests, settings
):
    metrics = {**make_metrics(), "calibration": make_calibration()}
    meta, _ = model_card(META, metrics, manifests, settings)
    known = meta["mslm"]["calibration"]
    assert (known["temperature"], known["split"], known["spans"]) == (2.0, "test", 6)
    assert known["against"] == "gold" and known["ece"] > 0
    meta, _ = model_card(META, make_metrics(), manifests, settings)
    assert meta["mslm"]["calibration"] is None
