import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.calibration import (
    COLDEST,
    EDGE,
    HOTTEST,
    adaptive_calibration_error,
    expected_calibration_error,
    fit_temperature,
    log_loss,
    measure,
    operating_points,
    reliability,
    tempered,
)

SHARE = st.floats(0, 1)
TEMPERATURE = st.floats(COLDEST, HOTTEST)
JUDGED = st.lists(st.tuples(SHARE, st.booleans()), max_size=60)


def parts(judged):
    return [p for p, _ in judged], [hit for _, hit in judged]


def simulated(temperature, n=20_000, seed=0):
    """Confidences whose truth shows only after `temperature`."""
    rng = np.random.default_rng(seed)
    true = rng.beta(2, 1, n)
    right = rng.random(n) < true
    shown = [tempered(p, 1 / temperature) for p in true.tolist()]
    return shown, right.tolist()


# tempered


def test_hand_computed():
    assert tempered(0.64, 2.0) == pytest.approx(0.8)
    assert tempered(0.8, 0.5) == pytest.approx(0.64)


@given(SHARE)
def test_temperature_one_changes_no_bit(p):
    assert tempered(p, 1.0) == p


@given(TEMPERATURE)
def test_certainties_stay(temperature):
    assert (tempered(0.0, temperature), tempered(1.0, temperature)) == (0.0, 1.0)


@given(SHARE, SHARE, TEMPERATURE)
def test_the_order_of_confidences_stays(p, q, temperature):
    low, high = sorted((p, q))
    assert 0 <= tempered(low, temperature) <= tempered(high, temperature) <= 1


@given(SHARE, TEMPERATURE)
def test_neighbouring_floats_do_not_change_places(p, temperature):
    above = min(math.nextafter(p, 2), 1.0)
    assert tempered(p, temperature) <= tempered(above, temperature)


@given(SHARE, st.floats(1, HOTTEST))
def test_heat_raises_and_cold_lowers(p, temperature):
    assert p <= tempered(p, temperature) <= 1
    assert 0 <= tempered(p, 1 / temperature) <= p


@given(st.floats(1e-6, 1), st.floats(0.5, 2))
def test_the_inverse_temperature_leads_back(p, temperature):
    assert tempered(tempered(p, temperature), 1 / temperature) == pytest.approx(p)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_bad_temperatures(value):
    with pytest.raises(MslmError, match=r"M602.*above 0, got"):
        tempered(0.5, value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_bad_confidences(value):
    with pytest.raises(MslmError, match=r"M603.*from 0 to 1, got"):
        tempered(value, 2.0)
    with pytest.raises(MslmError, match="M603"):
        log_loss([value], [True])


# fit_temperature


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1.0, 1.6, 4.0])
def test_the_fit_finds_a_known_temperature(temperature):
    fitted = fit_temperature(*simulated(temperature))
    assert fitted == pytest.approx(temperature, rel=0.05)


@given(st.lists(st.tuples(st.floats(1e-6, 1 - 1e-6), st.booleans()), max_size=60))
def test_no_temperature_of_a_fine_grid_is_better(judged):
    p, right = parts(judged)
    fitted = fit_temperature(p, right)
    assert COLDEST <= fitted <= HOTTEST
    if any(right) and not all(right):
        # As the fit sees them: certainties held off 0 and 1.
        p = [min(max(x, EDGE), 1 - EDGE) for x in p]
        best = log_loss([tempered(x, fitted) for x in p], right)
        for other in np.geomspace(COLDEST, HOTTEST, 60):
            tried = log_loss([tempered(x, float(other)) for x in p], right)
            assert best <= tried + 1e-9


@pytest.mark.parametrize(("p", "right"), [([], []), ([0.9], [1]), ([0.9, 0.2], [0, 0])])
def test_nothing_to_fit_on_is_no_temperature(p, right):
    assert fit_temperature(p, right) == 1.0


def test_the_range_ends_a_search_that_has_no_end():
    assert fit_temperature([0.999, 0.999], [True, False]) == COLDEST
    assert fit_temperature([1e-9, 1e-9], [False, True]) == HOTTEST


def test_a_certainty_that_is_wrong_is_no_infinite_loss():
    assert math.isfinite(log_loss([1.0, 0.0, 0.5], [False, True, True]))
    assert math.isfinite(fit_temperature([1.0, 0.0, 0.5], [False, True, True]))


def test_log_loss_by_hand():
    assert log_loss([0.5, 0.25], [True, False]) == pytest.approx(
        (math.log(2) + math.log(4 / 3)) / 2
    )
    assert log_loss([], []) == 0.0


# ECE and bins


