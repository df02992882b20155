import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.iob import IobSentence, read_iob, write_iob
from spacy_mslm.errors import MslmError


@pytest.fixture
def iob(tmp_path):
    def write(content, **options):
        path = tmp_path / "train.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_iob(path, **options))

    return write


TWO = [IobSentence(("a", "b"), ("O", "B-X")), IobSentence(("c",), ("O",))]


@pytest.mark.parametrize(
    "content",
    [
        "a\tO\nb\tB-X\n\nc\tO\n",
        "a O\nb B-X\n\nc O",  # spaces, no final newline
        "a\tO\r\nb\tB-X\r\n\r\nc\tO\r\n",
        "a\tO\nb\tB-X\n  \t \nc\tO\n\n\n",  # a blank row of white space
        "-DOCSTART- -X- O O\n\na NN O\nb NN B-X\n\nc NN O\n",  # middle columns
        "a\tO\nb\tB-X\n-DOCSTART-\tO\nc\tO\n",  # a mark without blank rows
        "###MEDLINE:9536\n\na\tO\nb\tB-X\n\n###MEDLINE:1\n\nc\tO\n",  # JNLPBA
        "\ufeffa\tO\nb\tB-X\n\nc\tO\n",
    ],
)
def test_forms_of_the_same_two_sentences(iob, content):
    assert iob(content) == TWO


def test_spans():
    tags = ("B-X", "I-X", "B-X", "O", "B-Y")
    sentence = IobSentence(("a", "b", "c", "d", "e"), tags)
    assert sentence.spans() == [(0, 2, "X"), (2, 3, "X"), (4, 5, "Y")]


def test_words_keep_characters_that_text_mode_would_break_on(iob):
    (sentence,) = iob("a\x85b\tO\n\u2028\tO\n\u00a0\tO\n")
    assert sentence.words == ("a\x85b", "\u2028", "\u00a0")


@pytest.mark.parametrize(
    ("content", "tags"),
    [
        ("a I-X\nb I-X\nc O\nd I-X\n", ("B-X", "I-X", "O", "B-X")),
        ("a I-X\nb B-X\n", ("B-X", "B-X")),  # IOB1: B- parts neighbours
        ("a B-X\nb I-Y\n", ("B-X", "B-Y")),
    ],
)
def test_iob1_is_an_error_with_its_row_or_repaired(iob, content, tags):
    with pytest.raises(MslmError, match=r"\[M304\] .*train.tsv row [12]: .*--repair"):
        iob(content)
    assert iob(content, repair=True)[0].tags == tags


def test_an_entity_does_not_run_over_a_sentence_end(iob):
    with pytest.raises(MslmError, match=r"M304.* row 3:"):
        iob("a B-X\n\nb I-X\n")


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        ("a O\nb\n", "M302", 2),
        ("a O\n\tO\n", "M302", 2),
        ("a\t\n", "M302", 1),
        ("a O\rb O\r", "M302", 1),  # a lone carriage return is no line end
        ("a O\nb S-X\n", "M303", 2),
        ("a O\n\nb B-\n", "M303", 3),
        ("a X\n", "M303", 1),
        ("a O\nb I-X\n", "M304", 2),
        (b"a O\nb\xff O\n", "M301", 2),
    ],
)
def test_bad_rows_are_named(iob, content, code, row):
    with pytest.raises(MslmError) as caught:
        iob(content)
    assert str(caught.value).startswith(f"[{code}] ")
    assert f" row {row}: " in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n \n", "-DOCSTART- O\n\n"])
def test_no_sentence_at_all_is_an_error(iob, content):
    with pytest.raises(MslmError, match="M305"):
        iob(content)


def test_missing_file(tmp_path):
    with pytest.raises(MslmError, match="M701"):
        list(read_iob(tmp_path / "none.tsv"))


def test_no_error_shows_a_word(iob):
    for content in ("SECRET\n", "SECRET S-X\n", "SECRET I-X\n", b"SECRET\xff O\n"):
        with pytest.raises(MslmError) as caught:
            iob(content)
        assert "SECRET" not in str(caught.value)


WORD = st.text(st.characters(exclude_characters="\t\n\r", codec="utf-8"), min_size=1)
TAG = st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"])


@given(st.lists(st.lists(st.tuples(WORD, TAG), min_size=1), min_size=1))
def test_wild_words_survive(tmp_path_factory, sentences):
    sentences = [
        [(w, t) for w, t in s if w.strip(" ") == w and w[0] not in "-#\ufeff"]
        for s in sentences
    ]
    sentences = [s for s in sentences if s]
    if not sentences:
        return
    path = tmp_path_factory.mktemp("iob") / "x.tsv"
    rows = ["".join(f"{w}\t{t}\n" for w, t in s) for s in sentences]
    path.write_text("\n".join(rows), encoding="utf-8", newline="")
    read = list(read_iob(path, repair=True))
    assert [s.words for s in read] == [tuple(w for w, _ in s) for s in sentences]
    for sentence in read:
        sentence.spans()


@given(st.lists(st.lists(st.tuples(WORD, TAG), min_size=1), min_size=1))
def test_what_is_written_is_read_back(tmp_path_factory, pairs):
    words = [
        [(w, t) for w, t in s if w.strip(" ") == w and w[0] not in "-#"] for s in pairs
    ]
    path = tmp_path_factory.mktemp("iob") / "x.tsv"
    sentences = [IobSentence(*zip(*s, strict=True)) for s in words if s]
    write_iob(path, sentences)
    if sentences:
        read = list(read_iob(path, repair=True))
        assert [s.words for s in read] == [s.words for s in sentences]


def test_a_first_word_that_begins_like_a_byte_order_mark_keeps_it(tmp_path):
    sentences = [IobSentence(("\ufeffa", "\ufeff"), ("B-X", "I-X"))] * 2
    write_iob(tmp_path / "x.tsv", sentences)
    assert list(read_iob(tmp_path / "x.tsv")) == sentences
