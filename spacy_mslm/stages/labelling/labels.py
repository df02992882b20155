"""The label shards that `label` writes, read back: notes with their weak spans."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...notes.records import parse_row
from ...notes.streams import text_lines
from ...types import CharSpan, Note
from ..files import file_sha256

# Character offsets; and of such a range whether it is negated, and a relative's.
Range = tuple[int, int]
Marks = dict[Range, tuple[bool, bool]]


@dataclass(frozen=True, slots=True)
class LabelledNote:
    """A note and the weak spans of each source.

    `resolved`: the spans that stayed of all sources; `missing`: ranges that nobody
    annotated, as the sources disputed them; `marks` of all these spans, where `label`
    marked any.
    """

    note: Note
    spans: dict[str, list[CharSpan]] = field(default_factory=dict)
    resolved: list[CharSpan] = field(default_factory=list)
    missing: list[Range] = field(default_factory=list)
    marks: Marks = field(default_factory=dict)

    @property
    def has_gold(self) -> bool:
        """Somebody annotated this note, if only to find nothing in it."""
        meta = self.note.meta
        return bool(self.note.gold or meta.get("gold") or meta.get("synthetic"))

    @property
    def patient(self) -> str:
        """Whom to split by: without a patient, a note stands for itself."""
        return self.note.patient_id or self.note.note_id or self.note.text


def shard_paths(folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """The shards that the manifest names, in order, each whole.

    Raises M733 where one is missing or is not the file that the manifest means.
    """
    hashes: Mapping[str, str] = manifest.get("shards") or {}
    paths = [folder / name for name in sorted(hashes)]
    for path in paths:
        if not path.is_file() or file_sha256(path) != hashes[path.name]:
            raise MslmError(Errors.M733.format(path=path))
    return paths


def read_labels(paths: Iterable[Path]) -> Iterator[LabelledNote]:
    """The notes of shards, in order.

    Raises M734 (a span that is none) and what `notes` raises for a row that is no
    note.
    """
    for path in paths:
        # Where every note of a shard failed it is empty.
        for row, line in text_lines(path) if path.stat().st_size else ():
            yield _labelled(path, row, parse_row(path, row, line), json.loads(line))


def _labelled(
    path: Path, row: int, note: Note, values: Mapping[str, Any]
) -> LabelledNote:
    found = LabelledNote(note)
    try:
        found.resolved.extend(_spans(path, row, values.get("spans"), found.marks))
        for name, own in (values.get("sources") or {}).items():
            found.spans[name] = _spans(path, row, own, found.marks)
        for start, end in values.get("missing") or ():
            found.missing.append((start, end))
    except (TypeError, ValueError, AttributeError) as err:
        raise MslmError(Errors.M734.format(path=path, row=row)) from err
    if not found.spans:
        for span in found.resolved:
            found.spans.setdefault(span.source, []).append(span)
    if not all(type(at) is int for each in found.missing for at in each):
        raise MslmError(Errors.M734.format(path=path, row=row))
    return found


def _spans(path: Path, row: int, values: Any, marks: Marks) -> list[CharSpan]:
    spans = []
    for value in values or ():
        span = _span(path, row, value)
        flags = bool(value.get("negated")), bool(value.get("family"))
        marks[span.start, span.end] = flags
        spans.append(span)
    return spans


def _span(path: Path, row: int, value: Any) -> CharSpan:
    try:
        span = CharSpan(
            value["start"],
            value["end"],
            value["label"],
            value["source"],
            value.get("concept_id") or "",
            float(value.get("score", 1.0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise MslmError(Errors.M734.format(path=path, row=row)) from err
    names = (span.label, span.source, span.concept_id)
    if not (
        all(isinstance(name, str) for name in names)
        and all(type(offset) is int for offset in (span.start, span.end))
        and span.label
        and span.source
    ):
        raise MslmError(Errors.M734.format(path=path, row=row))
    return span
