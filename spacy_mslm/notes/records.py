"""Notes as rows of names and values: JSON lines in and out, and rows of any table.

A row of ours holds `note_id`, `patient_id`, `text`, `category`, `meta` and `gold`, a
list of {start, end, label, concept_id} in characters of the text; `Keys` says what
another table calls them. Only the text is required; other keys (such as a labeller's
`spans`) are left alone. A note that somebody annotated and found empty says so by
`meta["gold"] = true`.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from uuid import UUID

from ..errors import Errors, MslmError
from ..types import CharSpan, Note
from .streams import check_text, decode


class Keys(NamedTuple):
    """What the parts of a note are called in a row; "" where there is none."""

    text: str = "text"
    note_id: str = "note_id"
    patient: str = "patient_id"
    category: str = "category"
    split: str = ""
    error: str = ""
    meta: str = "meta"
    gold: str = "gold"


OWN = Keys()


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
    """One line of ours as a `Note`; raises what `parse_object` and `row_note` do."""
    return row_note(path, number, parse_object(path, number, line), OWN)


def parse_object(path: Path, number: int, line: str) -> dict[str, Any]:
    """One line as an object.

    Raises M112 where it is none, M105 for escapes that are no text. The message never
    quotes the line.
    """
    try:
        row = json.loads(line)
        # An escape may stand for half a character.
        plain = json.dumps(row, ensure_ascii=False) if "\\u" in line else ""
    except (ValueError, RecursionError) as err:
        deep = isinstance(err, RecursionError)
        # An error without one is about a number of thousands of digits.
        reason = getattr(err, "msg", "nested too deeply" if deep else "a huge number")
        where = Errors.M112.format(path=path, row=number, reason=reason)
        raise MslmError(where) from err
    if not isinstance(row, dict):
        where = Errors.M112.format(path=path, row=number, reason="not an object")
        raise MslmError(where)
    check_text(path, number, plain)
    return row


def row_note(path: Path, number: int, row: Mapping[str, Any], keys: Keys) -> Note:
    """A row as a `Note`; ids that are absent stay "".

    Raises M113 for a field of the wrong type (a text that is absent, too), M114 for a
    gold span outside the text, M105-M106 for what is no text.
    """
    text = _text(path, number, row, keys.text)
    meta = _field(path, number, row, keys.meta, dict, {})
    split = _short(path, number, row, keys.split)
    return Note(
        note_id=_short(path, number, row, keys.note_id),
        patient_id=_short(path, number, row, keys.patient),
        text=text,
        category=_short(path, number, row, keys.category),
        meta={"split": split, **meta} if split else meta,
        gold=tuple(
            _gold_span(path, number, position, span, len(text))
            for position, span in enumerate(
                _field(path, number, row, keys.gold, list, []), 1
            )
        ),
    )


def _text(path: Path, number: int, row: Mapping[str, Any], key: str) -> str:
    """The text as it is; null, in a row that has the key, is an empty one."""
    value = row.get(key, 0)
    value = "" if value is None else value
    if isinstance(value, bytes):
        value = decode(path, number, value)
    if not isinstance(value, str):
        raise _wrong(path, number, key, "str")
    check_text(path, number, value)
    return value


def _short(path: Path, number: int, row: Mapping[str, Any], key: str) -> str:
    """An id or a category, without outer blanks; whole numbers are as good as text.

    Tables with empty cells often keep their whole numbers as floats: 7.0 is "7".
    """
    value = row.get(key) if key else None
    if type(value) is str:  # by far the most
        check_text(path, number, value)
        return value.strip()
    if value is None or value != value:  # the second is NaN
        return ""
    if isinstance(value, float | Decimal) and isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bytes):
        value = decode(path, number, value)
    if isinstance(value, bool) or not isinstance(value, int | str | UUID):
        raise _wrong(path, number, key, "str")
    short = str(value).strip()
    check_text(path, number, short)
    return short


def _field(
    path: Path, number: int, row: Mapping[str, Any], key: str, kind: type, default: Any
) -> Any:
    value = row.get(key) if key else None
    value = default if value is None else value
    if not isinstance(value, kind):
        raise _wrong(path, number, key, kind.__name__)
    return value


def _wrong(path: Path, number: int, field: str, kind: str) -> MslmError:
    return MslmError(Errors.M113.format(path=path, row=number, field=field, kind=kind))


def _gold_span(
    path: Path, number: int, position: int, span: Any, length: int
) -> CharSpan:
    if not isinstance(span, dict):
        raise _wrong(path, number, f"gold[{position}]", "dict")
    start, end = _offset(span, "start"), _offset(span, "end")
    if not 0 <= start < end <= length:
        raise MslmError(
            Errors.M114.format(path=path, row=number, position=position, length=length)
        )
    label = _field(path, number, span, "label", str, None)
    if not label.strip():
        raise _wrong(path, number, f"gold[{position}].label", "name")
    concept_id = _short(path, number, span, "concept_id")
    return CharSpan(start, end, label, source="gold", concept_id=concept_id)


def _offset(span: Mapping[str, Any], name: str) -> int:
    """The offset, or -1 (never valid) for anything but a whole number."""
    value = span.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
