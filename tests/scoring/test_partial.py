import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.mistakes import count_mistakes
from spacy_mslm.scoring.partial import PartialScores, partial_scores
from spacy_mslm.scoring.strict import score

SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from("AB")).map(
        lambda t: (t[0], t[0] + t[1], t[2])
    ),
    max_size=12,
)
DOCS = st.lists(st.tuples(SPANS, SPANS), max_size=4)


def parts(docs):
    return [g for g, _ in docs], [p for _, p in docs]


def test_hand_computed():
    gold = [[(0, 2, "A"), (3, 5, "A"), (6, 9, "B")], [(0, 4, "A")]]
    predicted = [[(0, 2, "A"), (3, 6, "A"), (6, 9, "A")], []]
    scores = partial_scores(gold, predicted)
    assert scores == PartialScores(exact=1, overlapping=1, predicted=3, gold=4)
    assert scores.to_dict() == {
        "p": 0.5,
        "r": 0.375,
        "f": pytest.approx(3 / 7),
        "exact": 1,
        "overlapping": 1,
        "predicted": 3,
        "gold": 4,
    }


def test_one_long_prediction_is_credited_once():
    gold = [[(0, 2, "A"), (3, 9, "A")]]
    scores = partial_scores(gold, [[(0, 9, "A")]])
    assert (scores.precision, scores.recall) == (0.5, 0.25)


def test_the_largest_overlap_is_paired_first_and_leaves_the_rest():
    # (2, 9) goes to (3, 9), so that (0, 3) has (0, 1) left.
    gold = [[(0, 3, "A"), (3, 9, "A")]]
    assert partial_scores(gold, [[(0, 1, "A"), (2, 9, "A")]]).overlapping == 2


def test_an_exact_match_is_made_before_a_larger_overlap():
    scores = partial_scores([[(3, 5, "A")]], [[(3, 5, "A"), (0, 9, "A")]])
    assert (scores.exact, scores.overlapping, scores.precision) == (1, 0, 0.5)


def test_a_wrong_type_takes_no_span_from_a_right_one():
    scores = partial_scores([[(0, 5, "A")]], [[(0, 5, "B"), (0, 6, "A")]])
    assert (scores.exact, scores.overlapping) == (0, 1)


def test_touching_and_other_documents_do_not_overlap():
    assert partial_scores([[(0, 2, "A")]], [[(2, 4, "A")]]).credit == 0
    assert partial_scores([[(0, 2, "A")], []], [[], [(0, 2, "A")]]).credit == 0


def test_nothing_is_zero():
    assert partial_scores([], []).to_dict()["f"] == 0.0
    assert partial_scores([[]], [[(0, 1, "A")]]).recall == 0.0


def test_different_numbers_of_documents_are_an_error():
    with pytest.raises(MslmError, match="M601"):
        partial_scores([[]], [])


@given(DOCS)
def test_between_the_strict_scores_and_one(docs):
    gold, predicted = parts(docs)
    strict, scores = score(gold, predicted).micro, partial_scores(gold, predicted)
    assert scores.exact == strict.tp
    assert scores.predicted == strict.tp + strict.fp
    assert scores.gold == strict.tp + strict.fn
    assert scores.exact + scores.overlapping <= min(scores.predicted, scores.gold)
    assert strict.f1 <= scores.f1 <= 1


@given(DOCS)
def test_of_one_label_the_pairs_are_the_boundary_errors(docs):
    one = [[[(s, e, "A") for s, e, _ in spans] for spans in doc] for doc in docs]
    gold, predicted = parts(one)
    found = partial_scores(gold, predicted)
    boundary = count_mistakes(gold, predicted)["boundary"]
    assert found.overlapping == sum(row["count"] for row in boundary)


@given(DOCS, st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_matter(docs, rng):
    mixed = [tuple(rng.sample(s * 2, 2 * len(s)) for s in doc) for doc in docs]
    assert partial_scores(*parts(docs)) == partial_scores(*parts(mixed))
