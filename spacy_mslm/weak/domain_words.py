"""Words of the domain: rare in general English, whatever a terminology lists.

A word counts that has at least four letters, nothing but letters, and a lower Zipf
frequency (log10 of its count in 10^9 words of general English; the library wordfreq,
Speer 2022) than the limit given.
"""

from collections.abc import Sequence
from functools import lru_cache

from .dangers import english

LETTERS = 4

Term = tuple[int, int]


def with_domain_words(
    words: Sequence[str], terms: Sequence[Term], limit: float
) -> tuple[Term, ...]:
    """`terms`, and words of the domain outside them, one by one, in order.

    words: (W,). terms: half-open ranges of words. limit: Zipf frequency, 0 for none.
    Raises MslmError (M233) where wordfreq is not installed.
    """
    if not limit:
        return tuple(terms)
    inside = {i for start, end in terms for i in range(start, end)}
    rare = (
        (i, i + 1)
        for i, word in enumerate(words)
        if i not in inside and is_domain_word(word, limit)
    )
    return tuple(sorted([*terms, *rare]))


@lru_cache(1 << 16)
def is_domain_word(word: str, limit: float) -> bool:
    """Whether `word` is rarer than `limit`. Raises MslmError (M233)."""
    return len(word) >= LETTERS and word.isalpha() and english()(word) < limit
