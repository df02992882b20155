"""Reports against scikit-learn's and seqeval's `classification_report`."""

import json
import warnings

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.averages import ClassReport
from spacy_mslm.scoring.span_reports import (
    all_reports,
    span_reports,
    strict_report,
    table_row,
    tag_spans,
)
from spacy_mslm.scoring.strict import Counts
from spacy_mslm.scoring.tag_reports import TAG_REPORTS, tag_report, tag_reports

TYPES = ("Drug", "ADE", "Reason")
TAGS = st.sampled_from(["O", "O", *(f"{p}-{t}" for p in "BI" for t in TYPES)])
CORPORA = st.lists(
    st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=12), min_size=1, max_size=5
)
MEANS = ("micro", "macro", "weighted")


def parts(corpus):
    """Any tags at all: also I- that continues nothing."""
    gold = [[g for g, _ in doc] for doc in corpus]
    return gold, [[p for _, p in doc] for doc in corpus]


def same(ours, theirs):
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx(
        (theirs["precision"], theirs["recall"], theirs["f1-score"])
    )


def check(ours, theirs):
    """Every class, every mean and every support of two reports."""
    rows = {k: v for k, v in theirs.items() if not k.endswith("avg")}
    accuracy = rows.pop("accuracy", None)
    assert set(ours.per_class) == set(rows)
    for name, row in rows.items():
        same(ours.per_class[name], row)
        counts = ours.per_class[name]
        assert counts.tp + counts.fn == row["support"]
    for mean in MEANS:
        if f"{mean} avg" in theirs:
            same(getattr(ours, mean), theirs[f"{mean} avg"])
            assert ours.support == theirs[f"{mean} avg"]["support"]
        else:  # scikit-learn writes accuracy where micro is no other
            assert mean == "micro" and ours.micro.f1 == pytest.approx(accuracy)


