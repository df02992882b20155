"""Windows laid out flat, and cut into parts that the encoder reads at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, IntArray
from .buckets import buckets
from .windows import Window


@dataclass(frozen=True)
class Layout:
    """Place 0 holds padding; the pieces of all windows follow it, one after another.

    `ids` (n,): the piece at each place. `scored` (n,): whether its vector counts.
    `starts`, `lengths` (R,): where each window begins, and its pieces.
    """

    ids: IntArray
    scored: BoolArray
    starts: IntArray
    lengths: IntArray

    @classmethod
    def of(cls, windows: Sequence[Window], pad: int) -> "Layout":
        """The layout of at least one window; `pad`: the piece that pads."""
        lengths = np.array([len(w.ids) for w in windows])
        starts = 1 + np.cumsum(lengths) - lengths
        ids = np.concatenate([[pad], *(w.ids for w in windows)])
        scored = np.zeros(len(ids), dtype=bool)
        for start, window in zip(starts, windows, strict=True):
            scored[start + window.scored[0] : start + window.scored[1]] = True
        return cls(ids, scored, starts, lengths)

    def parts(self, *, most: int, part: int) -> list[IntArray]:
        """(B, P) places of the pieces of each part, a row a window, 0 where padded;
        see `buckets`."""
        return [
            self._places(rows) for rows in buckets(self.lengths, most=most, part=part)
        ]

    def _places(self, rows: IntArray) -> IntArray:
        within = np.arange(self.lengths[rows[-1]])
        filled = within < self.lengths[rows, None]
        return np.where(filled, self.starts[rows, None] + within, 0)

    def order(self, parts: Sequence[IntArray]) -> IntArray:
        """(N,) of the vectors of scored pieces, stacked part by part: where each
        belongs in the order of the windows."""
        among_scored = np.cumsum(self.scored) - 1
        stacked = np.concatenate([p[self.scored[p]] for p in parts])
        found: IntArray = among_scored[stacked]
        return found
