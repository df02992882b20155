"""Acronyms that a note defines itself: "patent foramen ovale (PFO)".

The definition is found as Schwartz and Hearst do (A simple algorithm for identifying
abbreviation definitions in biomedical text, PSB 2003): from the right, every letter of
the short form in the words before the bracket, its first at the start of a word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SHORT = re.compile(r"\(([A-Za-z][A-Za-z0-9/-]{1,9})\)")
_WORD = re.compile(r"[\w’'-]+")
_BEFORE = 150


@dataclass(frozen=True, slots=True)
class Definition:
    """`short` is defined as the characters `start` to `end` of the text."""

    short: str
    start: int
    end: int


def definitions(text: str) -> Iterator[Definition]:
    """Every short form with a capital and the long form right before its bracket."""
    for found in _SHORT.finditer(text):
        short = found.group(1)
        if short.islower():
            continue
        before = text[max(0, found.start() - _BEFORE) : found.start()].rstrip()
        most = min(len(short) + 5, 2 * len(short))
        words = list(_WORD.finditer(before))[-most:]
        if not words:
            continue
        long = before[words[0].start() :]
        at = _long_form(short, long)
        if at is not None:
            offset = max(0, found.start() - _BEFORE) + words[0].start()
            yield Definition(short, offset + at, offset + len(long))


def _long_form(short: str, long: str) -> int | None:
    """Where in `long` the long form of `short` begins; None where it is none."""
    at = len(long)
    for place in range(len(short) - 1, -1, -1):
        letter = short[place].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and not (
            long[at].lower() == letter
            and (place or at == 0 or not long[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return None
    return at