def quietly(report, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return report(*args, output_dict=True, zero_division=0, **kwargs)


@pytest.mark.parametrize("name", TAG_REPORTS)
@given(corpus=CORPORA, types=st.sampled_from([None, TYPES, ("Drug", "Other")]))
def test_tag_level_equal_to_scikit_learn(name, corpus, types):
    metrics = pytest.importorskip("sklearn.metrics")
    outside, merge_bi = TAG_REPORTS[name]
    ours = tag_reports(*parts(corpus), types=types)[name]
    true, found = ([t for doc in side for t in doc] for side in parts(corpus))
    if merge_bi:
        true, found = ([t.split("-")[-1] for t in side] for side in (true, found))
    if types:
        forms = ("{}",) if merge_bi else ("B-{}", "I-{}")
        labels = [f.format(t) for t in types for f in forms] + ["O"] * outside
    else:
        labels = sorted({*true, *found} - (set() if outside else {"O"}))
    assume(labels)
    check(ours, quietly(metrics.classification_report, true, found, labels=labels))
    assert ours.accuracy == pytest.approx(metrics.accuracy_score(true, found))


@pytest.mark.parametrize("repair", [False, True])
@given(corpus=CORPORA)
def test_span_level_equal_to_seqeval(repair, corpus):
    metrics = pytest.importorskip("seqeval.metrics")
    scheme = pytest.importorskip("seqeval.scheme")
    gold, predicted = parts(corpus)
    spans = [[tag_spans(tags, repair=repair) for tags in s] for s in (gold, predicted)]
    assume(any(map(any, spans)))
    strict = {} if repair else {"mode": "strict", "scheme": scheme.IOB2}
    theirs = quietly(metrics.classification_report, gold, predicted, **strict)
    check(strict_report(*spans), theirs)
    assert all_reports(gold, predicted, repair=repair)["span_strict"] == strict_report(
        *spans
    )


@given(st.lists(TAGS, max_size=12))
def test_tag_spans_equal_to_get_entities(tags):
    get_entities = pytest.importorskip("seqeval.metrics.sequence_labeling").get_entities
    theirs = [(start, end + 1, label) for label, start, end in get_entities(tags)]
    assert tag_spans(tags, repair=True) == theirs


def test_tag_spans_of_broken_tags():
    tags = ["I-A", "B-A", "I-A", "I-B", "I-A", "B-B", "B-B", "x", "I-B", "B-"]
    assert tag_spans(tags) == [(1, 3, "A"), (5, 6, "B"), (6, 7, "B")]
    assert tag_spans(tags, repair=True) == [
        *[(0, 1, "A"), (1, 3, "A"), (3, 4, "B"), (4, 5, "A")],
        *[(5, 6, "B"), (6, 7, "B"), (8, 9, "B")],
    ]


def test_hand_computed_tags_are_no_spans():
    """One of two words of a drug found: half of its tags, none of its spans."""
    gold = [["B-Drug", "I-Drug", "O", "O"]]
    predicted = [["B-Drug", "O", "O", "O"]]
    made = all_reports(gold, predicted)
    assert made["span_strict"].micro == Counts(0, 1, 1)
    assert made["span_lenient"].micro == Counts(1, 0, 0)
    assert made["tags_bio_without_o"].micro == Counts(1, 0, 1)
    assert made["tags_merged_without_o"].micro.f1 == pytest.approx(2 / 3)
    # O holds both up.
    assert made["tags_bio_with_o"].accuracy == 0.75
    assert made["tags_bio_with_o"].macro.f1 == pytest.approx((1 + 0 + 4 / 5) / 3)
    assert made["tags_bio_with_o"].weighted.f1 == pytest.approx((1 + 0 + 2 * 0.8) / 4)


def test_a_model_that_says_o_to_everything():
    """Belkadi et al. report macro F1 .049 for it: the F1 of O over 19 classes."""
    types = [f"T{i}" for i in range(9)]
    gold = [["O"] * 93 + [f"B-{t}" for t in types[:7]]]
    report = tag_report(gold, [["O"] * 100], outside=True, merge_bi=False, types=types)
    assert len(report.per_class) == 19
    assert report.macro.f1 == pytest.approx((2 * 93 / 193) / 19)
    assert round(report.macro.f1, 3) == 0.051 and report.accuracy == 0.93


def test_nothing_at_all_is_zeros():
    made = all_reports([[], ["O"]], [[], ["O"]])
    for name, report in made.items():
        found = name in ("tags_bio_with_o", "tags_merged_with_o")  # O itself
        assert report.support == found
        for mean in MEANS:
            assert getattr(report, mean).to_dict()["f"] == found, name
    empty = ClassReport({})
    assert empty.micro == Counts() and empty.macro.f1 == empty.weighted.f1 == 0.0
    assert empty.to_dict()["support"] == 0 and "acc" not in empty.to_dict()


def test_a_class_that_gold_lacks_lowers_macro_unless_labels_leave_it_out():
    gold, predicted = [[(0, 1, "A")]], [[(0, 1, "A"), (2, 3, "B")]]
    assert strict_report(gold, predicted).macro.f1 == 0.5
    assert strict_report(gold, predicted).weighted.f1 == 1.0
    assert strict_report(gold, predicted, labels=["A"]).macro.f1 == 1.0


def test_gold_that_overlaps_is_scored_as_spans():
    gold = [[(0, 9, "Reason"), (3, 5, "Drug")]]
    made = span_reports(gold, [[(0, 9, "Reason"), (2, 5, "Drug")]])
    assert made["span_strict"].micro == Counts(1, 1, 1)
    assert made["span_lenient"].micro == made["span_lenient_n2c2"].micro == Counts(2)


def test_a_table_of_eight_systems():
    gold = [["B-Drug", "O", "B-ADE", "I-ADE"]]
    guesses = [["O"] * 4, ["B-Drug", "O", "O", "O"], *[gold[0]] * 6]
    rows = [
        table_row(all_reports(gold, [found], types=("ADE", "Drug", "Form")))
        for found in guesses
    ]
    assert len({tuple(row) for row in rows}) == 1  # one set of columns
    assert [row["span_strict_micro_f"] for row in rows][:3] == pytest.approx(
        [0, 2 / 3, 1]
    )
    # A type that neither holds counts in macro: every row over the same three.
    assert rows[2]["span_strict_macro_f"] == pytest.approx(2 / 3)
    assert rows[0]["tags_bio_with_o_acc"] == 0.25
    assert {k.rsplit("_", 2)[0] for k in rows[0] if not k.endswith("acc")} == {
        *("span_strict", "span_lenient", "span_lenient_n2c2"),
        *TAG_REPORTS,
    }
    # Only tag level has an accuracy, and no name of it says "span".
    assert all(k.startswith("tags_") for k in rows[0] if k.endswith("_acc"))


def test_to_dict_is_json_and_keeps_the_counts():
    made = strict_report([[(0, 1, "A")]], [[(0, 1, "A"), (4, 5, "A")]]).to_dict()
    assert json.loads(json.dumps(made)) == made
    assert made["per_class"]["A"] == {
        **{"p": 0.5, "r": 1.0, "f": pytest.approx(2 / 3)},
        **{"tp": 1, "fp": 1, "fn": 0, "support": 1},
    }
    assert made["micro"]["tp"] == 1 and made["weighted"]["r"] == 1.0


def test_malformed_input_is_one_coded_line():
    with pytest.raises(MslmError, match="M606"):
        all_reports([["O"]], [["O", "O"]])
    with pytest.raises(MslmError, match="M601"):
        strict_report([[]], [])
