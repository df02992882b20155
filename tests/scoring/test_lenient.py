"""Lenient spans: what the two rules count, and that no better pairing exists."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.lenient import N2C2, ONE_TO_ONE, lenient_report
from spacy_mslm.scoring.strict import Counts, score

LABELS = ("Drug", "Reason")


@st.composite
def spans(draw, most=7):
    """Spans anywhere, also nested, crossing, repeated and empty."""
    places = st.tuples(st.integers(0, 12), st.integers(0, 5), st.sampled_from(LABELS))
    return [(a, a + n, label) for a, n, label in draw(st.lists(places, max_size=most))]


CORPORA = st.lists(st.tuples(spans(), spans()), max_size=3)


def parts(corpus):
    return [g for g, _ in corpus], [p for _, p in corpus]


def match(a, b):
    return a[2] == b[2] and bool(set(range(*a[:2])) & set(range(*b[:2])))


def most_pairs(true, found):
    """By trying everything: leave the first span alone, or pair it with each other."""
    if not true:
        return 0
    first, rest = true[0], true[1:]
    best = most_pairs(rest, found)
    for i, other in enumerate(found):
        if match(first, other):
            best = max(best, 1 + most_pairs(rest, found[:i] + found[i + 1 :]))
    return best


def counted_by_the_script(true, found):
    """The official count, by its three sentences."""
    touched, judged = [], list(found)
    for prediction in found:
        for gold in true:
            if match(prediction, gold):
                if gold not in touched:
                    touched.append(gold)
                elif prediction in judged:
                    judged.remove(prediction)
    right = [p for p in judged if any(match(p, g) for g in true)]
    return Counts(len(right), len(judged) - len(right), len(true) - len(right))


def summed(corpus, label, count):
    total = Counts()
    for true, found in corpus:
        true, found = (
            sorted({s for s in side if s[2] == label}) for side in (true, found)
        )
        c = count(true, found)
        total = Counts(total.tp + c.tp, total.fp + c.fp, total.fn + c.fn)
    return total


@settings(max_examples=200, deadline=None)
@given(CORPORA)
def test_one_to_one_makes_as_many_pairs_as_can_be(corpus):
    def brute(true, found):
        tp = most_pairs(true, found)
        return Counts(tp, len(found) - tp, len(true) - tp)

    report = lenient_report(*parts(corpus))
    seen = {label for pair in corpus for side in pair for *_, label in side}
    assert set(report.per_class) == seen
    for label in seen:
        assert report.per_class[label] == summed(corpus, label, brute)


@given(CORPORA)
def test_n2c2_counts_as_the_official_script(corpus):
    report = lenient_report(*parts(corpus), rule=N2C2)
    for label, counts in report.per_class.items():
        assert counts == summed(corpus, label, counted_by_the_script)


@given(CORPORA, st.randoms(use_true_random=False))
@pytest.mark.parametrize("rule", [ONE_TO_ONE, N2C2])
def test_the_order_of_spans_says_nothing(rule, corpus, random):
    shuffled = [(random.sample(g, len(g)), set(p)) for g, p in corpus]
    one, other = (lenient_report(*parts(c), rule=rule) for c in (corpus, shuffled))
    assert one == other


@given(CORPORA)
def test_lenient_forgives_and_never_condemns(corpus):
    corpus = [
        tuple([s for s in side if s[0] < s[1]] for side in pair) for pair in corpus
    ]
    strict = score(*parts(corpus)).micro
    lenient = lenient_report(*parts(corpus)).micro
    n2c2 = lenient_report(*parts(corpus), rule=N2C2).micro
    assert lenient.tp >= strict.tp
    assert (lenient.tp + lenient.fp, lenient.tp + lenient.fn) == (
        strict.tp + strict.fp,
        strict.tp + strict.fn,
    )
    # The script's true positives are pairs too, so never more than can be made.
    assert n2c2.tp <= lenient.tp and n2c2.tp + n2c2.fn == lenient.tp + lenient.fn


@given(st.lists(spans(), max_size=3))
def test_gold_against_itself_is_right(gold):
    gold = [[s for s in doc if s[0] < s[1]] for doc in gold]
    micro = lenient_report(gold, gold).micro
    assert (micro.fp, micro.fn) == (0, 0)


def test_what_the_rules_differ_in():
    """Two pieces of one mention, and one prediction over two mentions."""
    gold = [[(0, 10, "Drug"), (20, 24, "Drug"), (25, 30, "Drug")]]
    predicted = [[(0, 4, "Drug"), (5, 10, "Drug"), (20, 30, "Drug")]]
    assert lenient_report(gold, predicted).micro == Counts(2, 1, 1)
    assert lenient_report(gold, predicted, rule=N2C2).micro == Counts(2, 0, 1)


def test_what_is_left_out_has_touched_what_it_touches():
    gold = [[(0, 3, "Drug"), (4, 8, "Drug")]]
    predicted = [[(0, 2, "Drug"), (2, 6, "Drug"), (7, 8, "Drug")]]
    assert lenient_report(gold, predicted, rule=N2C2).micro == Counts(1, 0, 1)
    assert lenient_report(gold, predicted).micro == Counts(2, 1, 0)


def test_touching_ends_and_other_labels_do_not_match():
    gold = [[(0, 5, "Drug"), (10, 15, "Drug")]]
    predicted = [[(5, 10, "Drug"), (10, 15, "Reason")]]
    assert lenient_report(gold, predicted).micro == Counts(0, 2, 2)


def test_a_choice_by_order_alone_would_lose_a_pair():
    gold = [[(0, 3, "Drug"), (2, 9, "Drug")]]
    predicted = [[(0, 9, "Drug"), (0, 1, "Drug")]]
    assert lenient_report(gold, predicted).micro == Counts(2, 0, 0)


def test_labels_are_the_ones_scored():
    report = lenient_report([[(0, 1, "A")]], [[(0, 1, "B")]], labels=["A", "C"])
    assert report.per_class == {"A": Counts(0, 0, 1), "C": Counts()}


def test_malformed_input_is_one_coded_line():
    with pytest.raises(MslmError, match="M601"):
        lenient_report([[]], [])
    with pytest.raises(MslmError, match=r"M610.*one-to-one or n2c2, got 'loose'"):
        lenient_report([[]], [[]], rule="loose")
