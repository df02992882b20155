"""Pieces of a note small enough for MedCAT, which slows down on long documents.

Names match across a line break (`chest\\npain`), so a note is cut at blank lines; a
paragraph over the limit is cut where a name is least likely to be cut with it.
"""

import re
from collections.abc import Iterator

# MedCAT 2.9 looks up each entity's tokens by a linear search through its document.
LIMIT = 1000
_BLANK = re.compile(r"(?:\r\n?|\n)[^\S\r\n]*(?:\r\n?|\n)\s*")
# Best first: the end of a sentence, of a line, of a word.
_ENDS = (re.compile(r"[.!?:;]\s+"), re.compile(r"[\r\n]+"), re.compile(r"\s+"))


def paragraph_spans(text: str, limit: int = LIMIT) -> Iterator[tuple[int, int]]:
    """Character ranges in order that leave out only white space.

    No range is longer than `limit` characters. A name is cut only where one stretch
    of `limit` characters has no sentence end.
    """
    start = 0
    for match in _BLANK.finditer(text):
        yield from _pieces(text, start, match.start(), limit)
        start = match.end()
    yield from _pieces(text, start, len(text), limit)


def _pieces(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    while end - start > limit:
        cut = _cut(text, start, start + limit)
        if text[start:cut].strip():
            yield start, cut
        start = cut
    if text[start:end].strip():
        yield start, end


def _cut(text: str, start: int, end: int) -> int:
    for pattern in _ENDS:
        cuts = [match.end() for match in pattern.finditer(text, start, end)]
        if cuts:
            return cuts[-1]
    return end
