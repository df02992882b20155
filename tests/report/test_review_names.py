import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.report.review_names import NameCount, NameTable
from spacy_mslm.report.review_rules import (
    Knowledge,
    RuleCount,
    rule_counts,
    suspects,
)

LABELS = ("D", "T")


def table_of(**entries):
    """`T_blood_loss=NameCount(...)`: name "blood loss" under "T"."""
    made = {}
    for key, entry in entries.items():
        label, _, name = key.partition("_")
        made[label, name.replace("_", " ")] = entry
    return NameTable(entries=made)


def reasons(known=None, label="T", name="heparin", **counts):
    """The rules that this one entry falls under, with what they say."""
    table = NameTable(entries={(label, name): NameCount(**counts)})
    found = suspects(table, LABELS, known or Knowledge())
    return {r.rule: r.says for s in found for r in s.reasons}


def test_a_name_is_counted_with_its_surroundings():
    table = NameTable()
    text = "BLOOD LOSS: Blood loss. blood\nloss 5.1 blood  loss"
    for start, end in ((0, 10), (12, 22), (24, 34), (39, 50)):
        table.find(text, start, end, "T")
    entry = table.entries["T", "blood loss"]
    assert len(table.entries) == 1
    assert (entry.count, entry.capitals, entry.headings, entry.measures) == (4, 1, 1, 1)


def test_names_and_concepts_are_ordered_by_count_then_name():
    table = table_of(
        T_b=NameCount(2, concepts={("m", "c1"): 2}),
        T_a=NameCount(2, concepts={("m", "c1"): 1, ("m", "c0"): 1}),
        T_z=NameCount(9, concepts={("m", ""): 9}),
        D_a=NameCount(7, concepts={("m", "c0"): 7}),
    )
    assert [name for name, _ in table.of("T")] == ["z", "a", "b"]
    concepts = [(c.concept_id, c.count, c.names) for c in table.concepts("T")]
    assert concepts == [("c1", 3, ["a", "b"]), ("c0", 1, ["a"])]
    assert table.labels_of("a", LABELS) == {"D": 7, "T": 2}


def test_beyond_its_limit_the_rarest_names_are_forgotten_and_counted():
    table = NameTable(limit=4)
    for word in ["aa", "aa", "bb", "bb", "cc", "dd", "ee"]:
        table.find(word, 0, 2, "T")
    assert [name for _, name in table.entries] == ["aa", "bb", "ee"]
    assert table.forgotten == {"T": 2}


@given(st.lists(st.sampled_from([f"w{i}" for i in range(30)]), max_size=200))
def test_counts_and_what_is_forgotten_add_up_and_memory_is_bounded(words):
    table = NameTable(limit=8)
    for word in words:
        table.find(word, 0, len(word), "T")
        assert len(table.entries) <= 8
    kept = sum(entry.count for entry in table.entries.values())
    assert kept + table.forgotten["T"] == len(words)


def test_words_that_follow_are_few():
    table = NameTable()
    for i in range(100):
        text = "seizure disorder" if i % 2 else f"seizure x{i}a"
        table.find(text, 0, 7, "D")
    after = table.entries["D", "seizure"].after
    assert len(after) <= 24 and after["disorder"] == 50


@pytest.mark.parametrize(
    ("rule", "says", "counts", "short_of_it"),
    [
        ("wrong", "wrong in 3 of 6", {"judged": 6, "wrong": 3}, {"wrong": 2}),
        ("wrong", "wrong in 5 of 5", {"judged": 5, "wrong": 5}, {"judged": 4}),
        ("heading", "in headings 33%", {"headings": 2}, {"headings": 1}),
        ("measured", "measured 50%", {"measures": 3}, {"measures": 1}),
        ("office", "hospital business 100%", {"office": 6}, {"count": 4}),
        ("capitals", "capitals 100%", {"capitals": 6}, {"capitals": 5}),
        ("contested", "marked otherwise 50%", {"contested": 3}, {"contested": 2}),
        (
            "ambiguous",
            "2 concepts",
            {"concepts": {("m", "a"): 1, ("m", "b"): 5}},
            {"concepts": {("m", "a"): 1, ("n", "b"): 5, ("m", ""): 1}},
        ),
        (
            "phrase",
            "one word follows 60%",
            {"count": 10, "after": {"x": 6, "y": 1}},
            {"after": {"x": 5, "y": 5}},
        ),
    ],
)
def test_each_rule_and_what_just_misses_it(rule, says, counts, short_of_it):
    given = {"count": 6, **counts}
    assert reasons(**given) == {rule: says}
    assert reasons(**{**given, **short_of_it}) == {}


def test_rules_of_form():
    assert reasons(name="ms", count=1) == {"short": "2 characters"}
    assert reasons(name="cabg", count=5, capitals=4) == {
        "short": "4 characters, in capitals"
    }
    assert reasons(name="cabg", count=5, capitals=3) == {}
    known = Knowledge(everyday=lambda name: name == "today")
    assert reasons(known, name="today", count=1) == {"everyday": "everyday word"}
    assert reasons(Knowledge(shared=lambda name: True), count=1) == {
        "ambiguous": "shared by concepts"
    }


def test_one_source_counts_only_where_others_know_the_label():
    counts = {"count": 10, "alone": 9, "sources": {"b": 1, "a": 10}}
    assert reasons(**counts) == {}
    known = Knowledge(several_sources={"T"})
    assert reasons(known, **counts) == {"one source": "only a: 90%"}
    assert reasons(known, **{**counts, "alone": 8}) == {}
    assert reasons(known, label="D", **counts) == {}


def test_a_name_under_two_labels_is_ambiguous_under_both():
    table = table_of(T_cold=NameCount(1), D_cold=NameCount(3))
    found = suspects(table, LABELS, Knowledge())
    assert [(s.label, s.reasons[0].says) for s in found] == [
        ("D", "also T"),
        ("T", "also D"),
    ]


def test_very_frequent_is_a_share_among_enough_names():
    many = {f"T_name{i:02}": NameCount(19) for i in range(20)}
    table = table_of(**many, T_heparin=NameCount(20))
    (found,) = suspects(table, LABELS, Knowledge())
    assert (found.name, found.reasons[0].says) == ("heparin", "5% of all T")
    assert not suspects(table_of(T_heparin=NameCount(500)), LABELS, Knowledge())


def test_suspects_come_by_finds_times_reasons():
    table = table_of(
        T_ab=NameCount(5, headings=5),
        T_cd=NameCount(9),
        T_ef=NameCount(9),
    )
    found = suspects(table, LABELS, Knowledge())
    assert [(s.name, s.weight) for s in found] == [("ab", 10), ("cd", 9), ("ef", 9)]


def test_what_rules_caught_and_what_none_did():
    table = table_of(
        T_ab=NameCount(5, headings=5, judged=2, wrong=2),
        T_heparin=NameCount(7, judged=4, wrong=1),
    )
    counts, rest = rule_counts(suspects(table, LABELS, Knowledge()), table)
    assert counts == [RuleCount("short", 1, 5, 2, 2), RuleCount("heading", 1, 5, 2, 2)]
    assert rest == RuleCount("none", 1, 7, 4, 1)
