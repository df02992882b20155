"""Words of a kind in a text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.weak.words import words_of

WORD = re.compile(r"\w+(?:-\w+)*")


def _kind(word: str) -> str:
    return "long" if len(word) > 3 else "a" if word.startswith("a") else ""


@given(st.text(alphabet="abcé-_ \n.7ß", max_size=60))
def test_words_of_a_kind_are_those_that_a_look_at_every_word_finds(text: str) -> None:
    every = [(*m.span(), _kind(m.group())) for m in WORD.finditer(text)]

    assert words_of(_kind, WORD, text) == [each for each in every if each[2]]


@pytest.mark.parametrize("text", ["", "b c d", "b b b b"])
def test_each_spelling_is_asked_about_once(text: str) -> None:
    asked = []

    assert not words_of(lambda word: asked.append(word) or "", WORD, text)
    assert sorted(asked) == sorted(set(text.split()))
