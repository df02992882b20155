from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.scoring.mistakes import count_mistakes, mistakes
from spacy_mslm.scoring.strict import score


def test_each_kind():
    gold = [(0, 2, "A"), (3, 5, "A"), (6, 9, "A"), (10, 12, "A"), (20, 21, "B")]
    predicted = [(0, 2, "A"), (3, 5, "B"), (6, 8, "A"), (11, 13, "B"), (30, 31, "B")]
    assert count_mistakes([gold], [predicted]) == {
        "misses": [{"label": "B", "count": 1}],
        "false_alarms": [{"label": "B", "count": 1}],
        "boundary": [{"label": "A", "count": 1}],
        "type": [{"gold": "A", "predicted": "B", "count": 1}],
        "boundary_and_type": [{"gold": "A", "predicted": "B", "count": 1}],
    }


def test_one_prediction_is_paired_once_and_the_larger_overlap_wins():
    found = list(mistakes([(0, 2, "A"), (2, 6, "A")], [(1, 6, "A")]))
    assert found == [
        ("boundary", (2, 6, "A"), (1, 6, "A")),
        ("misses", (0, 2, "A"), None),
    ]


def test_touching_spans_do_not_overlap():
    kinds = [kind for kind, *_ in mistakes([(0, 2, "A")], [(2, 4, "A")])]
    assert kinds == ["misses", "false_alarms"]


def test_a_prediction_that_is_right_is_no_pair_for_an_overlapping_gold_span():
    found = list(mistakes([(0, 5, "A"), (1, 2, "A")], [(0, 5, "A")]))
    assert found == [("misses", (1, 2, "A"), None)]


def test_commonest_first():
    rows = count_mistakes([[(0, 1, "A"), (2, 3, "B"), (4, 5, "B")]], [[]])["misses"]
    assert [row["label"] for row in rows] == ["B", "A"]


SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from("AB")).map(
        lambda t: (t[0], t[0] + t[1], t[2])
    ),
    max_size=12,
)


@given(SPANS, SPANS)
def test_mistakes_add_up_to_the_strict_counts(gold, predicted):
    micro = score([gold], [predicted]).micro
    counts = {
        kind: sum(row["count"] for row in rows)
        for kind, rows in count_mistakes([gold], [predicted]).items()
    }
    pairs = counts["type"] + counts["boundary"] + counts["boundary_and_type"]
    assert micro.fn == counts["misses"] + pairs
    assert micro.fp == counts["false_alarms"] + pairs


@given(SPANS, SPANS)
def test_misses_overlap_no_unpaired_prediction(gold, predicted):
    found = list(mistakes(gold, predicted))
    missed = [g for kind, g, _ in found if kind == "misses"]
    alarms = [p for kind, _, p in found if kind == "false_alarms"]
    for g in missed:
        assert not any(p[0] < g[1] and g[0] < p[1] for p in alarms)
