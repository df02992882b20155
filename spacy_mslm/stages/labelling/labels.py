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


@dataclass(frozen=True, slots=True)
class LabelledNote:
    """A note and the weak spans of each source."""

    note: Note
    spans: dict[str, list[CharSpan]] = field(default_factory=dict)

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
        for row, line in text_lines(path):
            note = parse_row(path, row, line)
            spans: dict[str, list[CharSpan]] = {}
            for value in json.loads(line).get("spans") or ():
                span = _span(path, row, value)
                spans.setdefault(span.source, []).append(span)
            yield LabelledNote(note, spans)


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
