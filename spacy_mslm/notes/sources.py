"""`read_notes`: any source of notes as a stream of `Note`, in source order.

What it reads, told by name and header: MIMIC-III NOTEEVENTS, MIMIC-IV-Note and other
CSV or TSV files (`columns`), JSON lines (`records`), a folder of .txt files, one .txt
file; CSV and JSON lines also gzipped. Memory does not grow with the file.

Patients: where a source names none, a note's patient is its text, so that copies of
one text never fall on both sides of a split. In a text folder the patient is the file
name up to its first `_` (`1017_discharge.txt` is of patient 1017).
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import Errors, MslmError
from ..types import DropCounts, Note
from .columns import Columns, read_header
from .records import parse_row
from .records import write_jsonl as write_jsonl
from .seen import SeenIds, hash64
from .streams import csv_rows, text_lines, whole_text

ERROR_ROW = "marked as an error (ISERROR)"
NO_PATIENT = "no patient id"
EMPTY = "empty note"
COPY = "same note id and text again"
OTHER_CATEGORY = "other category"
NOT_SAMPLED = "not in the sample"
_ERROR_VALUES = {"1", "1.0", "true", "t"}
_LISTED = 20

# Each record with its row number (or file number).
Records = Iterator[tuple[int, Note]]


def read_notes(
    path: Path | str,
    *,
    drops: DropCounts,
    categories: Sequence[str] = (),
    sample: int = 0,
    seed: int = 0,
) -> Iterator[Note]:
    """Stream the notes of a source; everything left out is counted in `drops`.

    categories (Sequence[str]): keep these only; letter case and outer blanks are
        ignored. One that the source does not have is M108.
    sample (int): keep this many records (0: all), those with the smallest hash of
        seed and note id: the choice depends on neither order nor chunking.
    Both need a first pass over the source, so that every error in it shows before any
    note is passed on. Raises M701 for a missing path and M101-M121 for bad input.
    """
    source = Path(path)
    if not source.exists():
        raise MslmError(Errors.M701.format(path=source))
    if sample < 0:
        raise MslmError(Errors.M117.format(value=sample))
    _records(source, DropCounts())
    return _select(source, drops, categories, sample, seed)


def _select(
    path: Path, drops: DropCounts, categories: Sequence[str], sample: int, seed: int
) -> Iterator[Note]:
    wanted = {category.strip().lower() for category in categories}
    chosen: set[int] | None = None
    if wanted or sample:
        chosen = _survey(path, wanted, sample, seed)
    kept = 0
    for row, note in _unique(path, _records(path, drops), drops):
        if wanted and note.category.lower() not in wanted:
            drops[OTHER_CATEGORY] += 1
        elif chosen is not None and row not in chosen:
            drops[NOT_SAMPLED] += 1
        else:
            kept += 1
            yield note
    if not kept:
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(drops.items()))
        raise MslmError(Errors.M110.format(path=path, reasons=reasons or "no rows"))


def _survey(path: Path, wanted: set[str], sample: int, seed: int) -> set[int] | None:
    """First pass: check the categories and draw the sample, as row numbers."""
    found: Counter[str] = Counter()
    heap: list[tuple[int, int]] = []  # the largest hash on top: (-hash, -row)
    scratch = DropCounts()
    for row, note in _unique(path, _records(path, scratch), scratch):
        found[note.category] += 1
        if sample and (not wanted or note.category.lower() in wanted):
            item = (-hash64(str(seed), note.note_id), -row)
            if len(heap) < sample:
                heapq.heappush(heap, item)
            else:
                heapq.heappushpop(heap, item)
    unknown = sorted(wanted - {category.lower() for category in found})
    if unknown:
        names = [name[:40] for name, _ in found.most_common(_LISTED) if name]
        raise MslmError(
            Errors.M108.format(
                path=path,
                unknown=", ".join(unknown),
                found=", ".join(names) or "none at all",
            )
        )
    return {-row for _, row in heap} if sample else None


def _unique(path: Path, records: Records, drops: DropCounts) -> Records:
    """Fill in missing ids, drop empty notes and copies; another text under an id
    already used is M111."""
    seen = SeenIds()
    for row, note in records:
        if not note.text.strip():
            drops[EMPTY] += 1
            continue
        note_id = note.note_id or f"row-{row}"
        patient_id = note.patient_id or f"text-{hash64(note.text):016x}"
        state = seen.add(note_id, note.text)
        if state == "clash":
            raise MslmError(Errors.M111.format(path=path, row=row))
        if state == "copy":
            drops[COPY] += 1
            continue
        yield row, replace(note, note_id=note_id, patient_id=patient_id)


def _records(path: Path, drops: DropCounts) -> Records:
    """The reader for a path, by its name; M115 for a kind that none reads."""
    if path.is_dir():
        return _folder(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    if kind in ([".csv"], [".tsv"]):
        return _csv(path, drops)
    if kind in ([".jsonl"], [".ndjson"]):
        return _json_lines(path)
    if kind == [".txt"]:
        return _text_files(path.parent, [path])
    raise MslmError(Errors.M115.format(path=path))


def _csv(path: Path, drops: DropCounts) -> Records:
    rows = csv_rows(path)
    header = next(rows, None)
    if header is None:
        raise MslmError(Errors.M101.format(path=path))
    columns = read_header(path, header.fields)
    for number, fields in rows:
        error = columns.error
        if error is not None and fields[error].strip().lower() in _ERROR_VALUES:
            drops[ERROR_ROW] += 1
        elif columns.patient is not None and not fields[columns.patient].strip():
            drops[NO_PATIENT] += 1
        else:
            yield number, _csv_note(columns, fields)


def _csv_note(columns: Columns, fields: Sequence[str]) -> Note:
    def value(index: int | None) -> str:
        return "" if index is None else fields[index].strip()

    split = value(columns.split)
    return Note(
        note_id=value(columns.note_id),
        patient_id=value(columns.patient),
        text=fields[columns.text],
        category=value(columns.category),
        meta={"split": split} if split else {},
    )


def _json_lines(path: Path) -> Records:
    for number, line in text_lines(path):
        yield number, parse_row(path, number, line)


def _folder(path: Path) -> Records:
    files = sorted(path.rglob("*.txt"))
    if not files:
        raise MslmError(Errors.M116.format(path=path))
    return _text_files(path, files)


def _text_files(folder: Path, files: Sequence[Path]) -> Records:
    for number, file in enumerate(files, 1):
        inside = file.relative_to(folder)
        yield (
            number,
            Note(
                note_id=inside.with_suffix("").as_posix(),
                patient_id=file.stem.split("_", 1)[0],
                text=whole_text(file),
                category="" if inside.parent == Path() else inside.parent.as_posix(),
            ),
        )
