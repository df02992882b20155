"""Several sources made one: examples of each way, and what holds for all of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan
from spacy_mslm.weak.agreement import RESOLUTIONS, Sources, agree, disputed
from spacy_mslm.weak.policy import resolve

TEXT = "severe chest pain and fever, given aspirin for pain"
ALL = Sources({"a": "DST", "b": "DST", "c": "DST"})


def at(part: str, source: str, label: str = "S") -> CharSpan:
    start = TEXT.index(part)
    return CharSpan(start, start + len(part), label, source, f"{source}-{part[:2]}")


def shown(spans):
    return [(TEXT[s.start : s.end], s.label, s.source) for s in spans]


FOUND = {
    "a": [at("severe chest pain", "a"), at("aspirin", "a", "T")],
    "b": [at("chest pain", "b"), at("fever", "b")],
    "c": [at("chest pain", "c"), at("fever", "c", "D"), at("aspirin", "c", "T")],
}


@pytest.mark.parametrize(
    ("how", "order", "kept"),
    [
        (
            "priority",
            "abc",
            [
                ("severe chest pain", "S", "a"),
                ("fever", "S", "b"),
                ("aspirin", "T", "a"),
            ],
        ),
        (
            "priority",
            "cba",
            [("chest pain", "S", "c"), ("fever", "D", "c"), ("aspirin", "T", "c")],
        ),
        (
            "longest",
            "cba",
            [
                ("severe chest pain", "S", "a"),
                ("fever", "D", "c"),
                ("aspirin", "T", "c"),
            ],
        ),
        ("majority", "abc", [("chest pain", "S", "b"), ("aspirin", "T", "a")]),
        ("majority", "cba", [("chest pain", "S", "c"), ("aspirin", "T", "c")]),
    ],
)
def test_the_ways_differ_as_named(how, order, kept):
    sources = Sources(dict.fromkeys(order, "DST"))
    assert shown(agree(TEXT, FOUND, sources, how)) == kept


def test_two_sources_must_both_agree_and_one_alone_is_believed():
    sources = Sources({"a": "ST", "b": "S"})
    found = {"a": [at("chest pain", "a"), at("aspirin", "a", "T")], "b": []}
    # Only "a" could have found a T.
    assert shown(agree(TEXT, found, sources, "majority")) == [("aspirin", "T", "a")]


def test_the_silence_of_a_partial_source_is_no_vote():
    found = {"a": [at("fever", "a")], "b": [at("fever", "b")], "c": []}
    four = {"a": "S", "b": "S", "c": "S", "p": "S"}
    silent = Sources(four, partial="p")
    assert shown(agree(TEXT, found | {"p": []}, silent, "majority")) == [
        ("fever", "S", "a")
    ]
    assert agree(TEXT, found | {"p": []}, Sources(four), "majority") == []
    # What it says counts: it is one of three, then one of two.
    said = {"a": [at("fever", "a")], "b": [], "p": [at("fever", "p"), at("chest", "p")]}
    three = Sources({"a": "S", "b": "S", "p": "S"}, partial="p")
    assert shown(agree(TEXT, said, three, "majority")) == [("fever", "S", "a")]


def test_votes_may_make_a_span_that_no_source_has():
    found = {"a": [at("severe chest pain", "a")], "b": [at("chest pain and", "b")]}
    (span,) = agree(TEXT, found, Sources({"a": "S", "b": "S"}), "majority")
    assert (TEXT[span.start : span.end], span.source) == ("chest pain", "majority")
    assert (span.concept_id, span.score) == ("", 1.0)


def test_two_thirds_of_the_votes_are_its_score():
    found = {"a": [at("severe chest", "a")], "b": [at("chest pain", "b")], "c": []}
    (span,) = agree(TEXT, found, ALL, "majority")
    assert (TEXT[span.start : span.end], span.score) == ("chest", 0.666667)


def test_spans_side_by_side_stay_two_where_most_sources_have_two():
    one, two = CharSpan(0, 6, "S", "a"), CharSpan(6, 10, "S", "a")
    whole = CharSpan(0, 10, "S", "c")
    found = {"a": [one, two], "b": [], "c": [whole]}
    sources = Sources({"a": "S", "c": "S"})
    assert agree(TEXT, found, sources, "majority") == [one, two]
    found["b"] = [CharSpan(0, 10, "S", "b")]
    assert agree(TEXT, found, ALL, "majority") == [found["b"][0]]


def test_what_nobody_kept_is_disputed_and_white_space_is_not():
    kept = agree(TEXT, FOUND, ALL, "majority")
    open_ = [TEXT[start:end] for start, end in disputed(TEXT, FOUND, kept)]
    assert open_ == ["severe", "fever"]
    longest = agree(TEXT, FOUND, ALL, "longest")
    assert disputed(TEXT, FOUND, longest) == []


def test_an_unknown_way_names_the_known():
    with pytest.raises(MslmError, match=r"\[M276\].*priority, majority, longest"):
        agree(TEXT, FOUND, ALL, "best")


# What holds for all


@st.composite
def of_a_source(draw, name):
    """Disjoint spans, as a source gives them."""
    edges = draw(st.lists(st.integers(0, 12), unique=True, max_size=10))
    edges.sort()
    spans = [
        CharSpan(start, end, draw(st.sampled_from("DST")), name, "c", 0.5)
        for start, end in pairwise(edges)
        if draw(st.booleans())
    ]
    return spans


NAMES = "abc"
texts = st.text("xy ,.", min_size=12, max_size=12)
sources = st.builds(
    lambda order, labels, partial: Sources(
        dict(zip(order, labels, strict=True)), partial
    ),
    st.permutations(NAMES),
    st.tuples(*[st.sampled_from(["DST", "DS", "T"])] * len(NAMES)),
    st.sets(st.sampled_from(NAMES)),
)
several = st.fixed_dictionaries({name: of_a_source(name) for name in NAMES})
ways = st.sampled_from(RESOLUTIONS)


def clean(found, known):
    """Without spans of labels that their source does not give."""
    return {
        name: [span for span in spans if span.label in known.labels[name]]
        for name, spans in found.items()
    }


@given(texts, several, sources, ways)
def test_the_result_is_disjoint_in_order_and_free_of_the_order_of_sources(
    text, found, known, how
):
    found = clean(found, known)
    kept = agree(text, found, known, how)
    for left, right in pairwise(kept):
        assert left.end <= right.start
    turned = {name: found[name][::-1] for name in reversed(found)}
    assert agree(text, turned, known, how) == kept
    assert agree(text, found, known, how) == kept


@given(texts, of_a_source("a"), ways)
def test_one_source_alone_gives_exactly_what_it_gave(text, spans, how):
    kept = agree(text, {"a": spans}, Sources({"a": "DST"}), how)
    assert kept == spans
    assert disputed(text, {"a": spans}, kept) == []


@given(texts, of_a_source("a"), ways)
def test_sources_that_all_say_the_same_give_it(text, spans, how):
    found = {
        name: [CharSpan(s.start, s.end, s.label, name) for s in spans] for name in NAMES
    }
    kept = agree(text, found, ALL, how)
    assert [(s.start, s.end, s.label) for s in kept] == [
        (s.start, s.end, s.label) for s in spans
    ]
    assert disputed(text, found, kept) == []


@given(texts, several, ways)
def test_what_is_disputed_lies_apart_from_entities_and_from_agreement(text, found, how):
    kept = agree(text, found, ALL, how)
    ranges = disputed(text, found, kept)
    assert ranges == sorted(ranges)
    for (_, end), (start, _) in pairwise(ranges):
        assert end <= start
    marked = {at for start, end in ranges for at in range(start, end)}
    assert not marked & {at for s in kept for at in range(s.start, s.end)}
    for start, end in ranges:
        assert text[start:end].strip() == text[start:end] != ""
    for where in range(12):
        covering = [
            {(s.start, s.end, s.label) for s in found[name] if s.start <= where < s.end}
            for name in NAMES
        ]
        if covering[0] == covering[1] == covering[2]:
            assert where not in marked
        if any(covering) and not text[where].isspace() and where not in marked:
            assert any(s.start <= where < s.end for s in kept)


@given(texts, several)
def test_a_majority_is_one_at_every_character(text, found):
    kept = agree(text, found, ALL, "majority")
    for where in range(12):
        labels = [s.label for n in NAMES for s in found[n] if s.start <= where < s.end]
        won = {label for label in labels if labels.count(label) >= 2}
        covering = {s.label for s in kept if s.start <= where < s.end}
        assert covering <= won
        if won and text[where].isalnum():
            assert covering == won


@given(texts, several, sources)
def test_priority_keeps_all_of_the_first_source(text, found, known):
    found = clean(found, known)
    first = known.order[0]
    assert {*found[first]} <= {*agree(text, found, known, "priority")}


@given(texts, several)
def test_longest_is_that_of_the_policy_but_for_ties(text, found):
    pooled = [span for spans in found.values() for span in spans]
    mine = agree(text, found, ALL, "longest")
    lengths = [s.end - s.start for s in resolve(pooled, "longest")]
    assert max((s.end - s.start for s in mine), default=0) == max(lengths, default=0)
    for span in pooled:
        rivals = [k for k in mine if k.start < span.end and span.start < k.end]
        assert max(k.end - k.start for k in rivals) >= span.end - span.start
