"""Tables of notes, whatever holds them, as rows of names and values, and as notes.

CSV, TSV, JSON lines and Parquet differ here alone: what a column means (`columns`) and
what becomes of a row (`records`) is the same for all, so the notes are, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors, MslmError
from ..types import DropCounts, Note
from .columns import ColumnNames, Columns, find_columns
from .kinds import Kind, NoteFile
from .parquet import EMPTY, LIST, NUMBER, STRUCT, TEXT, TRUTH, open_parquet
from .records import OWN, Keys, parse_object, row_note
from .streams import csv_rows, text_lines

ERROR_ROW = "marked as an error (ISERROR)"
NO_PATIENT = "no patient id"
_ERROR_VALUES = {"1", "1.0", "true", "t"}
# JSON lines have no header: the names are those of so many rows.
_HEAD = 100

Rows = Iterator[tuple[int, Mapping[str, Any]]]


class Record(NamedTuple):
    """A note, the file it is from and its row there."""

    file: NoteFile
    row: int
    note: Note


@dataclass(frozen=True)
class Table:
    """A table that was opened: what its columns mean, its rows yet to be read."""

    columns: Columns
    keys: Keys
    rows: Rows


def open_table(file: NoteFile, given: ColumnNames) -> Table:
    """Open a CSV, TSV, JSON lines or Parquet file and find its columns.

    Raises M101 for an empty file and what `find_columns` and the readers raise.
    """
    if file.kind is Kind.JSONL:
        return _json_lines(file, given)
    if file.kind is Kind.PARQUET:
        return _parquet(file, given)
    return _csv(file, given)


def table_records(file: NoteFile, table: Table, drops: DropCounts) -> Iterator[Record]:
    """The notes of a table; rows marked as errors, and those without a patient where
    the table names patients, are counted in `drops`."""
    keys = table.keys
    with_patients = "patient" in table.columns.places
    for number, row in table.rows:
        marked = row.get(keys.error) if keys.error else None
        if marked is not None and str(marked).strip().lower() in _ERROR_VALUES:
            drops[ERROR_ROW] += 1
            continue
        note = row_note(file.path, number, row, keys)
        if with_patients and not note.patient_id:
            drops[NO_PATIENT] += 1
            continue
        yield Record(file, number, note)


def _csv(file: NoteFile, given: ColumnNames) -> Table:
    rows = csv_rows(file.path, "\t" if file.kind is Kind.TSV else ",")
    header = next(rows, None)
    if header is None:
        raise MslmError(Errors.M101.format(path=file.path))
    names, extra = _with_partition(file, header.fields)
    columns = find_columns(file.path, names, given, where="first row")
    width = len(header.fields)
    wanted = [(names[i], i) for i in set(columns.places.values()) if i < width]
    found = (
        (number, {**extra, **{name: fields[i] for name, i in wanted}})
        for number, fields in rows
    )
    return Table(columns, _keys(columns), found)


def _json_lines(file: NoteFile, given: ColumnNames) -> Table:
    path = file.path
    rows = (
        (number, parse_object(path, number, line)) for number, line in text_lines(path)
    )
    head = list(islice(rows, _HEAD))
    # A mapping to nothing is a set in order.
    seen: dict[str, None] = {}
    for _, row in head:
        seen.update(dict.fromkeys(row))
    names, extra = _with_partition(file, seen)
    if not head:  # a file of blank lines: no note, and nothing to look for
        names, given = [*OWN], ColumnNames()
    columns = find_columns(path, names, given, where="keys of its rows")
    found: Rows = chain(head, rows)
    if extra:
        found = ((number, {**extra, **row}) for number, row in found)
    return Table(columns, _keys(columns, own=given, nested=True), found)


def _parquet(file: NoteFile, given: ColumnNames) -> Table:
    table = open_parquet(file.path)
    names, extra = _with_partition(file, table.names)
    columns = find_columns(file.path, names, given, where="schema")
    for part in columns.places:
        _check_kind(file.path, part, table.kinds.get(columns.name(part), TEXT))
    keys = _keys(columns)._replace(
        meta="meta" if table.kinds.get("meta") == STRUCT else "",
        gold="gold" if table.kinds.get("gold") == LIST else "",
    )
    wanted = {key for key in keys if key and key in table.kinds}
    found = (
        (number, {**extra, **_tidy(row, keys)})
        for number, row in table.rows(sorted(wanted))
    )
    return Table(columns, keys, found)


def _check_kind(path: Path, part: str, kind: str) -> None:
    """M135 for a column of a type that its part cannot have."""
    fits = {TEXT, EMPTY}
    if part != "text":
        fits |= {NUMBER}
    if part == "error":
        fits |= {TRUTH}
    if kind not in fits:
        wanted = "text" if part == "text" else "text and whole numbers"
        raise MslmError(
            Errors.M135.format(path=path, part=part, kind=kind, wanted=wanted)
        )


def _tidy(row: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """`meta` of a row as it was before a table gave every row the keys of all."""
    if keys.meta and row[keys.meta] is not None:
        # A map comes as pairs, a struct as a mapping.
        pairs = dict(row[keys.meta]).items()
        row[keys.meta] = {k: v for k, v in pairs if v is not None}
    return row


def _with_partition(
    file: NoteFile, names: Iterable[str]
) -> tuple[list[str], dict[str, str]]:
    """The names with those that the file's folders give, and the values of these."""
    listed = list(names)
    known = {name.lower() for name in listed}
    extra = {k: v for k, v in file.partition.items() if k.lower() not in known}
    return [*listed, *extra], extra


def _keys(
    columns: Columns, *, own: ColumnNames | None = None, nested: bool = False
) -> Keys:
    """What the parts are called in a row.

    own: rows may have keys that the first ones had not, so parts not found bear our
        own names, but for those that the user named or does not want.
    """

    def name(part: str, otherwise: str) -> str:
        found = columns.name(part)
        if found or own is None or own[part] is not None:
            return found
        return otherwise

    return Keys(
        text=columns.name("text"),
        note_id=name("note_id", OWN.note_id),
        patient=name("patient", OWN.patient),
        category=name("category", OWN.category),
        split=name("split", ""),
        error=name("error", ""),
        meta=OWN.meta if nested else "",
        gold=OWN.gold if nested else "",
    )
