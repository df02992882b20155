"""The notes that a command reads, wherever they are read, and what the stream tells."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..notes.columns import USUAL_NAMES, ColumnNames
from ..notes.records import note_row
from ..notes.sources import read_notes
from ..types import DropCounts, Note


@dataclass
class NoteStream:
    """Notes as `read_notes` gives them; a source that an engine may read elsewhere.

    Once it is read to its end: `drops`, what reading left out; `input_hash` of the
    notes; `synthetic` and `has_gold`, whether any of them is. Raises at once what
    `read_notes` raises at once.
    """

    path: Path | str
    categories: Sequence[str] = ()
    sample: int = 0
    seed: int = 0
    columns: ColumnNames = USUAL_NAMES
    drops: DropCounts = field(default_factory=DropCounts)
    input_hash: str = ""
    synthetic: bool = False
    has_gold: bool = False

    def __post_init__(self) -> None:
        # It may be read where the working folder is another.
        self.path = Path(self.path).absolute()
        self._open(DropCounts())

    def __iter__(self) -> Iterator[Note]:
        digest = hashlib.sha256()
        drops = DropCounts()
        self.synthetic = self.has_gold = False
        for note in self._open(drops):
            digest.update(note_line(note).encode() + b"\n")
            self.synthetic = self.synthetic or bool(note.meta.get("synthetic"))
            self.has_gold = self.has_gold or bool(note.gold or note.meta.get("gold"))
            yield note
        self.drops, self.input_hash = drops, digest.hexdigest()

    def learnt(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in ("drops", "input_hash", "synthetic", "has_gold")
        }

    def learn(self, what: dict[str, Any]) -> None:
        for name, value in what.items():
            setattr(self, name, value)

    def _open(self, drops: DropCounts) -> Iterator[Note]:
        return read_notes(
            self.path,
            drops=drops,
            categories=self.categories,
            sample=self.sample,
            seed=self.seed,
            columns=self.columns,
        )


def note_line(note: Note) -> str:
    """A note as one line of JSON: all that tells it from another."""
    return json.dumps(note_row(note), ensure_ascii=False, sort_keys=True)
