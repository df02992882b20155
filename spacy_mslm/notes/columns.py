"""What the columns of a CSV of notes mean, read off its header.

Three layouts: MIMIC-III NOTEEVENTS, MIMIC-IV-Note (discharge, radiology), and any
other CSV with a text column. Names match in any letter case, outer blanks aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import Errors, MslmError

MIMIC3 = ("row_id", "subject_id", "category", "iserror", "text")
MIMIC4 = ("note_id", "subject_id", "note_type", "text")
# The usual names, the first one present wins.
TEXT = (
    "text", "note", "note_text", "transcription", "report", "report_text", "content",
    "body",
)  # fmt: skip
NOTE_ID = (
    "note_id", "noteid", "row_id", "id", "doc_id", "document_id", "report_id",
    "encounter_id",
)  # fmt: skip
PATIENT = (
    "patient_id", "patientid", "subject_id", "person_id", "pat_id", "patient", "mrn",
)  # fmt: skip
CATEGORY = (
    "category", "note_type", "document_type", "type", "medical_specialty", "specialty",
    "dataset",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """Index of each column that is read; None where the file has no such column."""

    text: int
    note_id: int | None = None
    patient: int | None = None
    category: int | None = None
    error: int | None = None
    split: int | None = None


def read_header(path: Path, fields: Sequence[str]) -> Columns:
    """Find the columns by the header's names.

    A file called NOTEEVENTS, or with ROW_ID and ISERROR, is MIMIC-III and must have
    all of `MIMIC3`; M102 names what is missing. Any other file needs a text column,
    else M109. The header itself is never quoted: a file without one begins with a
    note. A name that stands twice is M121.
    """
    names = [field.strip().lower() for field in fields]
    if "noteevents" in path.name.lower() or {"row_id", "iserror"} <= set(names):
        _require(path, names, MIMIC3)
    elif {"note_id", "subject_id", "note_type"} <= set(names):
        _require(path, names, MIMIC4)
    text = _first(path, names, TEXT)
    if text is None:
        raise MslmError(
            Errors.M109.format(path=path, count=len(names), names=", ".join(TEXT))
        )
    return Columns(
        text=text,
        note_id=_first(path, names, NOTE_ID),
        patient=_first(path, names, PATIENT),
        category=_first(path, names, CATEGORY),
        error=_first(path, names, ("iserror",)),
        split=_first(path, names, ("split",)),
    )


def _require(path: Path, names: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name.upper() for name in needed if name not in names]
    if missing:
        listed = ", ".join(name.upper() for name in needed)
        raise MslmError(
            Errors.M102.format(path=path, missing=", ".join(missing), needed=listed)
        )


def _first(path: Path, names: Sequence[str], wanted: Sequence[str]) -> int | None:
    for name in wanted:
        if names.count(name) > 1:
            raise MslmError(Errors.M121.format(path=path, name=name))
        if name in names:
            return names.index(name)
    return None
