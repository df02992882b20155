"""`check_notes`: what was understood of a source of notes, without any of its text."""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..types import DropCounts, Note
from .categories import Categories
from .columns import USUAL_NAMES, ColumnNames, Columns
from .deid import placeholder_spans
from .kinds import Source, open_source
from .seen import hash64
from .sources import first_table, read_notes

EVERY = 50_000
# spaCy's own limit to the length of a text.
SPACY_LIMIT = 1_000_000

_MARKUP = re.compile(
    r"\A\s*(?:\{\\rtf|<!doctype|<html|<\?xml)|<br\s?/?>|</(?:p|div|span|td)>",
    re.IGNORECASE,
)
# What is wrong with a text -> how to tell.
TRAITS: dict[str, Callable[[str], bool]] = {
    "markup": lambda text: bool(
        ("<" in text or "{\\rtf" in text) and _MARKUP.search(text)
    ),
    "escaped": lambda text: "\\n" in text and "\n" not in text,
    "undecoded": lambda text: "\ufffd" in text,
    "decoded twice": lambda text: "â€" in text or "Ã©" in text or "Â°" in text,
    "long": lambda text: len(text) > SPACY_LIMIT,
}


class Lengths:
    """How often each length occurs: exact quantiles in little memory."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, length: int) -> None:
        self._counts[length] += 1

    def quantile(self, share: float) -> int:
        """The smallest length that at least `share` of the notes do not pass."""
        left = share * self._counts.total()
        for length in sorted(self._counts):
            left -= self._counts[length]
            if left <= 0:
                return length
        return 0

    @property
    def total(self) -> int:
        return sum(length * n for length, n in self._counts.items())

    @property
    def longest(self) -> int:
        return max(self._counts, default=0)

    @property
    def cut_off(self) -> int:
        """How many notes are as long as the longest, where these outnumber all that
        are nearly as long (by 5%), as where a limit cut them; else 0."""
        most, longest = self._counts[self.longest], self.longest
        nearly = (n for k, n in self._counts.items() if 0.95 * longest <= k < longest)
        return most if most > sum(nearly) else 0


class Distinct:
    """How often each of many values occurs, at eight bytes an occurrence."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    def add(self, value: str) -> None:
        self._hashes.append(hash64(value))

    def counts(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The occurrences of each value, in no order that means anything."""
        hashes = np.frombuffer(self._hashes, dtype=np.uint64)
        return np.unique(hashes, return_counts=True)[1]


@dataclass
class Findings:
    """What was understood of a source; `columns` is None for text files."""

    source: Source
    columns: Columns | None
    asked: ColumnNames = USUAL_NAMES
    notes: int = 0
    characters: Lengths = field(default_factory=Lengths)
    words: Lengths = field(default_factory=Lengths)
    categories: Categories = field(default_factory=Categories)
    patients: Distinct = field(default_factory=Distinct)
    texts: Distinct = field(default_factory=Distinct)
    # De-identification marks by form, and the notes with any.
    marks: Counter[str] = field(default_factory=Counter)
    marked: int = 0
    with_gold: int = 0
    gold_spans: int = 0
    with_split: int = 0
    broken: int = 0  # notes with a line break
    traits: Counter[str] = field(default_factory=Counter)
    drops: DropCounts = field(default_factory=DropCounts)

    def add(self, note: Note) -> None:
        text = note.text
        self.notes += 1
        self.characters.add(len(text))
        self.words.add(len(text.split()))
        self.categories.add(note.category)
        self.patients.add(note.patient_id)
        self.texts.add(text)
        marks = Counter(
            "[**...**]" if text[start] == "[" else "___"
            for start, _ in placeholder_spans(text)
        )
        self.marks.update(marks)
        self.marked += bool(marks)
        self.with_gold += bool(note.gold or note.meta.get("gold"))
        self.gold_spans += len(note.gold)
        self.with_split += "split" in note.meta
        self.broken += "\n" in text or "\r" in text
        self.traits.update(name for name, has in TRAITS.items() if has(text))


def check_notes(
    path: Path | str,
    *,
    columns: ColumnNames = USUAL_NAMES,
    categories: Sequence[str] = (),
    progress: Callable[[int], None] = lambda count: None,
) -> Findings:
    """Read a whole source and say what was found; `progress` is called with the count
    every `EVERY` notes. Raises what `read_notes` does."""
    source = open_source(Path(path))
    table = first_table(source, columns)
    found = Findings(source, table.columns if table else None, columns)
    notes = read_notes(path, drops=found.drops, categories=categories, columns=columns)
    for note in notes:
        found.add(note)
        if found.notes % EVERY == 0:
            progress(found.notes)
    return found
