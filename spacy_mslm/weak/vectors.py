"""Vectors of words out of the notes themselves: what stands near them, compressed.

Positive pointwise mutual information of words and the words near them, with context
counts smoothed (Levy, Goldberg and Dagan 2015), reduced by its singular vectors.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Note
from .names import name_key
from .paragraphs import paragraph_spans

Array = npt.NDArray[np.float32]
WINDOW, CONTEXTS, DIMENSIONS, MOST_WORDS = 5, 2000, 100, 30_000
_SMOOTHING = 0.75
_FLUSH = 1 << 20


@dataclass(frozen=True)
class Words:
    """The words that count, the commonest first, with how often they occur."""

    counts: dict[str, int]

    @property
    def index(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.counts)}


def words_of(text: str) -> Iterator[list[str]]:
    """The words of each paragraph as MedCAT sees them, in lower case."""
    for start, end in paragraph_spans(text):
        yield [word for word in name_key(text[start:end]).split("~") if word.isalpha()]


def shared_words(
    notes: Iterable[Note], *, least_patients: int, most: int = MOST_WORDS
) -> Words:
    """The commonest words that notes of at least `least_patients` patients have: a name
    that one patient's notes repeat is none of them."""
    counts: Counter[str] = Counter()
    patients: dict[str, set[str]] = {}
    for note in notes:
        for words in words_of(note.text):
            counts.update(words)
            for word in set(words):
                seen = patients.setdefault(word, set())
                if len(seen) < least_patients:
                    seen.add(note.patient_id)
    shared = [word for word in counts if len(patients[word]) >= least_patients]
    shared.sort(key=lambda word: (-counts[word], word))
    return Words({word: counts[word] for word in shared[:most]})


def word_vectors(
    notes: Iterable[Note], words: Words, *, dimensions: int = DIMENSIONS
) -> Array:
    """A vector for each of `words` (V, D), of length 1, their mean taken off before.

    Counts pairs within five words of a paragraph, words that do not count passed over.
    Memory: V x 2,000 numbers, whatever the number of notes.
    """
    index = words.index
    contexts = min(CONTEXTS, len(index))
    counts = np.zeros((len(index), contexts), dtype=np.float32)
    for pairs in _batches(notes, index, contexts):
        cells, times = np.unique(pairs, return_counts=True)
        counts.reshape(-1)[cells] += times
    vectors = _reduced(_information(counts), min(dimensions, contexts))
    vectors -= vectors.mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _batches(
    notes: Iterable[Note], index: dict[str, int], contexts: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Cells (word x contexts + context) of the pairs, about a million at a time."""
    waiting: list[npt.NDArray[np.int64]] = []
    size = 0
    for note in notes:
        for words in words_of(note.text):
            ids = np.array([index[w] for w in words if w in index], dtype=np.int64)
            for distance in range(1, min(WINDOW + 1, len(ids))):
                left, right = ids[:-distance], ids[distance:]
                for word, near in ((left, right), (right, left)):
                    kept = near < contexts
                    waiting.append(word[kept] * contexts + near[kept])
                    size += len(waiting[-1])
        if size >= _FLUSH:
            yield np.concatenate(waiting)
            waiting, size = [], 0
    if size:
        yield np.concatenate(waiting)


def _information(counts: Array) -> Array:
    """Positive pointwise mutual information, in place of the counts."""
    of_word = counts.sum(axis=1, keepdims=True)
    of_context = counts.sum(axis=0, keepdims=True) ** _SMOOTHING
    share = of_context / max(float(of_context.sum()), 1.0)
    # In place: the table is the largest thing here.
    with np.errstate(divide="ignore", invalid="ignore"):
        counts /= of_word
        counts /= share
        np.log(counts, out=counts)
    np.maximum(counts, 0, out=counts)
    return np.nan_to_num(counts, copy=False)


def _reduced(matrix: Array, dimensions: int) -> Array:
    """U S^(1/2) of the largest singular values, each of a settled sign."""
    values, vectors = np.linalg.eigh((matrix.T @ matrix).astype(np.float64))
    order = np.argsort(values)[::-1][:dimensions]
    values, vectors = np.maximum(values[order], 0), vectors[:, order]
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    scale = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.25, 0)
    return (matrix @ (vectors * np.sign(largest) * scale)).astype(np.float32)
