"""Words of a kind in a text, few of them: each spelling is asked about once."""

import re
from collections.abc import Callable


def words_of(
    kind_of: Callable[[str], str], word: re.Pattern[str], text: str
) -> list[tuple[int, int, str]]:
    """Start, end and kind of each match of `word` that is of a kind, in their order.

    `word`: a pattern without groups, of letters, digits, underscores and hyphens.
    `kind_of`: the kind of a match's text, "" for none.
    """
    found = []
    for form in filter(kind_of, set(word.findall(text))):
        kind = kind_of(form)
        end = 0
        # Few texts hold any: found as strings, not by a second look at every word.
        while (at := text.find(form, end)) >= 0:
            start, end = _run(text, at)
            for match in word.finditer(text, start, end):
                if match.group() == form:
                    found.append((match.start(), match.end(), kind))
    return sorted(found)


def _run(text: str, at: int) -> tuple[int, int]:
    """The word characters and hyphens without a break around `at`, one of them."""
    start, end = at, at
    while start and _goes_on(text[start - 1]):
        start -= 1
    while end < len(text) and _goes_on(text[end]):
        end += 1
    return start, end


def _goes_on(char: str) -> bool:
    return char.isalnum() or char in "_-"
