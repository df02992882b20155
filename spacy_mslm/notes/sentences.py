"""Sentences of a clinical note, by rules over its lines and its full stops.

Linear in the length of the text; any Unicode is fine.
"""

from collections.abc import Iterator
from itertools import pairwise

from .lines import mask_placeholders, read_lines
from .stops import breaks
from .wraps import passages


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open character ranges of the sentences of `text`.

    In order, disjoint, without outer white space, covering every character that is
    not white space. No range begins or ends inside a de-identification placeholder.
    A heading alone, a list item, a table line and a ruled line count as sentences.
    """
    masked = mask_placeholders(text)
    return list(_spans(masked))


def _spans(masked: str) -> Iterator[tuple[int, int]]:
    for start, end in passages(list(read_lines(masked))):
        passage = masked[start:end]
        edges = [0, *breaks(passage), len(passage)]
        for left, right in pairwise(edges):
            piece = passage[left:right]
            if body := piece.strip():
                first = start + left + len(piece) - len(piece.lstrip())
                yield first, first + len(body)
