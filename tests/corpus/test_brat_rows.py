"""Every row of a brat folder comes back; the fixtures hold the traps of the form."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.brat import folder_split, locate, read_brat
from spacy_mslm.corpus.brat_out import FRAGMENTS, annotation_text, parts_of, write_brat
from spacy_mslm.corpus.brat_rows import (
    BratDocument,
    OtherRow,
    TextBound,
    ann_files,
    parse_rows,
    read_document,
    write_documents,
)
from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts, Note

FOLDER = Path(__file__).parents[1] / "fixtures" / "brat" / "good"
HERE = Path("x.ann")


def documents(folder):
    return [
        read_document(path, path.relative_to(folder).with_suffix("").as_posix())
        for path in ann_files(folder)
    ]


@pytest.fixture(scope="module")
def by_name():
    return {document.name: document for document in documents(FOLDER)}


def test_read_written_and_read_again(tmp_path):
    read = documents(FOLDER)
    assert len(read) == 14
    assert write_documents(tmp_path / "again", read) == 14
    assert documents(tmp_path / "again") == read
    for document in read:
        text = (FOLDER / f"{document.name}.txt").read_bytes()
        assert (tmp_path / "again" / f"{document.name}.txt").read_bytes() == text
    # And the spans that are made of them.
    one, two = DropCounts(), DropCounts()
    gold = list(read_brat(FOLDER, drops=one))
    assert list(read_brat(tmp_path / "again", drops=two)) == gold
    assert one - two == {"text file without an .ann file": 1}


def test_every_kind_of_row_is_kept(by_name):
    document = by_name["rows"]
    kinds = [row.id[0] for row in document.rows]
    assert kinds == list("TETTERAM*#N#*")
    rows = {row.id: row for row in document.others()}
    assert rows["E1"].body == "Sign_symptom:T1 "
    assert rows["#1"].body == "AnnotatorNotes T1\tsee\tthe note"
    assert rows["R1"].named() == ["T2", "E1"] and rows["E2"].named() == ["T3", "T2"]
    assert rows["A1"].named() == ["E2"] and rows["N1"].named() == ["T3"]
    assert rows["*"].named() == ["E1", "T2"] and rows["#2"].named() == ["R9"]
    written = (FOLDER / "rows.ann").read_text("utf8").replace("\n\n", "\n")
    assert document.annotation() == written


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "spaces",
            ["120\u2005mmHg", "5\u00a0mg", "aspirin", "2\u20133 times\u200b a day"],
        ),
        ("crlf", ["Chest pain", "cough"]),
        ("bom", ["Fever", "cough"]),
        ("astral", ["fever", "pain"]),
        ("differs", ["5 mg", "daily", "iron"]),
        ("wrapped_quote", ["vitamin\nAcid", "a\ncup of tea"]),
        ("repeated_ids", ["Zinc", "iron"]),
        ("nothing", []),
        ("discontinuous", ["Left and right eye", "right eye", "mild"]),
    ],
)
def test_offsets_are_those_of_the_text(name, texts):
    notes = {note.note_id: note for note in read_brat(FOLDER, drops=DropCounts())}
    note = notes[name]
    assert [note.text[s.start : s.end] for s in note.gold][: len(texts)] == texts
    assert bool(texts) == bool(note.gold) and note.meta["gold"] is True


def test_what_the_traps_count():
    drops = DropCounts()
    notes = list(read_brat(FOLDER, drops=drops))
    assert "no_annotation" not in {note.note_id for note in notes}
    assert drops == {
        "text file without an .ann file": 1,
        "brat span whose text differs in white space (kept)": 3,
        "brat span whose text is not at its offsets": 1,
        "span with offsets in UTF-16 units (kept, converted)": 1,
        "discontinuous brat span (its covering span is kept)": 2,
        "same span again": 1,
        **{f"brat {kind}": n for kind, n in OTHERS.items()},
    }


OTHERS = {
    "event line (E)": 2,
    "relation line (R)": 18,
    "attribute line (A)": 1,
    "attribute line (M)": 1,
    "equivalence line (*)": 2,
    "comment line (#)": 2,
}


def test_n2c2_folders_tell_the_split():
    notes = list(read_brat(FOLDER, drops=DropCounts()))
    splits = {n.patient_id: n.meta["split"] for n in notes if "split" in n.meta}
    assert splits == {"100001": "train", "100002": "test"}


@pytest.mark.parametrize(
    ("parts", "split"),
    [
        (["track2-training_data_2"], "train"),
        (["gold-standard-test-data", "test2"], "test"),
        (["latest", "contest"], ""),
        (["train_and_test"], ""),
        (["train_and_test", "dev"], "dev"),
        (["my test of a model", "train"], "train"),  # a name before a word
        ([], ""),
    ],
)
def test_folders_that_tell_a_split(parts, split):
    assert folder_split(parts) == split


def test_n2c2_overlaps_stay_and_line_ends_part_no_span(by_name):
    document = by_name["training_20180910/100001"]
    located = {spot.row.id: spot for spot in locate(HERE, document)}
    wrapped = located["T7"]
    assert len(wrapped.row.ranges) == 2 and len(wrapped.fragments) == 1
    spans = {name: spot.span() for name, spot in located.items()}
    drug, reason, ade = spans["T12"], spans["T15"], spans["T13"]
    assert reason.start == drug.start < ade.start < ade.end == reason.end


def test_discontinuous_spans_keep_their_fragments(tmp_path):
    notes = {note.note_id: note for note in read_brat(FOLDER, drops=DropCounts())}
    note = notes["discontinuous"]
    texts = [[note.text[a:b] for a, b in ranges] for ranges in note.meta[FRAGMENTS]]
    assert texts == [["Left", "eye"], ["mild", "pain", "leg"]]
    assert FRAGMENTS not in notes["overlaps"].meta
    write_brat(tmp_path, [note])
    [again] = read_brat(tmp_path, drops=DropCounts())
    assert (again.gold, again.meta) == (note.gold, note.meta)


def test_ranges_of_one_row_may_overlap_and_come_in_any_order():
    text = "severe chest pain and cough"
    ann = "T1\tSign 22 27;0 17;7 12\t\n"
    [spot] = locate(HERE, BratDocument("x", text, parse_rows(HERE, ann, text)))
    assert spot.fragments == ((0, 17), (22, 27))


# Wild input

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("\n\r\t \u200b\u2028\x85\x1c😀 aé\ufeff"),
    max_size=30,
)
LINE = TEXT.map(lambda text: text.replace("\n", " ").rstrip("\r"))
NUMBERS = st.integers(0, 40)
TEXT_BOUND = st.builds(
    TextBound,
    st.sampled_from(["T1", "T2", "T33x"]),
    st.sampled_from(["Drug", "Ä-b_c", "a:b"]),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3).map(tuple),
    LINE,
)
OTHER = st.builds(
    OtherRow, st.sampled_from(["E1", "R2", "A3", "M4", "N5", "*", "#6", "#"]), LINE
)


@given(TEXT, st.lists(TEXT_BOUND | OTHER, max_size=6))
def test_round_trip_of_wild_rows(tmp_path_factory, text, rows):
    folder = tmp_path_factory.mktemp("rows")
    document = BratDocument("below/a.b", text, tuple(rows))
    write_documents(folder, [document])
    assert documents(folder) == [document]


WORDS = st.sampled_from(
    ["T1\tDrug 0 4", "T2\tA 1 3;4 6\t", "\t", "E1", "R1\tx Arg1:T1", "*", "#", "N1\t"]
)


@given(TEXT, st.lists(WORDS | TEXT, max_size=8).map("".join) | TEXT)
def test_any_file_is_read_or_refused_and_what_is_read_comes_back(text, ann):
    try:
        rows = parse_rows(HERE, ann, text)
    except MslmError as err:
        assert str(err).startswith(("[M329] x.ann row ", "[M331] x.ann row "))
        assert "\n" not in str(err)
        return
    written = BratDocument("x", text, rows).annotation()
    assert parse_rows(HERE, written, text) == rows


@given(st.text("ab c", min_size=9, max_size=20), st.data())
def test_fragments_come_back(text, data):
    """Notes with discontinuous spans, written as brat and read."""
    cuts = data.draw(
        st.lists(st.integers(0, len(text)), min_size=4, max_size=4, unique=True)
    )
    a, b, c, d = sorted(cuts)
    if not (text[a:b].strip() and text[b:c].strip() and text[c:d].strip()):
        return
    span = CharSpan(a, d, "Drug", "gold")
    note = Note("n", "n", text, meta={FRAGMENTS: [[[a, b], [c, d]]]}, gold=(span,))
    rows = parse_rows(
        HERE, annotation_text(text, note.gold, parts=parts_of(note)), text
    )
    assert [row.ranges for row in rows] == [((a, b), (c, d))]
    [spot] = locate(HERE, BratDocument("n", text, rows))
    assert spot.fragments == ((a, b), (c, d)) and spot.span() == span


def test_a_row_of_no_kind_is_an_error_unless_the_quote_goes_on():
    text = "vitamin\nAcid and more"
    rows = parse_rows(HERE, "T1\tDrug 0 12\tvitamin\nAcid\n", text)
    assert rows == (TextBound("T1", "Drug", ((0, 12),), "vitamin Acid"),)
    for junk in ("Acid and", "more", "T and"):
        with pytest.raises(MslmError, match=r"M3(29|31)\] x.ann row 2"):
            parse_rows(HERE, f"T1\tDrug 0 12\tvitamin\n{junk}\n", text)
    with pytest.raises(MslmError, match=r"M331\] x.ann row 2"):
        parse_rows(HERE, "E1\tDrug:T1\nAcid\n", text)


def test_the_files_of_a_folder_can_be_written_over_themselves(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "brat")
    read = documents(folder)
    write_documents(folder, read)
    write_documents(folder, documents(folder))
    assert documents(folder) == read
