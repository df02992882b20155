"""Labelled mentions elsewhere: found in plain text, or put in each other's place."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..scoring.strict import Span
from .data import Sentence

Words = tuple[str, ...]
# Beyond the keys of a sentence's masks and of the step's own randomness.
KEY = 1000


@dataclass
class Mentions:
    """The mentions of labelled sentences. `forms`: lower-cased words of each, with its
    commonest type; `by_type`: each mention as it was written, repeats and all."""

    forms: dict[Words, str] = field(default_factory=dict)
    by_type: dict[str, list[Words]] = field(default_factory=lambda: defaultdict(list))
    longest: int = 0

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> "Mentions":
        found = cls()
        counts: dict[Words, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for sentence in sentences:
            for start, end, kind in sentence.spans:
                words = sentence.doc.words[start:end]
                found.by_type[kind].append(words)
                counts[_form(words)][kind] += 1
                found.longest = max(found.longest, end - start)
        found.forms = {w: max(c, key=lambda k: c[k]) for w, c in counts.items()}
        return found

    def find(self, words: Sequence[str]) -> list[Span]:
        """Where `words` read like a mention: leftmost, then longest, disjoint."""
        spans: list[Span] = []
        lower, start = _form(words), 0
        while start < len(lower):
            room = min(self.longest, len(lower) - start)
            for length in range(room, 0, -1):
                kind = self.forms.get(lower[start : start + length])
                if kind is not None:
                    spans.append((start, start + length, kind))
                    start += length - 1
                    break
            start += 1
        return spans

    def swap(self, sentence: Sentence, chance: float, key: tuple[int, int]) -> Sentence:
        """Each mention replaced, with `chance`, by one drawn from those of its type
        (mention replacement, Dai and Adel 2020, section 3.2)."""
        rng = np.random.default_rng((*key, sentence.doc.text_hash, KEY))
        words: list[str] = []
        spans: list[Span] = []
        done = 0
        for start, end, kind in sentence.spans:
            words += sentence.doc.words[done:start]
            mention = sentence.doc.words[start:end]
            others = self.by_type[kind]
            if rng.random() < chance and others:
                mention = others[rng.integers(len(others))]
            spans.append((len(words), len(words) + len(mention), kind))
            words += mention
            done = end
        words += sentence.doc.words[done:]
        return Sentence.of(words, spans)


def _form(words: Sequence[str]) -> Words:
    return tuple(word.lower() for word in words)
