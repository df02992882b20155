"""Which documents each update reads: a function of (seed, epoch) and nothing else."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from ...types import IntArray

# Batches are cut from pools of this many batches' words, sorted by length.
POOL_BATCHES = 50


def epoch_batches(sizes: IntArray, words: int, key: tuple[int, int]) -> list[IntArray]:
    """Indices of the documents of each batch of an epoch; `key` is (seed, epoch).

    Batches hold at most `words` words, or one document; documents of like length come
    together, which saves padding; the order of batches is random again.
    """
    rng = np.random.default_rng(key)
    batches: list[IntArray] = []
    order = rng.permutation(len(sizes))
    pools = np.cumsum(sizes[order]) // max(words * POOL_BATCHES, 1)
    for pool in np.split(order, np.flatnonzero(np.diff(pools)) + 1):
        batches += _cut(pool[np.argsort(sizes[pool], kind="stable")], sizes, words)
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(order: IntArray, sizes: IntArray, words: int) -> Iterator[IntArray]:
    first = held = 0
    for last, size in enumerate(sizes[order].tolist()):
        if last > first and held + size > words:
            yield order[first:last]
            first, held = last, 0
        held += size
    if len(order):
        yield order[first:]


def count_updates(sizes: IntArray, *, epochs: int, words: int, seed: int) -> int:
    """How many updates so many epochs make."""
    return sum(len(epoch_batches(sizes, words, (seed, e))) for e in range(epochs))


def updates_from(
    start: int, sizes: IntArray, *, words: int, seed: int
) -> Iterator[tuple[int, IntArray]]:
    """(update, indices of its documents) from update `start` on, epoch after epoch,
    without end; from nothing nothing comes."""
    update = 0
    for epoch in count() if len(sizes) else ():
        for batch in epoch_batches(sizes, words, (seed, epoch)):
            if update >= start:
                yield update, batch
            update += 1
