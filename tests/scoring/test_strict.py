import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.strict import Counts, score

LABELS = ("Drug", "Disease", "Sign")


def tags_of(spans, length):
    tags = ["O"] * length
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


@st.composite
def sentence(draw, length):
    """Disjoint spans over `length` words: what tags can express."""
    spans, at = [], 0
    while at < length:
        at += draw(st.integers(0, 3))
        end = at + draw(st.integers(1, 3))
        if end <= length:
            spans.append((at, end, draw(st.sampled_from(LABELS))))
        at = end
    return spans


@st.composite
def corpora(draw):
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    gold = [draw(sentence(n)) for n in lengths]
    predicted = [
        g if draw(st.booleans()) else draw(sentence(n))
        for g, n in zip(gold, lengths, strict=True)
    ]
    return lengths, gold, predicted


@settings(max_examples=300, deadline=None)
@given(corpora())
def test_equal_to_seqeval_strict_iob2(corpus):
    lengths, gold, predicted = corpus
    ours = score(gold, predicted)
    true = [tags_of(s, n) for s, n in zip(gold, lengths, strict=True)]
    found = [tags_of(s, n) for s, n in zip(predicted, lengths, strict=True)]
    if not any(gold) and not any(predicted):
        assert ours.micro == Counts() and ours.per_type == {}
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = classification_report(
            true, found, mode="strict", scheme=IOB2, output_dict=True, zero_division=0
        )
    micro = theirs.pop("micro avg")
    assert ours.micro.precision == pytest.approx(micro["precision"])
    assert ours.micro.recall == pytest.approx(micro["recall"]) == ours.em
    assert ours.micro.f1 == pytest.approx(micro["f1-score"])
    types = {k: v for k, v in theirs.items() if not k.endswith("avg")}
    assert set(ours.per_type) == set(types)
    for label, row in types.items():
        counts = ours.per_type[label]
        assert counts.precision == pytest.approx(row["precision"])
        assert counts.recall == pytest.approx(row["recall"])
        assert counts.f1 == pytest.approx(row["f1-score"])
        assert counts.tp + counts.fn == row["support"]
    in_gold = [row["f1-score"] for row in types.values() if row["support"]]
    mean = sum(in_gold) / len(in_gold) if in_gold else 0.0
    assert ours.macro_f == pytest.approx(mean)


def test_hand_computed():
    gold = [{(0, 2, "Drug"), (5, 6, "Sign")}, {(0, 1, "Drug")}]
    predicted = [{(0, 2, "Drug"), (5, 7, "Sign")}, set()]
    scores = score(gold, predicted)
    assert scores.micro == Counts(tp=1, fp=1, fn=2)
    assert scores.per_type == {"Drug": Counts(1, 0, 1), "Sign": Counts(0, 1, 1)}
    assert scores.macro_f == pytest.approx((2 / 3 + 0) / 2)
    assert scores.to_dict()["micro"]["f"] == pytest.approx(2 / 5)


def test_right_span_of_wrong_type_is_one_miss_and_one_false_alarm():
    scores = score([[(0, 1, "Drug")]], [[(0, 1, "Sign")]])
    assert scores.micro == Counts(0, 1, 1)
    assert scores.macro_f == 0.0


def test_type_absent_from_gold_lowers_micro_but_not_macro():
    scores = score([[(0, 1, "Drug")]], [[(0, 1, "Drug"), (2, 3, "Sign")]])
    assert scores.macro_f == 1.0
    assert scores.micro.precision == 0.5


def test_same_span_in_another_document_does_not_match():
    assert score([[(0, 1, "Drug")], []], [[], [(0, 1, "Drug")]]).micro == Counts(
        0, 1, 1
    )


def test_overlapping_and_repeated_gold_is_a_set():
    gold = [[(0, 3, "Drug"), (0, 3, "Drug"), (1, 2, "Drug")]]
    assert score(gold, [[(0, 3, "Drug")]]).micro == Counts(1, 0, 1)


def test_different_numbers_of_documents_are_an_error():
    with pytest.raises(MslmError, match=r"\[M601\] gold holds 2 .* predictions hold 1"):
        score([[], []], [[]])
