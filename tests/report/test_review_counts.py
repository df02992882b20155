from spacy_mslm.report.review_counts import (
    CATEGORIES,
    OTHERS,
    Categories,
    Coverage,
    GoldCounts,
    ReviewRow,
    SourceCounts,
    touching,
)
from spacy_mslm.types import CharSpan, Note

TEXT = "Fever and cough today."
FEVER, COUGH, LONGER = (0, 5), (10, 15), (10, 21)


def span(place, label="S", source="a"):
    return CharSpan(*place, label, source)


def row(*spans, category="", text=TEXT, **values):
    return ReviewRow(Note("n", "p", text, category), spans, **values)


def several():
    """Three sources: two agree on the fever, all differ on the cough, which is left
    open."""
    sources = {
        "a": (span(FEVER), span(COUGH)),
        "b": (span(FEVER, source="b"), span(LONGER, source="b")),
        "c": (span(COUGH, "T", "c"),),
    }
    return row(span(FEVER), sources=sources, missing=(LONGER,))


def test_coverage_of_two_notes():
    total = Coverage()
    total.add(row(span(FEVER), span(COUGH, "T")))
    total.add(row(text="Nothing."))
    assert (total.notes, total.characters, total.empty) == (2, 30, 1)
    assert total.spans == {"S": 1, "T": 1} and total.with_label == {"S": 1, "T": 1}
    assert total.covered == {"S": 5, "T": 5} and total.histogram == {0: 1, 1: 1}


def test_marks_of_spans_are_counted_by_label():
    total = Coverage()
    marks = {"negated": frozenset({(0, 5, "S")}), "family": frozenset({(10, 15, "T")})}
    total.add(row(span(FEVER), span(COUGH, "T"), **marks))
    assert total.negated == {"S": 1} and total.family == {"T": 1}


def test_steps_of_the_histogram():
    total = Coverage()
    for n in (0, 1, 2, 3, 50, 51, 200):
        total.add(row(*(span((i, i + 1)) for i in range(n)), text="x" * 200))
    assert total.histogram == {0: 1, 1: 2, 3: 1, 21: 1, 51: 2}


def test_categories_beyond_a_thousand_are_one():
    categories = Categories()
    for i in range(CATEGORIES + 5):
        categories.add(row(category=f"c{i}"))
    assert len(categories.of) == CATEGORIES + 1
    assert categories.ordered()[0] == (OTHERS, categories.of[OTHERS])
    assert categories.of[OTHERS].notes == 5


def test_sources_agree_differ_and_conflict():
    counts = SourceCounts()
    counts.add(several())
    assert counts.names == ["a", "b", "c"]
    assert counts.spans["a", "S"] == 2 and counts.spans["c", "T"] == 1
    assert +counts.pairs == {
        ("a", "b", "exact"): 1,
        ("a", "b", "boundary"): 1,
        ("a", "c", "type"): 1,
        ("b", "c", "boundary_and_type"): 1,
    }
    assert counts.conflicts == {("a", "S", "c", "T"): 1, ("b", "S", "c", "T"): 1}
    about = counts.described(1)
    assert about["a"]["spans"] == {"S": 2}
    kinds = ("exact", "partly", "conflict", "alone", "kept", "cut", "lost")
    assert [about["a"][k] for k in kinds] == [1, 1, 1, 0, 1, 0, 1]
    assert [about["c"][k] for k in kinds] == [0, 0, 1, 0, 0, 0, 1]


def test_labels_that_several_sources_give():
    counts = SourceCounts()
    counts.spans.update({("a", "S"): 95, ("b", "S"): 5, ("a", "T"): 96, ("b", "T"): 4})
    assert counts.several() == {"S"}


def test_touching_is_what_shares_a_character():
    spans = [span((0, 5)), span((5, 9)), span((12, 14))]
    others = [span((4, 6), "x"), span((0, 30), "y"), span((9, 12), "z")]
    found = [[o.label for o in near] for near in touching(spans, others)]
    assert found == [["y", "x"], ["y", "x"], ["y"]]


def test_scores_over_notes_and_what_the_gold_says_instead():
    gold = GoldCounts()
    gold.add(
        row(
            span(FEVER),
            span(COUGH, "T"),
            gold=(span(FEVER, source="gold"), span((16, 21), source="gold")),
            other_gold=(span(LONGER, "Lab", "gold"),),
        )
    )
    gold.add(row(span(COUGH), gold=(span(LONGER, source="gold"),)))
    gold.add(row(span(FEVER)))
    assert gold.notes == 2
    assert (gold.strict["S"].tp, gold.strict["S"].fp, gold.strict["S"].fn) == (1, 1, 2)
    assert (gold.strict["T"].tp, gold.strict["T"].fp, gold.strict["T"].fn) == (0, 1, 0)
    assert gold.partial["S"].credit == 1.5 and gold.partial["S"].gold == 3
    assert gold.all_strict.fp == 2 and gold.all_partial.predicted == 3
    assert gold.instead == {("T", "Lab"): 1}
    assert gold.surfaces.total("misses") == 1 and gold.surfaces.total("boundary") == 1


def test_notes_without_gold_are_not_judged():
    gold = GoldCounts()
    gold.add(row(span(FEVER)))
    assert not gold.notes and not gold.strict and gold.all_strict.f1 == 0
