"""Windows of whole sentences: what the encoder sees at once."""

from dataclasses import dataclass

import numpy as np

from ..types import IntArray
from .documents import WordDoc
from .pieces import DocPieces, Specials


@dataclass(frozen=True)
class Window:
    """A row for the encoder.

    `ids` (P,): pieces with the start and end specials. `scored`: half-open range of
    the row's positions whose vectors count; the rest is context or special. Over a
    document's windows the scored ranges hold each piece exactly once, in order.
    """

    ids: IntArray
    scored: tuple[int, int]


def cut(
    doc: WordDoc, pieces: DocPieces, *, max_pieces: int
) -> list[tuple[int, int, int, int]]:
    """Piece ranges (start, end, scored start, scored end) of a document's windows.

    Whole sentences are packed up to `max_pieces` (specials included). A longer
    sentence is cut at word edges, with a quarter of the window as context on either
    side, and each word is scored once.
    """
    capacity = max_pieces - 2
    windows: list[tuple[int, int, int, int]] = []
    open_start = open_end = 0
    for _, last_word in doc.sentences:
        end = int(pieces.starts[last_word])
        if end - open_start <= capacity:
            open_end = end
            continue
        if open_end > open_start:
            windows.append((open_start, open_end, open_start, open_end))
        start, open_start, open_end = open_end, open_end, end
        if end - start > capacity:
            windows += _cut_sentence(pieces, start, end, capacity)
            open_start = end
    if open_end > open_start:
        windows.append((open_start, open_end, open_start, open_end))
    return windows


def _cut_sentence(
    pieces: DocPieces, start: int, end: int, capacity: int
) -> list[tuple[int, int, int, int]]:
    context = capacity // 4
    windows = []
    scored = start
    while scored < end:
        left = max(start, scored - context)
        # The last window needs no context on its right.
        room = capacity if end - left <= capacity else capacity - context
        stop = _word_edge(pieces, scored, min(end, left + room))
        windows.append((left, min(end, left + capacity), scored, stop))
        scored = stop
    return windows


def _word_edge(pieces: DocPieces, scored: int, limit: int) -> int:
    """The last word edge in (scored, limit]; `limit` where there is none."""
    edge = int(pieces.starts[np.searchsorted(pieces.starts, limit, side="right") - 1])
    return edge if edge > scored else limit


def windows_of(
    doc: WordDoc,
    pieces: DocPieces,
    specials: Specials,
    *,
    max_pieces: int,
    ids: IntArray | None = None,
) -> list[Window]:
    """The windows of a document, over `ids` (N,) instead of its own where given.

    The masked view passes its own ids: windows are the same in both views.
    """
    source = pieces.ids if ids is None else ids
    rows = []
    for start, end, first, last in cut(doc, pieces, max_pieces=max_pieces):
        row = np.concatenate(([specials.start], source[start:end], [specials.end]))
        rows.append(Window(row, (first - start + 1, last - start + 1)))
    return rows
