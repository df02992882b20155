"""brat standoff: what it means, what is counted, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.brat import (
    DISCONTINUOUS,
    FROM_UTF16,
    NO_ANN,
    NOT_THERE,
    OTHER_KINDS,
    REPEATED,
    SPACE_DIFFERS,
    read_brat,
)
from spacy_mslm.corpus.brat_out import (
    annotation_text,
    brat_label,
    configuration,
    file_name,
    fragments,
    write_brat,
)
from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts, Note


@pytest.fixture
def folder(tmp_path):
    """`folder(text, ann, name="7")` writes a document; a fixture of pairs of files."""

    def write(text, ann, name="7"):
        path = tmp_path / f"{name}.txt"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if ann is not None:
            data = ann if isinstance(ann, bytes) else ann.encode()
            path.with_suffix(".ann").write_bytes(data)
        return tmp_path

    return write


def read(path):
    drops = DropCounts()
    return list(read_brat(path, drops=drops)), dict(drops)


def span(start, end, label, concept=""):
    return CharSpan(start, end, label, "gold", concept)


def test_all_kinds_of_rows(folder):
    text = "Severe chest\n  pain and fever.\n"
    ann = (
        "T1\tSymptom 7 12;15 19\tchest pain\n"
        "T2\tSymptom 24 29\tfever\n"
        "T3\tSeverity 0 6\tSevere\n"
        "T4\tSymptom 0 6;24 29\tSevere fever\n"
        "E1\tSymptom:T2 Modifier:T3\n"
        "R1\tMODIFY Arg1:T3 Arg2:T1\n"
        "A1\tCertain T2\n"
        "*\tOVERLAP T1 T2\n"
        "#1\tAnnotatorNotes T1\tsee\there\n"
        "N1\tReference T2 UMLS:C0015967\tFever\n"
        "N2\tReference E1 UMLS:C1\tFever\n"
        "\n"
    )
    [note], drops = read(folder(text, ann))
    assert (note.note_id, note.patient_id, note.text) == ("7", "7", text)
    assert note.meta["gold"] is True
    assert note.gold == (
        span(0, 6, "Severity"),
        span(0, 29, "Symptom"),
        span(7, 19, "Symptom"),
        span(24, 29, "Symptom", "C0015967"),
    )
    counted = {OTHER_KINDS[kind]: 1 for kind in "ERA*#"}
    # N2 names an event: such a line is counted like the event itself.
    assert drops == {**counted, DISCONTINUOUS: 1, OTHER_KINDS["N"]: 1}


def test_offsets_count_characters_as_stored(folder):
    text = "\ufeffBP\u2009120\u2005mmHg\r\npain\u200b 😀 fever"
    start = text.index("pain")
    ann = (
        f"T1\tA 4 7\t120\r\nT2\tB {start} {start + 5}\tpain\u200b\r\n"
        f"T3\tC {text.index('fever')} {len(text)}\tfever\r\n"
    )
    [note], drops = read(folder(text, ann))
    assert [note.text[s.start : s.end] for s in note.gold] == [
        "120",
        "pain\u200b",
        "fever",
    ]
    assert drops == {}


def test_offsets_of_the_brat_page_behind_astral_characters(folder):
    """JavaScript counts two units for each such character: nlplab/brat issue 1115."""
    text = "😀😀 fever and pain"
    ann = "T1\tS 5 10\tfever\nT2\tS 13 17\tpain\nT3\tS 15 19\tpain\n"
    [note], drops = read(folder(text, ann))
    assert [note.text[s.start : s.end] for s in note.gold] == ["fever", "pain"]
    assert drops == {FROM_UTF16: 2, REPEATED: 1}


def test_offsets_beyond_the_text_may_be_utf16(folder):
    [note], drops = read(folder("😀😀😀 ill", "T1\tS 7 10\till\n"))
    assert note.gold == (span(4, 7, "S"),) and drops == {FROM_UTF16: 1}


def test_a_text_that_differs_from_its_offsets(folder):
    ann = "T1\tS 0 5\tfever\u2009\t\nT2\tS 0 5\tcough\nT3\tS 6 9\t\n"
    [note], drops = read(folder("fever now", ann))
    # Without a quoted text there is nothing to compare.
    assert note.gold == (span(0, 5, "S"), span(6, 9, "S"))
    assert drops == {SPACE_DIFFERS: 1, NOT_THERE: 1}


def test_a_document_changed_after_annotation_is_an_error(folder):
    rows = "".join(f"T{i}\tS {i} {i + 3}\tabc\n" for i in range(5))
    with pytest.raises(MslmError, match=r"^\[M335\].*7\.ann: 5 of 5 spans"):
        read(folder("not the text at all", rows))


def test_folders_tell_splits_and_hidden_files_are_left(folder):
    folder("one", "T1\tS 0 3\tone\n", "training/1")
    folder("two", "T1\tS 0 3\ttwo\n", "test/2")
    folder("x", "junk", ".hidden")
    notes, drops = read(folder("three", None, "3"))
    assert [(n.note_id, n.patient_id, n.meta.get("split")) for n in notes] == [
        ("test/2", "2", "test"),
        ("training/1", "1", "train"),
    ]
    assert drops == {NO_ANN: 1}


def test_ids_of_a_list_of_documents(folder):
    path = folder("one", "")
    [note] = read_brat(path, drops=DropCounts(), ids={"7": ("note/7", "p1")})
    assert (note.note_id, note.patient_id, note.gold) == ("note/7", "p1", ())


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("T1\tS\tfever", "M329"),
        ("T1\tS 0\tfever", "M329"),
        ("T1\tS 0 -5\tfever", "M329"),
        ("T1\tS 0 5;\tfever", "M329"),
        (f"T1\tS 0 {'9' * 30}\tfever", "M329"),
        ("T1 S 0 5 fever", "M329"),
        ("T", "M329"),
        ("T1\tS 5 5\t", "M330"),
        ("T1\tS 4 400\tfever", "M330"),
        ("T1\tS 5 0\tfever", "M330"),
        ("fever 0 5", "M331"),
        ("<html>", "M331"),
    ],
)
def test_bad_rows_are_named_and_never_quoted(folder, row, code):
    with pytest.raises(MslmError) as caught:
        read(folder("fever", f"T9\tS 0 5\tfever\n{row}\n"))
    message = str(caught.value)
    assert message.startswith(f"[{code}]") and "7.ann row 2" in message
    assert "fever" not in message and "\n" not in message


def test_bad_files(folder, tmp_path):
    with pytest.raises(MslmError, match=r"^\[M332\]"):
        read(folder("fever", None))
    (tmp_path / "8.ann").write_text("")
    with pytest.raises(MslmError, match=r"^\[M328\].*8\.ann.*8\.txt"):
        read(tmp_path)
    with pytest.raises(MslmError, match=r"^\[M326\].*8\.txt: byte 4"):
        read(folder(b"caf\xe9", "", "8"))
    with pytest.raises(MslmError, match=r"^\[M327\].*8\.txt"):
        read(folder("fever".encode("utf-16-le"), "", "8"))
    with pytest.raises(MslmError, match=r"^\[M326\].*8\.ann"):
        read(folder("fever", "T1\tS 0 5\tfever\n".encode("utf-16"), "8"))
    with pytest.raises(MslmError, match=r"^\[M701\]"):
        read(tmp_path / "none")


# Out


def test_fragments_end_where_lines_do():
    text = "chest\n  pain \r\n\n now\u2028x"
    pieces = fragments(text, 0, len(text))
    assert [text[a:b] for a, b in pieces] == ["chest", "pain", "now", "x"]
    assert fragments(text, 0, 5) == [(0, 5)]
    assert fragments("a \n b", 1, 4) == []


def test_scores_and_concepts_are_written_beside_their_span():
    spans = [span(0, 5, "S", "C1"), span(5, 6, "S"), span(6, 10, "S p")]
    assert annotation_text("fever\npain", spans, [0.25, 0.5, None]) == (
        "T1\tS 0 5\tfever\n"
        "N1\tReference T1 concept:C1\tC1\n"
        "#1\tAnnotatorNotes T1\tscore 0.2500\n"
        "T2\tS_p 6 10\tpain\n"
    )


def test_two_labels_that_brat_cannot_tell_apart():
    assert configuration(["B", "A b"]).startswith("[entities]\nA_b\nB\n[relations]\n")
    with pytest.raises(MslmError, match=r"^\[M336\]"):
        configuration(["A b", "A_b"])


WILD = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("\n\r\t\u200b\u2028\x85\x1c😀 aé\ufeff"),
    max_size=30,
)


@st.composite
def noted(draw):
    """A note of wild text with spans anywhere, overlapping at will."""
    text = draw(WILD)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    spans = {
        span(min(a, b), max(a, b), draw(st.sampled_from("AB")), draw(CONCEPTS))
        for a, b in draw(st.lists(places, max_size=5))
        if a != b
    }
    unique = {(s.start, s.end, s.label): s for s in spans}
    return text, tuple(sorted(unique.values()))


CONCEPTS = st.sampled_from(["", "C1", "C2:x"])


def trimmed(text, found):
    """What brat can hold of a span over a line end: its edges are no white space."""
    pieces = fragments(text, found.start, found.end)
    if not pieces:
        return None
    return span(pieces[0][0], pieces[-1][1], found.label, found.concept_id)


@given(
    noted(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
)
def test_round_trip_of_wild_text(tmp_path_factory, item, note_id):
    text, gold = item
    folder = tmp_path_factory.mktemp("brat")
    assert write_brat(folder, [Note(note_id, "p", text, gold=gold)]) == 1
    drops = DropCounts()
    [note] = read_brat(folder, drops=drops)
    assert (note.note_id, note.text) == (file_name(note_id), text)
    held = {(s.start, s.end, s.label) for s in note.gold}
    wanted = [trimmed(text, found) for found in gold]
    assert held == {(s.start, s.end, s.label) for s in wanted if s}
    # Spans without white space at an edge come back as they were, concepts too.
    for found in gold:
        if trimmed(text, found) == found and wanted.count(found) == 1:
            others = [w for w in wanted if w and w != found]
            if all((w.start, w.end) != (found.start, found.end) for w in others):
                assert found in note.gold
    assert set(drops) <= {REPEATED}


@given(st.lists(st.text(max_size=100), unique=True, max_size=20))
def test_file_names_are_safe_and_apart(ids):
    ids = [i.encode("utf-8", "ignore").decode() for i in ids]
    names = {file_name(i) for i in set(ids)}
    assert len(names) == len(set(ids))
    for name in names:
        assert (
            name and name[0] not in ".-" and set(name) <= set(SAFE) and len(name) < 100
        )


SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"


@given(st.text(max_size=10))
def test_labels_are_brat_names(label):
    assert set(brat_label(label)) <= set(SAFE) - {"."}
