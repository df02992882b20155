"""What the labelling tools have in common: a task in, a task out."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .split import SPLITS, split_name
from .textfiles import field_of, identifier

PREDICTED = "prediction that nobody has answered"
REPEATED = "same span again"


@dataclass(frozen=True, slots=True)
class Task:
    """A note with a model's spans. `scores` are aligned with `spans`; None where the
    model gives none. `model` names it."""

    note: Note
    spans: tuple[CharSpan, ...]
    scores: tuple[float | None, ...]
    model: str

    def scored(self) -> Iterator[tuple[CharSpan, float | None]]:
        return zip(self.spans, self.scores, strict=True)

    def meta(self) -> dict[str, str]:
        """What must come back with the corrected task, and is shown beside it."""
        values = {
            "note_id": self.note.note_id,
            "patient_id": self.note.patient_id,
            "category": self.note.category,
            "split": str(self.note.meta.get("split") or ""),
            "model": self.model,
        }
        return {name: value for name, value in values.items() if value}


def make_note(
    text: str,
    meta: Mapping[str, Any],
    spans: Sequence[CharSpan],
    other_id: object,
    drops: DropCounts,
) -> Note:
    """The annotated note of a task. Its ids are those in `meta`; else the tool's own
    id, else the hash of its text; a patient without a name is that hash too, so that
    copies of one text never fall on both sides of a split."""
    key = f"text-{hashlib.sha256(text.encode('utf-8')).hexdigest()[:16]}"
    gold = tuple(sorted(set(spans)))
    if repeated := len(spans) - len(gold):
        drops[REPEATED] += repeated
    split = split_name(identifier(meta.get("split")))
    return Note(
        note_id=identifier(meta.get("note_id")) or identifier(other_id) or key,
        patient_id=identifier(meta.get("patient_id")) or key,
        text=text,
        category=identifier(meta.get("category")),
        meta={"gold": True} | ({"split": split} if split in SPLITS else {}),
        gold=gold,
    )


def span_range(
    path: Path, row: int, position: int, span: Any, text: str
) -> tuple[int, int]:
    """Start and end of a span in characters. Raises M334 (no object), M337."""
    if not isinstance(span, dict):
        raise MslmError(
            Errors.M334.format(path=path, row=row, field="spans", kind="objects")
        )
    start = field_of(path, row, span, "start", int, -1)
    end = field_of(path, row, span, "end", int, -1)
    if not 0 <= start < end <= len(text):
        raise MslmError(
            Errors.M337.format(path=path, row=row, position=position, length=len(text))
        )
    return start, end
