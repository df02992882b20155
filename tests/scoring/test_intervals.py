import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring import intervals
from spacy_mslm.scoring.intervals import (
    DocCounts,
    Interval,
    average_difference,
    difference,
    mean_interval,
)

STATISTICS = st.sampled_from(["f1", "em", "precision"])


def counts(*rows):
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return DocCounts(table[:, 0], table[:, 1], table[:, 2])


def system(recall, docs=200, seeds=3, key=0, spread=0.0):
    """Ten gold spans a document found at `recall`, and one false one in two."""
    rng = np.random.default_rng(key)
    runs = []
    for _ in range(seeds):
        tp = rng.binomial(10, recall + spread * rng.standard_normal(), docs)
        runs.append(DocCounts(tp, rng.binomial(1, 0.5, docs), 10 - tp))
    return runs


@st.composite
def systems(draw, number=2):
    seeds, docs = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    row = st.tuples(*[st.integers(0, 5)] * 3)
    rows = st.lists(row, min_size=docs, max_size=docs)
    runs = st.lists(rows, min_size=seeds, max_size=seeds)
    return [[counts(*r) for r in draw(runs)] for _ in range(number)]


# What is measured


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("f1", (8 / 11 + 2 / 6) / 2 - (2 / 7 + 0) / 2),
        ("em", (4 / 5 + 1 / 4) / 2 - (1 / 5 + 0) / 2),
        ("precision", (4 / 6 + 1 / 2) / 2 - (1 / 2 + 0) / 2),
    ],
)
def test_the_mean_by_hand(statistic, expected):
    a = [counts((3, 1, 0), (1, 1, 1)), counts((0, 1, 3), (1, 0, 0))]
    b = [counts((1, 1, 2), (0, 0, 2)), counts((0, 0, 3), (0, 1, 1))]
    made = difference(a, b, statistic=statistic, resamples=10)
    assert made.mean == pytest.approx(expected)


def test_a_statistic_of_ones_own():
    def missed(tp, fp, fn):
        return fn / (tp + fn)

    a, b = system(0.7), system(0.6, key=1)
    own, em = difference(a, b, statistic=missed), difference(b, a, statistic="em")
    assert (own.mean, own.low) == (pytest.approx(em.mean), pytest.approx(em.low))


def test_one_document_and_one_seed_have_no_spread():
    made = difference([counts((3, 1, 1))], [counts((1, 1, 3))])
    assert (made.mean, made.low, made.high) == (pytest.approx(6 / 8 - 2 / 6),) * 3
    assert made.p_positive == 1.0


def test_two_seeds_of_one_document_give_three_values():
    # Both seeds, the first twice or the second twice: 0.5 half of the time, 0.9
    # and 0.1 a quarter each.
    a = [counts((9, 0, 1)), counts((1, 0, 9))]
    made = mean_interval(a, statistic="em", level=0.4, resamples=4000)
    assert (made.mean, made.low, made.high) == (pytest.approx(0.5),) * 3
    wide = mean_interval(a, statistic="em", level=0.6)
    assert (wide.low, wide.high) == (pytest.approx(0.1), pytest.approx(0.9))


def test_two_documents_of_one_seed_give_three_values():
    a = [counts((9, 0, 1), (1, 0, 9))]
    made = mean_interval(a, statistic="em", level=0.6)
    assert (made.low, made.high) == (pytest.approx(0.1), pytest.approx(0.9))
    assert mean_interval(a, statistic="em", level=0.4).low == pytest.approx(0.5)


def test_the_interval_is_that_of_a_slow_loop():
    a, b = system(0.7, 30, 4, spread=0.05), system(0.66, 30, 4, key=1, spread=0.05)
    rng = np.random.default_rng(5)

    def f1(run, docs):
        tp, fp, fn = (x[docs].sum() for x in (run.tp, run.fp, run.fn))
        return 2 * tp / (2 * tp + fp + fn)

    drawn = []
    for _ in range(4000):
        docs, seeds = rng.integers(30, size=30), rng.integers(4, size=4)
        drawn.append(np.mean([f1(a[s], docs) - f1(b[s], docs) for s in seeds]))
    made = difference(a, b, resamples=4000)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert made.low == pytest.approx(low, abs=0.004)
    assert made.high == pytest.approx(high, abs=0.004)
    assert made.p_positive == pytest.approx(np.mean(np.array(drawn) > 0), abs=0.03)


def test_the_normal_approximation_of_many_documents():
    (run,) = system(0.7, docs=2000, seeds=1)
    made = mean_interval([run], statistic="em")
    half = 1.96 * (run.tp / 10).std() / np.sqrt(2000)
    assert made.high - made.mean == pytest.approx(half, rel=0.1)
    assert made.mean - made.low == pytest.approx(half, rel=0.1)


# What pairing is for


def test_pairs_of_documents_and_of_seeds_cancel_what_is_common():
    hard = np.random.default_rng(0).integers(0, 2, 200) * 8
    b = [DocCounts(hard, 0 * hard, 10 - hard) for _ in range(3)]
    a = [DocCounts(hard + 1, 0 * hard, 9 - hard) for _ in range(3)]
    made = difference(a, b, statistic="em")
    assert (made.low, made.high) == (pytest.approx(0.1), pytest.approx(0.1))
    alone = mean_interval(a, statistic="em")
    assert alone.high - alone.low > 0.1


