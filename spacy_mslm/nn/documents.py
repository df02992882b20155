"""Documents as the torch core sees them; apart from them, what is known of labels."""

from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, IntArray
from .bio import BEGIN, INSIDE, MISSING, OUTSIDE


@dataclass(frozen=True)
class WordDoc:
    """A document to read. There is no place for gold annotation in it.

    `words`: text of each word as the encoder sees it (placeholders in their one
    fixed form). `sentences`: half-open word ranges, in order, covering all words.
    `placeholders` (W,): True where a word is a de-identification placeholder.
    `text_hash`: part of the key of its masks.
    """

    words: tuple[str, ...]
    sentences: tuple[tuple[int, int], ...]
    placeholders: BoolArray
    text_hash: int

    @classmethod
    def from_words(cls, words: tuple[str, ...], text_hash: int = 0) -> "WordDoc":
        """One sentence without placeholders."""
        sentences = ((0, len(words)),) if words else ()
        return cls(words, sentences, np.zeros(len(words), dtype=bool), text_hash)


@dataclass(frozen=True)
class Annotation:
    """What is known of a document's entities.

    `spans`: half-open word ranges with the index of their type, disjoint, in order.
    `known` (W,): False for words whose annotation is missing: they take part in no
    entity loss. A document without annotation has no known word.
    """

    spans: tuple[tuple[int, int, int], ...]
    known: BoolArray

    @classmethod
    def missing(cls, n_words: int) -> "Annotation":
        return cls((), np.zeros(n_words, dtype=bool))

    def tags(self, has_pieces: BoolArray, *, typed: bool = False) -> IntArray:
        """(W,) BIO tags over the words that have pieces, MISSING elsewhere.

        A span's B is its first word with pieces, so that a line break inside a span,
        which has none, leaves `B I` unbroken.
        """
        tags = np.where(self.known & has_pieces, OUTSIDE, MISSING).astype(np.int64)
        for start, end, kind in self.spans:
            words = np.flatnonzero(has_pieces[start:end]) + start
            of_type = 2 * kind if typed else 0
            tags[words] = INSIDE + of_type
            tags[words[:1]] = BEGIN + of_type
        tags[~self.known] = MISSING
        return tags


@dataclass(frozen=True)
class ScoredSpan:
    """A predicted span of words: `label` is an index, `score` P(span) x P(type)."""

    start: int
    end: int
    label: int
    score: float
