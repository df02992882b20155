"""Batches: of like length in training, of bounded size in prediction."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import logger

from ..errors import MslmError, Notes
from ..nn.encoder import load_tokenizer
from ..nn.pieces import PieceTokenizer
from .reading import read_doc
from .settings import at_least

Batcher = Callable[[Iterable[Example]], Iterator[list[Example]]]


def batch_by_length(*, size: int, buffer: int, encoder: str | None) -> Batcher:
    """`spacy-mslm.BatchByLength.v1`: documents of like length, about `size` words.

    size (int): words a batch. A longer document is a batch of its own; none is dropped.
    buffer (int): documents that are sorted at once, in the order in which they come
        (spaCy shuffles them before each epoch). 1 keeps that order.
    encoder (Optional[str]): whose tokenizer counts the pieces to sort by; null sorts by
        words, which pads more.
    Batches of a buffer come in random order, so that short sentences are not learnt
    from before long ones. Raises MslmError (M408).
    """
    at_least("size", size, 1)
    at_least("buffer", buffer, 1)

    def batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
        tokenizer = None if encoder is None else _tokenizer(encoder)
        stream = iter(examples)
        while held := list(islice(stream, buffer)):
            cut = list(_cut(_by_length(held, tokenizer), size))
            random.shuffle(cut)
            yield from cut

    return batches


def _tokenizer(encoder: str) -> PieceTokenizer | None:
    """None, with a note, where it cannot be read: training of a packaged pipeline goes
    on where its encoder once came from is gone."""
    try:
        return load_tokenizer(encoder)
    except MslmError as err:
        logger.info(Notes.N504.format(reason=err))
        return None


def _by_length(
    examples: Sequence[Example], tokenizer: PieceTokenizer | None
) -> list[Example]:
    if tokenizer is None:
        return sorted(examples, key=len)
    pieces = tokenizer([read_doc(example.predicted) for example in examples])
    order = sorted(range(len(examples)), key=lambda i: len(pieces[i].ids))
    return [examples[i] for i in order]


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


def by_words(stream: Iterable[Doc], docs: int, words: int) -> Iterator[list[Doc]]:
    """Batches of at most `docs` Docs that are full once they hold `words` words."""
    batch: list[Doc] = []
    held = 0
    for doc in stream:
        batch.append(doc)
        held += len(doc)
        if len(batch) >= docs or held >= words:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
