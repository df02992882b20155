"""Data sets of IOB files as the torch core reads them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..corpus.iob import read_iob
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
class WeakLabels:
    """What a labeller finds in the same sentences. `notes`: further ones, without gold.
    `lacks`: by split, the gold mentions that its terminology has no name for."""

    train: list[Sentence]
    dev: list[Sentence]
    test: list[Sentence]
    notes: list[Sentence]
    lacks: Mapping[str, list[Sentence]]
    hash: str


@dataclass(frozen=True)
class DataSet:
    """The sentences of each split, the types of the training sentences, sorted, and a
    hash of the files. `weak`: sources of weak labels by name."""

    name: str
    labels: tuple[str, ...]
    train: list[Sentence]
    dev: list[Sentence]
    test: list[Sentence]
    hash: str
    weak: Mapping[str, WeakLabels] = field(default_factory=dict)

    def labelled(self, share: float, seed: int) -> tuple[list[int], list[int]]:
        """Indices of the training sentences whose labels are used, and of the others.

        A smaller share of the same seed holds part of what a larger one holds; any
        above 0 holds a sentence.
        """
        order = np.random.default_rng((seed, len(self.train))).permutation(
            len(self.train)
        )
        n = max(round(share * len(self.train)), 1) if share else 0
        return sorted(order[:n].tolist()), sorted(order[n:].tolist())


def load(
    root: Path, name: str, *, labels: Sequence[str] = (), weak: Iterable[str] = ()
) -> DataSet:
    """Read `root/name`, and its weak labels of the sources `weak` (as `experiment
    prepare` writes them).

    Raises MslmError: M806 where a split is missing, M805 where `labels` are given and
    others are found, M811 where weak labels are of other words, M301-M305 for rows that
    do not read.
    """
    files = {split: _file(root, name, split) for split in SPLITS}
    sentences = {split: _read(path) for split, path in files.items()}
    found = tuple(sorted({k for s in sentences["train"] for *_, k in s.spans}))
    if labels and tuple(sorted(labels)) != found:
        message = Errors.M805.format(
            data=name, found=", ".join(found), wanted=", ".join(sorted(labels))
        )
        raise MslmError(message)
    sources = {source: _weak(root, name, source, sentences) for source in weak}
    return DataSet(name, found, **sentences, hash=_hash(files.values()), weak=sources)


def _weak(
    root: Path, name: str, source: str, gold: Mapping[str, list[Sentence]]
) -> WeakLabels:
    files = {split: root / name / f"{split}.{source}.tsv" for split in SPLITS}
    lacks = {s: root / name / f"{s}.{source}.lacks.tsv" for s in ("dev", "test")}
    for path in (*files.values(), *lacks.values()):
        if not path.is_file():
            message = Errors.M806.format(data=name, path=root, missing=path.name)
            raise MslmError(message)
    notes = root / name / f"notes.{source}.tsv"
    further = [notes] if notes.is_file() else []
    read = {split: _read(path) for split, path in files.items()}
    lacking = {split: _read(path) for split, path in lacks.items()}
    for path, split, found in (
        *((files[split], split, found) for split, found in read.items()),
        *((lacks[split], split, found) for split, found in lacking.items()),
    ):
        if [s.doc.words for s in found] != [s.doc.words for s in gold[split]]:
            raise MslmError(Errors.M811.format(path=path, split=split))
    return WeakLabels(
        **read,
        notes=[s for path in further for s in _read(path)],
        lacks=lacking,
        hash=_hash([*files.values(), *lacks.values(), *further]),
    )


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _read(path: Path) -> list[Sentence]:
    return [Sentence.of(s.words, s.spans()) for s in read_iob(path)]


def _file(root: Path, name: str, split: str) -> Path:
    folder = root / name
    for candidate in NAMES[split]:
        if (folder / candidate).is_file():
            return folder / candidate
    raise MslmError(Errors.M806.format(data=name, path=root, missing=NAMES[split][0]))
