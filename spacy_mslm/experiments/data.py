"""Data sets of IOB files as the torch core reads them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..corpus.iob import IobSentence, read_iob
from ..errors import Errors, MslmError
from ..masking import text_hash
from ..nn import WordDoc
from ..scoring.strict import Span

SPLITS = ("train", "dev", "test")
# What the files of a split may be called.
NAMES = {
    "train": ("train.tsv", "train.iob", "train.conll", "train.txt"),
    "dev": ("dev.tsv", "devel.tsv", "dev.iob", "dev.conll", "dev.txt"),
    "test": ("test.tsv", "test.iob", "test.conll", "test.txt"),
}


@dataclass(frozen=True)
class Sentence:
    """A sentence and its gold entities: half-open word ranges with their type."""

    doc: WordDoc
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, words: Sequence[str], spans: Sequence[Span]) -> "Sentence":
        words = tuple(words)
        return cls(WordDoc.from_words(words, text_hash(" ".join(words))), tuple(spans))

    def surfaces(self) -> list[str]:
        """The texts of its entities."""
        return [" ".join(self.doc.words[s:e]) for s, e, _ in self.spans]


@dataclass(frozen=True)
class DataSet:
    """The sentences of each split, the types of the training sentences, sorted, and a
    hash of the files."""

    name: str
    labels: tuple[str, ...]
    train: list[Sentence]
    dev: list[Sentence]
    test: list[Sentence]
    hash: str

    def labelled(self, share: float, seed: int) -> tuple[list[int], list[int]]:
        """Indices of the training sentences whose labels are used, and of the others.

        A smaller share of the same seed holds part of what a larger one holds.
        """
        order = np.random.default_rng((seed, len(self.train))).permutation(
            len(self.train)
        )
        n = max(round(share * len(self.train)), 1)
        return sorted(order[:n].tolist()), sorted(order[n:].tolist())


def load(root: Path, name: str, *, labels: Sequence[str] = ()) -> DataSet:
    """Read `root/name`.

    Raises MslmError: M806 where a split is missing, M805 where `labels` are given and
    others are found, M301-M305 for rows that do not read.
    """
    files = {split: _file(root, name, split) for split in SPLITS}
    digest = hashlib.sha256()
    for path in files.values():
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    sentences = {
        split: [_sentence(s) for s in read_iob(path)] for split, path in files.items()
    }
    found = tuple(sorted({k for s in sentences["train"] for *_, k in s.spans}))
    if labels and tuple(sorted(labels)) != found:
        message = Errors.M805.format(
            data=name, found=", ".join(found), wanted=", ".join(sorted(labels))
        )
        raise MslmError(message)
    return DataSet(name, found, **sentences, hash=digest.hexdigest()[:16])


def _file(root: Path, name: str, split: str) -> Path:
    folder = root / name
    for candidate in NAMES[split]:
        if (folder / candidate).is_file():
            return folder / candidate
    raise MslmError(Errors.M806.format(data=name, path=root, missing=NAMES[split][0]))


def _sentence(read: IobSentence) -> Sentence:
    return Sentence.of(read.words, read.spans())