def test_seeds_that_differ_widen_the_interval():
    def width(runs):
        made = mean_interval(runs)
        return made.high - made.low

    calm, wild = system(0.6, seeds=5), system(0.6, seeds=5, spread=0.1)
    assert width(wild) > 3 * width(calm)
    assert width(wild[:1]) < 0.5 * width(wild)


def test_a_real_difference_is_found_and_none_is_not():
    better = difference(system(0.7), system(0.6, key=1))
    assert better.low > 0 and better.p_positive == 1.0
    same = difference(system(0.6), system(0.6, key=1))
    assert same.low < 0 < same.high and 0.01 < same.p_positive < 0.99


def test_a_95_per_cent_interval_holds_the_truth_about_that_often():
    inside = 0
    for key in range(200):
        a, b = system(0.7, 60, 1, 2 * key), system(0.6, 60, 1, 2 * key + 1)
        made = difference(a, b, statistic="em", resamples=300)
        inside += made.low <= 0.1 <= made.high
    assert 180 <= inside <= 198


@given(systems(), STATISTICS)
def test_the_other_way_round_is_the_same_mirrored(pair, statistic):
    a, b = pair
    there = difference(a, b, statistic=statistic, resamples=50)
    back = difference(b, a, statistic=statistic, resamples=50)
    assert there.mean == pytest.approx(-back.mean)
    assert there.low == pytest.approx(-back.high)
    assert there.p_positive + back.p_positive <= 1
    assert -1 <= there.low <= there.high <= 1


@given(systems(1), STATISTICS)
def test_no_difference_is_exactly_none(one, statistic):
    made = difference(one[0], one[0], statistic=statistic, resamples=50)
    assert made == Interval(0.0, 0.0, 0.0, 0.0)


@given(systems(1))
def test_an_empty_share_is_zero_and_never_a_nan(one):
    made = mean_interval(one[0], resamples=20)
    assert 0 <= made.low <= made.high <= 1
    nothing = [counts((0, 0, 0))]
    assert mean_interval(nothing, resamples=5) == Interval(0.0, 0.0, 0.0, 0.0)


@given(systems(), st.integers(1, 60))
def test_how_many_are_held_at_once_changes_nothing(pair, cells):
    expected = difference(*pair, resamples=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "CELLS", cells)
        assert difference(*pair, resamples=20) == expected


def test_the_seed_decides_the_draws():
    a, b = system(0.7), system(0.6, key=1)
    assert difference(a, b, seed=1) == difference(a, b, seed=1)
    assert difference(a, b, seed=1) != difference(a, b, seed=2)


def test_a_higher_level_is_a_wider_interval():
    a, b = system(0.7), system(0.6, key=1)
    wide, narrow = difference(a, b, level=0.99), difference(a, b, level=0.5)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


# Over data sets


def test_the_average_over_data_sets():
    first = system(0.7), system(0.6, key=1)
    second = system(0.5, 50, 2, key=2), system(0.6, 50, 2, key=3)
    parts = [difference(*first), difference(*second)]
    made = average_difference([first, second])
    assert made.mean == pytest.approx((parts[0].mean + parts[1].mean) / 2)
    # Independent parts: half the root of the sum of the squared widths.
    width = np.hypot(*(part.high - part.low for part in parts)) / 2
    assert made.high - made.low == pytest.approx(width, rel=0.1)
    assert made.to_dict()["p_positive"] == made.p_positive


@given(systems())
def test_the_average_of_one_is_its_difference(pair):
    a, b = pair
    expected = difference(a, b, resamples=20)
    assert average_difference([(a, b)], resamples=20) == expected


# Cost and malformed input


def test_many_documents_are_quick_and_held_in_parts():
    a, b = system(0.7, 5000, 5), system(0.69, 5000, 5, key=1)
    start = time.process_time()
    difference(a, b)
    assert time.process_time() - start < 2
    tracemalloc.start()
    difference(a, b, resamples=300)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


def test_malformed_input_is_one_coded_line():
    one, two = [counts((1, 0, 0))], [counts((1, 0, 0), (0, 1, 0))]
    with pytest.raises(MslmError, match=r"M607.*no seeds"):
        difference([], [])
    with pytest.raises(MslmError, match=r"M607.*no seeds"):
        difference(one, [])
    with pytest.raises(MslmError, match=r"M607.*no documents"):
        mean_interval([counts()])
    with pytest.raises(MslmError, match=r"M607.*no data sets"):
        average_difference([])
    with pytest.raises(MslmError, match=r"M608.*has 2 seeds and the other 1"):
        difference(one * 2, one)
    with pytest.raises(MslmError, match=r"M609.*of 1 documents beside counts of 2"):
        difference(one, two)
    with pytest.raises(MslmError, match="M609"):
        mean_interval([*one, *two])


@pytest.mark.parametrize(
    "options", [{"resamples": 0}, {"level": 1.0}, {"level": 0.0}, {"statistic": "f2"}]
)
def test_options_out_of_range(options):
    (name,) = options
    with pytest.raises(MslmError, match=rf"M610.*'{name}' must be"):
        mean_interval([counts((1, 0, 0))], **options)
