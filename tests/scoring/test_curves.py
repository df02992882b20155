import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.calibration import operating_points
from spacy_mslm.scoring.curves import average_precision, precision_recall_curve

# Few values, so that ties are common.
SHARE = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
JUDGED = st.lists(st.tuples(SHARE, st.booleans()), max_size=60)
MISSED = st.integers(0, 9)


def parts(judged):
    return [p for p, _ in judged], [hit for _, hit in judged]


def test_hand_computed_curve():
    curve = precision_recall_curve([0.2, 0.9, 0.6, 0.6], [True, True, False, True], 4)
    assert curve == [(0.9, 1.0, 0.25), (0.6, 2 / 3, 0.5), (0.2, 0.75, 0.75)]


def test_hand_computed_area():
    found = [0.2, 0.9, 0.6, 0.6], [True, True, False, True]
    area = 0.25 * 1 + 0.25 * 2 / 3 + 0.25 * 3 / 4
    assert average_precision(*found, 4) == pytest.approx(area)


def test_the_area_of_the_best_and_of_the_worst_order():
    assert average_precision([0.9, 0.8, 0.1], [True, True, False], 2) == 1.0
    assert average_precision([0.9, 0.8, 0.1], [False, False, True], 1) == (
        pytest.approx(1 / 3)
    )
    assert average_precision([0.9, 0.8], [True, True], 8) == 0.25


def test_all_tied_is_one_point():
    assert precision_recall_curve([0.5] * 4, [True, False] * 2, 2) == [(0.5, 0.5, 1.0)]
    assert average_precision([0.5] * 4, [True, False] * 2, 2) == 0.5


def test_nothing_found_and_nothing_to_find():
    assert precision_recall_curve([], [], 3) == []
    assert average_precision([], [], 3) == average_precision([], [], 0) == 0.0
    assert precision_recall_curve([0.4], [False], 0) == [(0.4, 0.0, 0.0)]
    assert average_precision([0.4], [False], 0) == 0.0


def test_thinned_evenly_in_recall():
    n = 1000
    confidences = [1 - i / n for i in range(n)]
    curve = precision_recall_curve(confidences, [True] * n, n, most=11)
    recalls = [recall for *_, recall in curve]
    # 1 to 1000 in ten steps of 99.9, each rounded up to a whole number of spans.
    assert recalls == [0.001, *(i / 10 + 0.001 for i in range(1, 10)), 1.0]


@given(JUDGED, MISSED, st.integers(2, 70))
def test_every_point_is_exact_and_the_ends_are_kept(judged, missed, most):
    p, right = parts(judged)
    n_gold = sum(right) + missed
    curve = precision_recall_curve(p, right, n_gold, most)
    thresholds = [t for t, *_ in curve]
    assert thresholds == sorted(set(thresholds), reverse=True)
    for (_, precision, recall), point in zip(
        curve, operating_points(p, right, n_gold, thresholds), strict=True
    ):
        assert precision == pytest.approx(point.precision)
        assert recall == pytest.approx(point.recall)
    assert len(curve) == min(len(set(p)), len(curve), most)
    if p:
        assert (thresholds[0], thresholds[-1]) == (max(p), min(p))
    if len(set(p)) <= most:
        assert set(thresholds) == set(p)


@given(JUDGED, MISSED)
def test_the_area_is_that_of_the_whole_curve(judged, missed):
    p, right = parts(judged)
    n_gold = sum(right) + missed
    area = last = 0.0
    for _, precision, recall in precision_recall_curve(p, right, n_gold, most=100):
        area += (recall - last) * precision
        last = recall
    assert average_precision(p, right, n_gold) == pytest.approx(area)


@given(JUDGED, st.randoms(use_true_random=False))
def test_the_order_of_spans_does_not_matter(judged, rng):
    mixed = list(judged)
    rng.shuffle(mixed)
    n_gold = sum(right for _, right in judged)
    assert average_precision(*parts(judged), n_gold) == (
        average_precision(*parts(mixed), n_gold)
    )


@given(JUDGED)
def test_equal_to_scikit_learn_where_every_gold_span_is_found(judged):
    metrics = pytest.importorskip("sklearn.metrics")
    p, right = parts(judged)
    if any(right):
        theirs = metrics.average_precision_score(right, p)
        assert average_precision(p, right, sum(right)) == pytest.approx(theirs)


def test_malformed_input_is_one_coded_line():
    for made in (precision_recall_curve, average_precision):
        with pytest.raises(MslmError, match="M603"):
            made([1.5], [True], 1)
        with pytest.raises(MslmError, match="M604"):
            made([0.5], [True, False], 1)
        with pytest.raises(MslmError, match=r"M605.*1 spans are right.*holds 0"):
            made([0.5], [True], 0)
    with pytest.raises(MslmError, match=r"M610.*'most' must be 2 or more, got '1'"):
        precision_recall_curve([0.5], [True], 1, most=1)
