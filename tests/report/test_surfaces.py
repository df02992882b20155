from spacy_mslm.report.held import HeldNote, pairs
from spacy_mslm.report.surfaces import SECTIONS, SurfaceCounts, SurfaceRow
from spacy_mslm.types import CharSpan


def held(text, predicted=(), reference=()):
    spans = (tuple(CharSpan(*s) for s in found) for found in (predicted, reference))
    return HeldNote("n", text, *spans)


def test_misses_by_type_with_surface_count_and_whether_training_had_it():
    counts = SurfaceCounts({"chest pain"})
    for text in ("Chest pain, flu", "chest\npain, flu"):
        counts.add(held(text, (), [(0, 10, "Symptoms"), (12, 15, "Diseases")]))
    counts.add(held("flu", (), [(0, 3, "Diseases")]))
    assert counts.rows("misses") == {
        "Diseases": [SurfaceRow("flu", "", 3, False)],
        "Symptoms": [SurfaceRow("chest pain", "", 2, True)],
    }
    assert counts.total("misses") == 5
    assert counts.rows("false_alarms") == {}


def test_false_alarms_are_counted_under_the_predicted_type():
    counts = SurfaceCounts()
    counts.add(held("no flu", [(3, 6, "Diseases")]))
    assert counts.rows("false_alarms") == {"Diseases": [SurfaceRow("flu", "", 1, None)]}


def test_other_boundaries_and_types_show_both_sides():
    counts = SurfaceCounts()
    counts.add(held("lung cancer", [(5, 11, "A")], [(0, 11, "A")]))
    counts.add(held("asa", [(0, 3, "B")], [(0, 3, "A")]))
    rows = counts.rows("boundary", "type", "boundary_and_type")
    assert [(r.surface, r.instead) for r in rows["A"]] == [
        ("asa", "asa (B)"),
        ("lung cancer", "cancer"),
    ]


def test_only_the_commonest_are_shown_and_all_are_counted():
    counts = SurfaceCounts()
    for number in range(30):
        counts.add(held(f"x{number:02}", (), [(0, 3, "A")]))
    assert [r.surface for r in counts.rows("misses", top=2)["A"]] == ["x00", "x01"]
    assert counts.total("misses") == 30


def test_every_span_is_in_exactly_one_pair_and_sections_cover_all_mistakes():
    note = held(
        "abcdefghij",
        [(0, 1, "A"), (2, 4, "A"), (6, 7, "B"), (8, 9, "A")],
        [(0, 1, "A"), (3, 5, "A"), (6, 7, "A"), (9, 10, "A")],
    )
    made = pairs(note)
    assert sorted(p.reference for p in made if p.reference) == sorted(
        (s.start, s.end, s.label) for s in note.reference
    )
    assert sorted(p.predicted for p in made if p.predicted) == sorted(
        (s.start, s.end, s.label) for s in note.predicted
    )
    kinds = {kind for _, section in SECTIONS for kind in section}
    assert {p.kind for p in made} <= kinds | {"hit"}
