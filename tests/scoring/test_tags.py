import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.strict import Counts
from spacy_mslm.scoring.tags import tag_scores

TAGS = st.sampled_from(["O", "B-Drug", "I-Drug", "B-Sign", "I-Sign", "B-Dose"])
CORPORA = st.lists(st.lists(st.tuples(TAGS, TAGS), max_size=12), max_size=5)
OPTIONS = pytest.mark.parametrize("outside", [True, False])

GOLD = [["B-Drug", "I-Drug", "O", "O"], ["B-Sign", "O"]]
PREDICTED = [["B-Drug", "O", "O", "B-Sign"], ["B-Drug", "O"]]


def parts(corpus):
    gold = [[g for g, _ in doc] for doc in corpus]
    return gold, [[p for _, p in doc] for doc in corpus]


def test_hand_computed_without_outside():
    scores = tag_scores(GOLD, PREDICTED, outside=False, merge_bi=False)
    assert scores.per_tag == {
        "B-Drug": Counts(1, 1, 0),
        "B-Sign": Counts(0, 1, 1),
        "I-Drug": Counts(0, 0, 1),
    }
    assert scores.micro == Counts(1, 2, 2)
    assert scores.accuracy == pytest.approx(3 / 6)
    assert scores.macro.precision == pytest.approx((1 / 2 + 0 + 0) / 3)
    assert scores.macro.recall == pytest.approx(1 / 3)
    assert scores.macro.f1 == pytest.approx((2 / 3) / 3)
    assert scores.weighted == scores.macro  # each of the three once in gold


def test_hand_computed_with_outside():
    scores = tag_scores(GOLD, PREDICTED, outside=True, merge_bi=False)
    assert scores.per_tag["O"] == Counts(2, 1, 1)
    assert scores.micro == Counts(3, 3, 3)
    assert scores.macro.f1 == pytest.approx((2 / 3 + 2 / 3) / 4)
    assert scores.weighted.f1 == pytest.approx((1 * 2 / 3 + 3 * 2 / 3) / 6)
    assert scores.accuracy == 0.5


def test_merged_tags_forgive_b_for_i():
    gold, predicted = [["B-Drug", "I-Drug", "O"]], [["I-Drug", "B-Drug", "B-Drug"]]
    apart = tag_scores(gold, predicted, outside=False, merge_bi=False)
    merged = tag_scores(gold, predicted, outside=False, merge_bi=True)
    assert apart.micro.tp == 0 and apart.accuracy == 0
    assert merged.per_tag == {"Drug": Counts(2, 1, 0)}
    assert merged.accuracy == pytest.approx(2 / 3)


def test_a_tag_that_gold_lacks_lowers_micro_but_not_macro():
    scores = tag_scores([["B-A", "O"]], [["B-A", "B-B"]], outside=False, merge_bi=False)
    assert scores.per_tag["B-B"] == Counts(0, 1, 0)
    assert (scores.macro.f1, scores.micro.precision) == (1.0, 0.5)


def test_names_say_that_these_are_tags():
    scores = tag_scores(GOLD, PREDICTED, outside=False, merge_bi=True).to_dict()
    assert all("tag" in name for name in scores)
    assert scores["tag_micro"]["f"] == pytest.approx(2 * 1 / (2 * 1 + 2 + 2))
    assert list(scores["per_tag"]) == ["Drug", "Sign"]


@pytest.mark.parametrize("gold", [[], [[]], [["O", "O"]]])
def test_no_entities_are_zeros(gold):
    scores = tag_scores(gold, gold, outside=False, merge_bi=False)
    assert scores.per_tag == {} and scores.micro == Counts()
    assert scores.macro.f1 == scores.weighted.recall == 0.0
    assert scores.accuracy == (1.0 if gold and gold[0] else 0.0)


def test_malformed_input_is_one_coded_line():
    with pytest.raises(MslmError, match="M601"):
        tag_scores([["O"]], [], outside=True, merge_bi=False)
    with pytest.raises(MslmError, match=r"M606.*sequence 1 holds 1 gold.*2 predicted"):
        tag_scores([["O"], ["O"]], [["O"], ["O"] * 2], outside=True, merge_bi=False)


@given(CORPORA, st.booleans())
def test_with_outside_every_micro_share_is_the_accuracy(corpus, merge_bi):
    scores = tag_scores(*parts(corpus), outside=True, merge_bi=merge_bi)
    micro = scores.micro
    assert micro.precision == micro.recall == scores.accuracy
    assert micro.f1 == pytest.approx(scores.accuracy)


@given(CORPORA)
def test_merging_loses_no_hit(corpus):
    apart = tag_scores(*parts(corpus), outside=False, merge_bi=False)
    merged = tag_scores(*parts(corpus), outside=False, merge_bi=True)
    assert merged.accuracy >= apart.accuracy
    assert merged.micro.f1 >= apart.micro.f1
    assert set(merged.per_tag) == {tag[2:] for tag in apart.per_tag}


@OPTIONS
@given(corpus=CORPORA.filter(any), merge_bi=st.booleans())
def test_equal_to_scikit_learn(outside, corpus, merge_bi):
    metrics = pytest.importorskip("sklearn.metrics")
    scores = tag_scores(*parts(corpus), outside=outside, merge_bi=merge_bi)
    words = [pair for doc in corpus for pair in doc]
    if merge_bi:
        words = [(g.split("-")[-1], p.split("-")[-1]) for g, p in words]
    true, found = [g for g, _ in words], [p for _, p in words]
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(true, found))
    tags = sorted({*true, *found} - (set() if outside else {"O"}))
    assert sorted(scores.per_tag) == tags
    in_gold = [tag for tag in tags if tag in true]

    def theirs(average, labels):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = metrics.precision_recall_fscore_support(
                true, found, labels=labels, average=average, zero_division=0
            )
        return pytest.approx(tuple(made[:3]))

    def ours(made):
        return made.precision, made.recall, made.f1

    if tags:
        assert ours(scores.micro) == theirs("micro", tags)
        assert ours(scores.weighted) == theirs("weighted", tags)
    if in_gold:
        assert ours(scores.macro) == theirs("macro", in_gold)
    for tag, counts in scores.per_tag.items():
        assert ours(counts) == theirs("macro", [tag])
        assert counts.tp + counts.fn == true.count(tag)
