"""PMI masking: algorithm 2 of Abaho et al. 2024, after Levine et al. 2021."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np

from ..errors import Errors, MslmError
from ..types import SentencePieces
from .amount import DrawnMasking, Units
from .strategy import Strategy

Ngram = tuple[str, ...]


class PmiMasking(DrawnMasking):
    """Masks collocations whole: n-grams of a vocabulary, and the words between them.

    A sentence is cut into the vocabulary's n-grams, the longest first, and single
    words; these are drawn uniformly, each masked as a whole. Only what then is left of
    the amount, too little for any of them, is filled with words of n-grams, so that as
    much is masked as by other strategies. Blind to terms.
    `vocabulary` is a file of `corpus pmi`. It is read at the first draw, so that a
    pipeline is built and used without it.
    Raises MslmError: M401, M412, see `Amount`; when drawing, M413 for a vocabulary
    that is missing or damaged.
    """

    def __init__(
        self,
        *,
        vocabulary: str,
        rate: float | None = None,
        budget: Strategy | None = None,
    ) -> None:
        super().__init__(rate=rate, budget=budget, unit="word")
        self.vocabulary = vocabulary
        self._ngrams: frozenset[Ngram] | None = None
        self._longest = 1  # words in the longest n-gram, once they are read
        self._reading = threading.Lock()

    @classmethod
    def of(
        cls,
        ngrams: Iterable[Ngram],
        *,
        rate: float | None = None,
        budget: Strategy | None = None,
    ) -> Self:
        """With n-grams of lower-cased words that need no file. Raises M401, M412."""
        made = cls(vocabulary="", rate=rate, budget=budget)
        made._keep(frozenset(ngrams))
        return made

    def groups(
        self, sentence: SentencePieces, units: Units, rng: np.random.Generator
    ) -> Iterable[Sequence[int]]:
        cut = list(self._cut(sentence, units))
        whole = (cut[i] for i in rng.permutation(len(cut)).tolist())
        single = ((i,) for i in rng.permutation(len(units.ids)).tolist())
        return chain(whole, single)

    @property
    def ngrams(self) -> frozenset[Ngram]:
        """The vocabulary, lower-cased words. Raises M413."""
        with self._reading:
            if self._ngrams is None:
                return self._keep(read_ngrams(self.vocabulary))
            return self._ngrams

    def _keep(self, ngrams: frozenset[Ngram]) -> frozenset[Ngram]:
        self._longest = max(map(len, ngrams), default=1)
        self._ngrams = ngrams
        return ngrams

    def _cut(self, sentence: SentencePieces, units: Units) -> Iterator[Sequence[int]]:
        """Groups of neighbouring words, left to right, the longest n-gram first."""
        words = [sentence.words[i].lower() for i in units.ids]
        ngrams = self.ngrams
        i = 0
        while i < len(words):
            n = min(self._longest, len(words) - i)
            while n > 1 and not (
                units.ids[i + n - 1] - units.ids[i] == n - 1
                and tuple(words[i : i + n]) in ngrams
            ):
                n -= 1
            yield range(i, i + n)
            i += n

    def __getstate__(self) -> dict[str, object]:
        """Without the lock, which cannot be copied, and without what was read."""
        kept = {k: v for k, v in self.__dict__.items() if k != "_reading"}
        return kept | ({"_ngrams": None} if self.vocabulary else {})

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._reading = threading.Lock()


def read_ngrams(path: str) -> frozenset[Ngram]:
    """The n-grams of a file of `corpus pmi`: words, tab, PMI, tab, count a row."""
    try:
        text = Path(path).read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as err:
        reason = type(err).__name__
        raise MslmError(Errors.M413.format(path=path, row=0, reason=reason)) from None
    ngrams = set()
    for row, line in enumerate(text.splitlines(), start=1):
        words, tab, _ = line.partition("\t")
        ngram = tuple(words.split(" "))
        if not tab or len(ngram) < 2 or not all(ngram):
            reason = "no n-gram"
            raise MslmError(Errors.M413.format(path=path, row=row, reason=reason))
        ngrams.add(ngram)
    return frozenset(ngrams)
