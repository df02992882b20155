"""Words that general English hardly knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.weak import dangers
from spacy_mslm.weak.domain_words import is_domain_word, with_domain_words

TEXT = "The patient had idiopathic thrombocytopenia of 5HT2A, CYP and apoptosis"
WORDS = TEXT.split()


def test_rare_words_are_terms_beside_those_given() -> None:
    found = with_domain_words(WORDS, [(3, 5)], 3.5)
    assert found == ((3, 5), (9, 10))
    assert [" ".join(WORDS[s:e]) for s, e in found] == [
        "idiopathic thrombocytopenia",
        "apoptosis",
    ]
    alone = with_domain_words(WORDS, [], 3.5)
    assert alone == ((3, 4), (4, 5), (9, 10))


def test_none_without_a_limit() -> None:
    assert with_domain_words(WORDS, [(3, 5)], 0.0) == ((3, 5),)


@pytest.mark.parametrize("word", ["the", "patient", "IgG", "p53", "il-6", "x" * 3, ""])
def test_what_is_none(word: str) -> None:
    assert not is_domain_word(word, 3.5)


@given(
    st.lists(st.sampled_from([*WORDS, "", "12"]), max_size=12),
    st.floats(0, 8),
    st.integers(0, 11),
)
def test_terms_stay_and_nothing_overlaps(
    words: list[str], limit: float, start: int
) -> None:
    terms = [(start, start + 1)] if start < len(words) else []
    found = with_domain_words(words, terms, limit)
    assert {*terms} <= {*found}
    places = [i for s, e in found for i in range(s, e)]
    assert places == sorted(set(places))
    assert all(0 <= i < len(words) for i in places)


def test_a_higher_limit_takes_more() -> None:
    sizes = [len(with_domain_words(WORDS, [], limit)) for limit in (2, 3.5, 6, 8)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_without_wordfreq(monkeypatch: pytest.MonkeyPatch) -> None:
    is_domain_word.cache_clear()
    dangers.english.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "wordfreq", None)
    with pytest.raises(MslmError, match="M233"):
        with_domain_words(WORDS, [], 3.5)
