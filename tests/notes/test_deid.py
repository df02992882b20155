import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.notes.deid import placeholder_spans


def marks(text: str) -> list[str]:
    return [text[start:end] for start, end in placeholder_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on [**2162-8-19**].", ["[**2162-8-19**]"]),
        ("[**Known lastname 9001**] came", ["[**Known lastname 9001**]"]),
        ("at [**Street\nAddress. 5**]\n", ["[**Street\nAddress. 5**]"]),
        ("[**Name8 (MD) **][**1**]", ["[**Name8 (MD) **]", "[**1**]"]),
        ("Dear Ms. ___, you", ["___"]),
        ("Followup Instructions:\n___\n", ["___"]),
        ("seen ___-___", ["___", "___"]),
        ("Signed: ______", ["______"]),
        ("_____ MD", ["_____"]),
        ("a_b __init__", []),
        ("plain [text] ** and [* *]", []),
    ],
)
def test_placeholders(text: str, expected: list[str]) -> None:
    assert marks(text) == expected


@pytest.mark.parametrize("rule", ["_____", "   ________  ", "_" * 80, "____ ____"])
def test_a_ruled_line_is_no_placeholder(rule: str) -> None:
    assert marks(f"above\n{rule}\nbelow") == []


def test_an_unclosed_mark_takes_nothing_with_it() -> None:
    assert marks("[**open and [**2162-1-1**] closed") == ["[**2162-1-1**]"]
    assert marks("[** never closed, and long: " + "word " * 200 + "**]") == []


@pytest.mark.parametrize("part", ["[**", "_ ", "____ ", "[** a", "**]", "_"])
def test_wild_repetition_takes_linear_time(part: str) -> None:
    start = time.perf_counter()
    placeholder_spans(part * 200_000)
    assert time.perf_counter() - start < 5


# The same in the order in which one would say it: what stands before, then the mark.
PLAIN = re.compile(
    r"\[\*\*(?:(?!\[\*\*|\*\*\]).){0,300}\*\*\]"
    r"|(?<!_)_{3}(?!_)"
    r"|(?:(?<=[^\s_=*~-])|(?<=[^\s_=*~-][ \t])|(?<=[^\s_=*~-][ \t]{2}))_{4,}"
    r"|(?<!_)_{4,}(?!_)(?=[ \t]{0,40}[^\s_=*~-])",
    re.DOTALL,
)
PARTS = st.sampled_from(
    ["_", "__", "___", "____", "_______", " ", "  ", "\t", "\n", "a", "-", "=", "*",
     "[**", "**]", "[", "病"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=14).map("".join))
@settings(max_examples=1000)
def test_the_fast_pattern_finds_what_the_plain_one_does(text: str) -> None:
    assert placeholder_spans(text) == [match.span() for match in PLAIN.finditer(text)]