def brute_ece(p, right, bins):
    total = 0.0
    for number in range(bins):
        inside = [
            (x, hit)
            for x, hit in zip(p, right, strict=True)
            if min(int(x * bins), bins - 1) == number
        ]
        if inside:
            confidence = sum(x for x, _ in inside) / len(inside)
            share = sum(hit for _, hit in inside) / len(inside)
            total += len(inside) / len(p) * abs(share - confidence)
    return total


@given(JUDGED, st.integers(1, 20))
def test_ece_is_that_of_a_slow_loop(judged, bins):
    p, right = parts(judged)
    expected = brute_ece(p, right, bins)
    assert expected_calibration_error(p, right, bins) == pytest.approx(expected)


@given(JUDGED, st.randoms(use_true_random=False))
def test_the_order_of_spans_does_not_matter(judged, rng):
    mixed = list(judged)
    rng.shuffle(mixed)
    for error in (expected_calibration_error, adaptive_calibration_error):
        assert error(*parts(judged)) == pytest.approx(error(*parts(mixed)))


@given(JUDGED, st.integers(1, 20))
def test_every_span_is_in_one_bin(judged, bins):
    made = reliability(*parts(judged), bins)
    assert len(made) == bins and sum(b.count for b in made) == len(judged)
    assert all(a.high == b.low for a, b in pairwise(made))
    assert all(b.low <= b.confidence <= b.high for b in made if b.count)


def test_both_ends_have_a_bin():
    made = reliability([0.0, 1.0, 1.0], [False, True, False])
    assert (made[0].count, made[-1].count, made[-1].right) == (1, 2, 0.5)


def test_what_is_calibrated_has_a_small_error_and_what_is_not_a_large_one():
    calibrated = simulated(1.0)
    sure_of_all = ([0.95] * 1000, [i % 2 == 0 for i in range(1000)])
    for error in (expected_calibration_error, adaptive_calibration_error):
        assert error(*calibrated) < 0.01
        assert error(*sure_of_all) == pytest.approx(0.45)


def test_equal_counts_see_what_equal_widths_average_away():
    # Within the last bin: half 0.91 and always right, half 0.99 and right at 0.9.
    p = [0.91] * 100 + [0.99] * 100
    right = [True] * 100 + [i % 10 != 0 for i in range(100)]
    assert expected_calibration_error(p, right) == pytest.approx(0.0, abs=1e-9)
    assert adaptive_calibration_error(p, right) == pytest.approx(0.09)


def test_the_temperature_mends_a_sure_pipeline_on_held_out_spans():
    p, right = simulated(2.5, seed=1)
    after = measure(p, right, sum(right), fit_temperature(*simulated(2.5, seed=2)))
    assert after["ece"]["after"] < 0.02 < 0.1 < after["ece"]["before"]
    assert after["log_loss"]["after"] < after["log_loss"]["before"]


# Operating points


@given(JUDGED, st.integers(0, 20))
def test_operating_points_are_those_of_a_slow_loop(judged, missed):
    p, right = parts(judged)
    n_gold = sum(right) + missed
    for point in operating_points(p, right, n_gold, (0.0, 0.25, 0.9)):
        kept = [hit for x, hit in judged if x >= point.threshold]
        assert point.found == len(kept)
        if kept:
            assert point.precision == pytest.approx(sum(kept) / len(kept))
        else:
            assert point.precision is None
        assert point.recall == pytest.approx(sum(kept) / n_gold if n_gold else 0.0)


def test_f1_by_hand_and_recall_falls_with_the_threshold():
    points = operating_points([0.2, 0.6, 0.95], [False, True, True], 4)
    assert points[0].f1 == pytest.approx(4 / 7)
    recalls = [point.recall for point in points]
    assert recalls == sorted(recalls, reverse=True) and recalls[0] == 0.5
    assert points[-1].precision is None and points[-1].f1 == 0.0


def test_malformed_input_is_one_coded_line():
    with pytest.raises(MslmError, match=r"M604.*2 confidences beside 1 outcomes"):
        fit_temperature([0.5, 0.5], [True])
    with pytest.raises(MslmError, match=r"M605.*1 spans are right.*holds 0"):
        operating_points([0.5], [True], 0)


def test_measure_is_plain_values():
    import json

    made = measure([0.9, 0.6, 1.0], [True, False, True], 4, 2.0)
    assert json.loads(json.dumps(made)) == made
    assert (made["spans"], made["right"], made["reference_spans"]) == (3, 2, 4)
    assert made["thresholds"][0]["precision"] == pytest.approx(2 / 3)
    assert sum(b["count"] for b in made["bins"]["after"]) == 3
