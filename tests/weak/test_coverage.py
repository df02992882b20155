"""Coverage, overlap and conflict: counted by hand, and sums that must hold."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.types import CharSpan
from spacy_mslm.weak.agreement import RESOLUTIONS, Sources, agree
from spacy_mslm.weak.coverage import count_sources, summary, table

LABELS = {"a": ("D", "S"), "b": ("S",)}


def span(start, end, label, source):
    return CharSpan(start, end, label, source)


def test_counts_of_two_sources_in_two_notes():
    found = {
        "a": [span(0, 4, "D", "a"), span(5, 9, "S", "a"), span(20, 24, "S", "a")],
        "b": [span(0, 4, "S", "b"), span(6, 9, "S", "b"), span(20, 24, "S", "b")],
    }
    counts = count_sources(
        found, [span(0, 4, "S", "b"), span(5, 9, "S", "a")], [(20, 24)]
    )
    counts += count_sources({"a": [], "b": [span(1, 2, "S", "b")]}, [])
    told = summary(counts, 2, LABELS)
    assert told["a"] == {
        "spans": {"D": 1, "S": 2},
        "notes": 1,
        "coverage": 0.5,
        "exact": 1,
        "partly": 1,
        "conflict": 1,
        "alone": 0,
        "kept": 1,
        "cut": 1,
        "lost": 1,
        "overlap": 1.0,
        "conflicts": 0.3333,
    }
    assert told["b"]["coverage"] == 1.0
    assert (told["b"]["alone"], told["b"]["overlap"]) == (1, 0.75)
    assert (told["b"]["kept"], told["b"]["cut"], told["b"]["lost"]) == (1, 1, 2)
    assert counts["unannotated characters"] == 4
    lines = table(told)
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == [
        "a",
        "3",
        "50.0%",
        "100.0%",
        "33.3%",
        "1",
        "1",
        "1",
        "1",
    ]


def test_a_source_that_found_nothing_is_all_noughts():
    told = summary({}, 0, LABELS)["a"]
    assert told["spans"] == {"D": 0, "S": 0}
    assert not any(n for key, n in told.items() if key != "spans")


spans = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 6), st.sampled_from("DS")), max_size=6
)


@given(spans, spans, st.sampled_from(RESOLUTIONS))
def test_every_span_has_one_fate_and_a_standing(one, two, how):
    found = {}
    for name, drawn in (("a", one), ("b", two)):
        kept = []
        for start, length, label in sorted(drawn):
            if not kept or start >= kept[-1].end:
                kept.append(span(start, start + length, label, name))
        found[name] = kept
    known = Sources({"a": "DS", "b": "DS"})
    told = summary(
        count_sources(found, agree("x" * 30, found, known, how)), 1, known.labels
    )
    for name in found:
        about, total = told[name], len(found[name])
        assert sum(about["spans"].values()) == total
        assert about["kept"] + about["cut"] + about["lost"] == total
        assert about["alone"] <= total
        assert (
            about["exact"] + about["partly"] + about["conflict"]
            >= total - about["alone"]
        )
        assert about["notes"] == bool(total)
    assert told["a"]["exact"] == told["b"]["exact"]
