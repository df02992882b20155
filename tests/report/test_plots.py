import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.report.plots import (
    Series,
    line_chart,
    reliability_chart,
    ticks,
    training_charts,
)


def parsed(chart):
    return ElementTree.fromstring(str(chart))


def row(step, **losses):
    scores = {"ents_p": 0.5, "ents_r": 0.25, "ents_f": 1 / 3}
    return {"epoch": 0, "step": step, "losses": losses, "scores": scores}


@given(st.floats(1e-6, 1e9))
def test_ticks_are_round_few_and_reach_the_top(highest):
    steps = ticks(highest)
    assert steps[0] == 0 and steps[-1] >= highest * 0.999 and 3 <= len(steps) <= 6


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_ticks_of_nothing(value):
    assert ticks(value) == [0.0, 1.0]


def test_points_stay_inside_and_larger_values_are_higher():
    chart = parsed(line_chart("t", [Series("a", [(0, 1), (50, 3), (99, 2)])]))
    dots = list(chart.iter("circle"))
    x, y = ([float(d.get(k)) for d in dots] for k in ("cx", "cy"))
    assert x == sorted(x) and y[1] < y[2] < y[0]
    assert all(0 <= v <= 380 for v in x) and all(0 <= v <= 220 for v in y)


def test_losses_that_broke_leave_gaps_not_errors():
    points = [(0, 1.0), (1, math.nan), (2, math.inf), (3, 0.5)]
    chart = parsed(line_chart("t", [Series("a", points)]))
    assert len(list(chart.iter("circle"))) == 2
    assert "no values" in str(line_chart("t", [Series("a", [(0, math.nan)])]))


def test_a_single_evaluation_and_a_loss_of_zero():
    assert len(list(parsed(line_chart("t", [Series("a", [(0, 0.0)])])).iter("circle")))


def test_one_chart_for_scores_and_one_for_each_part_in_the_order_of_equation_12():
    rows = [
        row(s, ner_mslm=2.0, ner_detection=1.0, ner=4.0, ner_classification=1.0)
        for s in (0, 50)
    ]
    titles = [parsed(c).find(".//text").text for c in training_charts(rows)]
    assert [title.split(":")[0] for title in titles] == [
        "Scores on dev, strict spans",
        "Whole loss (eq. 12)",
        "L_MSLM",
        "L_ED",
        "L_EL",
    ]


def test_other_pipelines_losses_are_shown_by_their_names():
    charts = training_charts([row(0, transformer=1.0, ner=2.0)])
    titles = [parsed(c).find(".//text").text for c in charts]
    assert titles[1:] == ["Loss of ner", "Loss of transformer"]


def bin_of(confidence, right, count):
    return {"confidence": confidence, "right": right, "count": count}


def test_reliability_draws_full_bins_larger_ones_larger_beside_the_diagonal():
    bins = [bin_of(0.1, 0.5, 1), bin_of(0.0, 0.0, 0), bin_of(0.9, 0.8, 99)]
    chart = parsed(reliability_chart("t", {"T = 1": bins, "T = 2": bins[:1]}))
    dots = list(chart.iter("circle"))
    assert [len([d for d in dots if f"s{n}" in d.get("class")]) for n in (0, 1)] == [
        2,
        1,
    ]
    assert float(dots[0].get("r")) < float(dots[1].get("r"))
    assert dots[1][0].text == "T = 1: 0.8 at confidence 0.9, 99 spans"
    (ideal,) = [e for e in chart.iter("line") if e.get("class") == "ideal"]
    x, y = (
        [float(ideal.get(k)) for k in keys] for keys in (("x1", "x2"), ("y1", "y2"))
    )
    # From (0, 0) to (1, 1): the ends of both axes, whatever the data.
    assert (x[0], x[1]) == (48.0, 368.0) and y[0] > y[1]
    assert "confidence" in {t.text for t in chart.iter("text")}


def test_reliability_of_no_spans():
    assert "no values" in str(reliability_chart("t", {"T = 1": [bin_of(0, 0, 0)]}))


def test_names_are_escaped():
    assert "<b>" not in str(line_chart("<b>", [Series("<b>", [(0, 1)])] * 2))


def test_a_wide_legend_takes_more_rows_and_moves_the_chart_down():
    lines = [Series(f"a long name {n}", [(0, n), (9, n)]) for n in range(5)]
    narrow, wide = (parsed(line_chart("t", of))[0] for of in (lines[:2], lines))
    names = [e for e in wide if e.tag == "text"][1:]
    assert [t.get("y") for t in names] == ["28", "28", "43", "43", "58"]
    assert all(float(t.get("x")) + 7 * len(t.text) <= 380 for t in names)
    assert narrow.find("g") is None and narrow.get("viewBox") == "0 0 380 220"
    assert wide.find("g").get("transform") == "translate(0 30)"
    assert wide.get("viewBox") == "0 0 380 250"


def test_an_axis_may_start_above_zero():
    chart = parsed(line_chart("t", [Series("a", [(0, 62), (9, 78)])], bottom=60))
    labels = [t.text for t in chart.iter("text") if t.get("class") == "tick end"]
    assert labels == ["60", "65", "70", "75", "80"]
    low, high = (float(d.get("cy")) for d in chart.iter("circle"))
    assert high < low < 220 - 36
