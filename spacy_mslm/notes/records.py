"""Notes as JSON lines: one object a note, in and out.

A row holds `note_id`, `patient_id`, `text`, `category`, `meta` and `gold`, a list of
{start, end, label, concept_id} in characters of the text. Only `text` is required;
other keys (such as a labeller's `spans`) are left alone. A note that somebody
annotated and found empty says so by `meta["gold"] = true`.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from ..errors import Errors, MslmError
from ..types import CharSpan, Note
from .streams import check_text


def note_row(note: Note) -> dict[str, Any]:
    """The JSON object of one note."""
    return {
        "note_id": note.note_id,
        "patient_id": note.patient_id,
        "text": note.text,
        "category": note.category,
        "meta": dict(note.meta),
        "gold": [
            {
                "start": span.start,
                "end": span.end,
                "label": span.label,
                "concept_id": span.concept_id,
            }
            for span in note.gold
        ],
    }


def write_jsonl(file: TextIO, notes: Iterable[Note]) -> int:
    """Write one line a note, keys sorted. RETURNS (int): how many."""
    count = 0
    for count, note in enumerate(notes, 1):  # noqa: B007
        line = json.dumps(note_row(note), ensure_ascii=False, sort_keys=True)
        file.write(line + "\n")
    return count


def parse_row(path: Path, number: int, line: str) -> Note:
    """One line as a `Note`; ids that are absent stay "".

    Raises M112 where the line is no JSON object, M113 for a field of the wrong type,
    M114 for a gold span outside the text, M105-M106 for escapes that are no
    text. The message never quotes the line.
    """
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as err:
        reason = getattr(err, "msg", "nested too deeply")
        where = Errors.M112.format(path=path, row=number, reason=reason)
        raise MslmError(where) from err
    if not isinstance(row, dict):
        where = Errors.M112.format(path=path, row=number, reason="not an object")
        raise MslmError(where)
    text = _field(path, number, row, "text", str, None)
    check_text(path, number, text)
    return Note(
        note_id=_identifier(path, number, row, "note_id"),
        patient_id=_identifier(path, number, row, "patient_id"),
        text=text,
        category=_field(path, number, row, "category", str, "").strip(),
        meta=_field(path, number, row, "meta", dict, {}),
        gold=tuple(
            _gold_span(path, number, position, span, len(text))
            for position, span in enumerate(
                _field(path, number, row, "gold", list, []), 1
            )
        ),
    )


def _field(
    path: Path, number: int, row: Mapping[str, Any], name: str, kind: type, default: Any
) -> Any:
    value = row.get(name)
    value = default if value is None else value
    if not isinstance(value, kind):
        raise MslmError(
            Errors.M113.format(path=path, row=number, field=name, kind=kind.__name__)
        )
    return value


def _identifier(path: Path, number: int, row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return str(_field(path, number, row, name, str, "")).strip()


def _gold_span(
    path: Path, number: int, position: int, span: Any, length: int
) -> CharSpan:
    if not isinstance(span, dict):
        field = f"gold[{position}]"
        raise MslmError(
            Errors.M113.format(path=path, row=number, field=field, kind="dict")
        )
    start, end = _offset(span, "start"), _offset(span, "end")
    if not 0 <= start < end <= length:
        raise MslmError(
            Errors.M114.format(path=path, row=number, position=position, length=length)
        )
    label = _field(path, number, span, "label", str, None)
    if not label.strip():
        field = f"gold[{position}].label"
        raise MslmError(
            Errors.M113.format(path=path, row=number, field=field, kind="name")
        )
    concept_id = _identifier(path, number, span, "concept_id")
    return CharSpan(start, end, label, source="gold", concept_id=concept_id)


def _offset(span: Mapping[str, Any], name: str) -> int:
    """The offset, or -1 (never valid) for anything but a whole number."""
    value = span.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
