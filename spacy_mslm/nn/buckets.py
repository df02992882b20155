"""Rows of unlike length in parts that hold little padding."""

import numpy as np

from ..types import IntArray

# What a part costs beside its pieces, counted in pieces: calls and small tensors, and
# in training the weights' gradients, which are added up once more.
PREDICTED_PART, TRAINED_PART = 16, 128


def buckets(lengths: IntArray, *, most: int, part: int) -> list[IntArray]:
    """Indices of the rows of each part, in order of length.

    lengths (R,): pieces a row. most: padded pieces a part; a longer row is a part of
    its own. part: what a part costs beside its pieces, counted in pieces. The cut is
    the cheapest there is: each part costs its rows times its longest row, and `part`.
    O(R log R) and the square of the distinct lengths.
    """
    order = np.argsort(lengths, kind="stable")
    distinct, counts = np.unique(lengths, return_counts=True)
    ends = np.cumsum(counts)
    parts: list[IntArray] = []
    for first, last in _cheapest(distinct, ends, most, part):
        rows = order[first:last]
        at_once = max(most // int(lengths[rows[-1]]), 1)
        parts += np.array_split(rows, -(-len(rows) // at_once))
    return parts


def _cheapest(
    distinct: IntArray, ends: IntArray, most: int, part: int
) -> list[tuple[int, int]]:
    """Ranges of rows in order of length: shortest path over the distinct lengths."""
    starts = np.concatenate(([0], ends[:-1]))
    costs = np.zeros(len(distinct) + 1)
    begins = np.zeros(len(distinct) + 1, dtype=np.int64)
    for last, (length, end) in enumerate(zip(distinct, ends, strict=True), start=1):
        rows = end - starts[:last]
        parts = np.ceil(rows / max(most // length, 1))
        total = costs[:last] + rows * length + parts * part
        begins[last] = total.argmin()
        costs[last] = total[begins[last]]
    ranges = []
    last = len(distinct)
    while last:
        ranges.append((int(starts[begins[last]]), int(ends[last - 1])))
        last = int(begins[last])
    return ranges[::-1]
