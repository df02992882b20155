"""Collocations of a corpus: n-grams of 2 to 4 words by pointwise mutual information.

For longer n-grams the measure is that of Levine et al. 2021 (PMI-masking, section 3):
the smallest PMI over all ways to cut the n-gram in parts, so that "per cent of" is not
carried by "per cent".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
LONGEST = 4
# Between sentences, and where a word takes part in no n-gram.
NONE = -1


@dataclass(frozen=True, slots=True)
class Collocation:
    """Lower-cased words, their measure (natural logarithm) and how often seen."""

    words: tuple[str, ...]
    pmi: float
    count: int


@dataclass(frozen=True)
class Counted:
    """All runs of n words of a text: `at` (W,) the n-gram that starts at each word, or
    `NONE`; `counts` (G,), `first` (G,): where each n-gram starts first."""

    at: Ids
    counts: Ids
    first: Ids

    @property
    def log_share(self) -> Values:
        """(G,) log of each n-gram's share of all n-grams of its length."""
        return np.log(self.counts / max(self.counts.sum(), 1))


def collocations(
    sentences: Iterable[Sequence[str | None]], *, min_count: int, longest: int
) -> list[Collocation]:
    """All n-grams of 2 to `longest` words seen at least `min_count` times, by PMI.

    A word that is None takes part in no n-gram; none crosses the edge of a sentence.
    Sorted by falling measure, then by words, so that the same text gives the same list.
    """
    words, text = _numbered(sentences)
    counted = [_count_words(text)]
    for _ in range(1, longest):
        counted.append(_count_longer(counted))
    found = []
    for n in range(2, longest + 1):
        grams = counted[n - 1]
        kept = np.flatnonzero(grams.counts >= min_count)
        measure = _measure(counted, n, grams.first[kept])
        for gram, value in zip(kept.tolist(), measure.tolist(), strict=True):
            start = int(grams.first[gram])
            ngram = tuple(words[i] for i in text[start : start + n])
            found.append(Collocation(ngram, value, int(grams.counts[gram])))
    return sorted(found, key=lambda c: (-c.pmi, c.words))


def _numbered(
    sentences: Iterable[Sequence[str | None]],
) -> tuple[list[str], Ids]:
    """The words by number, and (W,) the text in numbers, sentences apart by `NONE`."""
    numbers: dict[str, int] = {}

    def text() -> Iterator[int]:
        for sentence in sentences:
            for word in sentence:
                if word is None:
                    yield NONE
                else:
                    yield numbers.setdefault(word.lower(), len(numbers))
            yield NONE

    ids = np.fromiter(text(), dtype=np.int64)
    return list(numbers), ids


def _count_words(text: Ids) -> Counted:
    return _counted(text, text != NONE)


def _count_longer(counted: Sequence[Counted]) -> Counted:
    """The n-grams one word longer than the last: an n-gram and the word after it."""
    last, single = counted[-1].at, counted[0].at
    n = len(counted)
    following = np.full_like(single, NONE)
    following[:-n] = single[n:]
    whole = (last != NONE) & (following != NONE)
    # One number a pair: below 2^63 for any corpus that fits into memory.
    return _counted(last * (len(counted[0].counts) + 1) + following, whole)


def _counted(keys: Ids, whole: npt.NDArray[np.bool_]) -> Counted:
    places = np.flatnonzero(whole)
    _, first, inverse, counts = np.unique(
        keys[places], return_index=True, return_inverse=True, return_counts=True
    )
    at = np.full(len(keys), NONE, dtype=np.int64)
    at[places] = inverse
    return Counted(at, counts.astype(np.int64), places[first])


def _measure(counted: Sequence[Counted], n: int, starts: Ids) -> Values:
    """(S,) min over all cuts of log(P(n-gram) / product of P(part)).

    `best[i, j]`: the most probable way to make the words i:j, whole or of parts.
    """
    best: dict[tuple[int, int], Values] = {}
    cut = whole = np.zeros(len(starts))
    for length in range(1, n + 1):
        grams = counted[length - 1]
        for i in range(n - length + 1):
            j = i + length
            whole = grams.log_share[grams.at[starts + i]]
            ways = [best[i, k] + best[k, j] for k in range(i + 1, j)]
            cut = np.max(ways, axis=0) if ways else whole
            best[i, j] = np.maximum(whole, cut)
    return whole - cut
