"""`read_notes`: any source of notes as a stream of `Note`, in source order.

What it reads, told by name and columns: MIMIC-III NOTEEVENTS, MIMIC-IV-Note, OMOP NOTE
and other tables (`columns`) as CSV, TSV, JSON lines (these also gzipped) or Parquet;
.txt files (also gzipped); one file, or a folder of files of one kind (`kinds`). Memory
does not grow with the source, but for eight bytes a note that tell copies.

Patients: where a source names none, a note's patient is its text, so that copies of
one text never fall on both sides of a split. In a text folder the patient is the file
name up to its first `_` (`1017_discharge.txt` is of patient 1017).
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..errors import Errors, MslmError
from ..types import DropCounts, Note
from .categories import Categories
from .columns import USUAL_NAMES, ColumnNames
from .kinds import Kind, NoteFile, Source, open_source
from .records import write_jsonl as write_jsonl
from .seen import SeenIds, hash64
from .streams import whole_text
from .tables import Record, Table, open_table, table_records

EMPTY = "empty note"
COPY = "same note id and text again"
OTHER_CATEGORY = "other category"
NOT_SAMPLED = "not in the sample"


def read_notes(
    path: Path | str,
    *,
    drops: DropCounts,
    categories: Sequence[str] = (),
    sample: int = 0,
    seed: int = 0,
    columns: ColumnNames = USUAL_NAMES,
) -> Iterator[Note]:
    """Stream the notes of a source; everything left out is counted in `drops`.

    categories (Sequence[str]): keep these only; letter case and outer blanks are
        ignored. One that the source does not have is M108.
    sample (int): keep this many records (0: all), those with the smallest hash of
        seed and note id: the choice depends on neither order nor chunking.
    columns (ColumnNames): what the columns of a table are called, where not as usual.
    The first two need a first pass over the source, so that every error in it shows
    before any note is passed on. Raises M701 for a missing path, M101-M121 and
    M131-M139 for bad input.
    """
    source = open_source(Path(path))
    if sample < 0:
        raise MslmError(Errors.M117.format(value=sample))
    first_table(source, columns)
    return _select(source, drops, categories, sample, seed, columns)


def first_table(source: Source, columns: ColumnNames) -> Table | None:
    """The first table of a source, opened; None for text files, which have no columns
    to be named (M132)."""
    if source.kind is Kind.TEXT:
        if columns.any:
            raise MslmError(Errors.M132.format(path=source.path))
        return None
    return open_table(next(source.files()), columns)


def _select(
    source: Source,
    drops: DropCounts,
    categories: Sequence[str],
    sample: int,
    seed: int,
    columns: ColumnNames,
) -> Iterator[Note]:
    wanted = {category.strip().lower() for category in categories}
    chosen: set[int] | None = None
    if wanted or sample:
        scratch = DropCounts()
        first_pass = _unique(source, columns, scratch)
        chosen = _survey(source.path, first_pass, wanted, sample, seed)
    kept = 0
    for position, note in enumerate(_unique(source, columns, drops)):
        if wanted and note.category.lower() not in wanted:
            drops[OTHER_CATEGORY] += 1
        elif chosen is not None and position not in chosen:
            drops[NOT_SAMPLED] += 1
        else:
            kept += 1
            yield note
    if not kept:
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(drops.items()))
        raise MslmError(
            Errors.M110.format(path=source.path, reasons=reasons or "no rows")
        )


def _survey(
    path: Path, notes: Iterator[Note], wanted: set[str], sample: int, seed: int
) -> set[int] | None:
    """First pass: check the categories and draw the sample, as positions."""
    found, met = Categories(), set[str]()
    heap: list[tuple[int, int]] = []  # the largest hash on top: (-hash, -position)
    for position, note in enumerate(notes):
        found.add(note.category)
        if wanted:
            category = note.category.lower()
            if category not in wanted:
                continue
            met.add(category)
        if sample:
            item = (-hash64(str(seed), note.note_id), -position)
            if len(heap) < sample:
                heapq.heappush(heap, item)
            else:
                heapq.heappushpop(heap, item)
    if unknown := sorted(wanted - met):
        raise MslmError(
            Errors.M108.format(
                path=path, unknown=", ".join(unknown), found=found.listed()
            )
        )
    return {-position for _, position in heap} if sample else None


def _unique(source: Source, columns: ColumnNames, drops: DropCounts) -> Iterator[Note]:
    """Fill in missing ids, drop empty notes and copies; another text under an id
    already used is M111."""
    seen = SeenIds()
    for file, row, note in _records(source, columns, drops):
        if not note.text.strip():
            drops[EMPTY] += 1
            continue
        numbered = f"{file.stem}/row-{row}" if source.is_folder else f"row-{row}"
        note_id = note.note_id or numbered
        patient_id = note.patient_id or f"text-{hash64(note.text):016x}"
        state = seen.add(note_id, note.text)
        if state == "clash":
            raise MslmError(Errors.M111.format(path=file.path, row=row))
        if state == "copy":
            drops[COPY] += 1
            continue
        yield replace(note, note_id=note_id, patient_id=patient_id)


def _records(
    source: Source, columns: ColumnNames, drops: DropCounts
) -> Iterator[Record]:
    patients: bool | None = None
    for file in source.files():
        if file.kind is Kind.TEXT:
            yield _text_file(file)
            continue
        table = open_table(file, columns)
        has = "patient" in table.columns.places
        if patients is not None and has != patients:
            lacks = "a patient column" if has else "no patient column"
            raise MslmError(Errors.M139.format(path=file.path, lacks=lacks))
        patients = has
        yield from table_records(file, table, drops)


def _text_file(file: NoteFile) -> Record:
    place = PurePosixPath(file.stem)
    note = Note(
        note_id=file.stem,
        patient_id=place.name.split("_", 1)[0],
        text=whole_text(file.path),
        category="" if place.parent == PurePosixPath() else place.parent.as_posix(),
    )
    return Record(file, 1, note)
