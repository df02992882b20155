"""Batches of like length: no time is spent on padding."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from spacy.training import Example

from .settings import at_least

Batcher = Callable[[Iterable[Example]], Iterator[list[Example]]]


def batch_by_length(*, size: int, buffer: int) -> Batcher:
    """`spacy-mslm.BatchByLength.v1`: documents of like length, about `size` words.

    size (int): words a batch. A longer document is a batch of its own; none is dropped.
    buffer (int): documents that are sorted at once, in the order in which they come
        (spaCy shuffles them before each epoch). 1 keeps that order.
    Batches of a buffer come in random order, so that short sentences are not learnt
    from before long ones. Raises MslmError (M408).
    """
    at_least("size", size, 1)
    at_least("buffer", buffer, 1)

    def batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
        stream = iter(examples)
        while held := list(islice(stream, buffer)):
            held.sort(key=len)
            cut = list(_cut(held, size))
            random.shuffle(cut)
            yield from cut

    return batches


def _cut(examples: Sequence[Example], size: int) -> Iterator[list[Example]]:
    """Batches that end nearest to `size` words."""
    batch: list[Example] = []
    words = 0
    for example in examples:
        if batch and words + len(example) / 2 > size:
            yield batch
            batch, words = [], 0
        batch.append(example)
        words += len(example)
    if batch:
        yield batch
