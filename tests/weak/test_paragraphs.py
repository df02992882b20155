import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.weak.edges import crosses_an_end, word_edges
from spacy_mslm.weak.paragraphs import paragraph_spans


def cut(text: str, limit: int = 40) -> list[str]:
    return [text[start:end] for start, end in paragraph_spans(text, limit)]


def test_only_blank_lines_part_a_note() -> None:
    assert cut("chest\npain\n \t\nfever\r\n\r\ncough") == [
        "chest\npain",
        "fever",
        "cough",
    ]


def test_a_long_paragraph_is_cut_at_a_sentence_before_a_line_before_a_word() -> None:
    assert cut("a b c. chest\npain and fever", 20) == [
        "a b c. ",
        "chest\npain and fever",
    ]
    assert cut("one two\nthree four", 14) == ["one two\n", "three four"]
    assert cut("one two three", 9) == ["one two ", "three"]
    assert cut("x" * 10, 4) == ["xxxx", "xxxx", "xx"]


@given(st.text("ab \n\r.\t\u00a0", max_size=80), st.integers(1, 20))
def test_ranges_are_ordered_short_and_leave_out_only_white_space(
    text: str, limit: int
) -> None:
    at = 0
    for start, end in paragraph_spans(text, limit):
        assert at <= start < end <= len(text)
        assert end - start <= limit
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


def test_two_megabytes_without_a_break_take_seconds() -> None:
    started = time.monotonic()
    assert len(cut("x" * 2_000_000, 1000)) == 2000
    assert sum(map(len, cut(" \n\t" * 700_000, 1000))) == 0
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ((0, 5), "chest"),
        ((0, 6), "chest"),
        ((0, 9), "chest pain"),  # one short, as MedCAT 2.9 may have it
        ((7, 99), "pain"),
        ((5, 6), None),
        ((90, 99), None),
        ((-3, 2), "chest"),
    ],
)
def test_edges_are_mended(offsets: tuple[int, int], words: str | None) -> None:
    text = "chest pain"
    edges = word_edges(text, *offsets)
    assert (edges and text[slice(*edges)]) == words


@pytest.mark.parametrize(
    ("span", "crosses"),
    [
        ("chest pain", False),
        ("chest\npain", False),
        ("E. coli", False),
        ("vitamin D 1.5", False),
        ("Novolin 70/30", False),
        ("ulcer, lower back", False),
        ("follow-\nup", False),
        ("calcium (oyster", False),
        ("syndrome.,2", True),
        ("penicillin).\n2", True),
        ("irbesartan) and hydrochlorothiazide", True),
        ("chest; pain", True),
        ("chest\n- pain", True),
    ],
)
def test_a_name_does_not_cross_the_end_of_a_sentence(span: str, crosses: bool) -> None:
    assert crosses_an_end(span) is crosses
