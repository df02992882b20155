"""Which column of a table of notes plays which part, read off its names.

Layouts known by their names: MIMIC-III NOTEEVENTS, MIMIC-IV-Note (discharge and
radiology are alike), OMOP NOTE, and any other table with a text column. Names match
in any letter case, outer blanks aside; a name written exactly so wins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ..errors import Errors, MslmError

# The usual names of each part, the first one present wins.
USUAL: Mapping[str, tuple[str, ...]] = {
    "text": (
        "text", "note", "note_text", "transcription", "report", "report_text",
        "content", "body",
    ),
    "note_id": (
        "note_id", "noteid", "row_id", "id", "doc_id", "document_id", "report_id",
        "encounter_id",
    ),
    "patient": (
        "patient_id", "patientid", "subject_id", "person_id", "pat_id", "patient",
        "mrn",
    ),
    "category": (
        "category", "note_type", "document_type", "type", "medical_specialty",
        "specialty", "dataset",
    ),
    "split": ("split",),
    "error": ("iserror",),
}  # fmt: skip
PARTS = tuple(USUAL)

OTHER_LAYOUT = "columns by their names"
# Each layout: the names that give it away, and the name of each part, all needed.
LAYOUTS: Mapping[str, tuple[set[str], dict[str, str]]] = {
    "MIMIC-III NOTEEVENTS": (
        {"row_id", "iserror"},
        {
            "note_id": "row_id",
            "patient": "subject_id",
            "category": "category",
            "error": "iserror",
            "text": "text",
        },
    ),
    "MIMIC-IV-Note": (
        {"note_id", "subject_id", "note_type"},
        {
            "note_id": "note_id",
            "patient": "subject_id",
            "category": "note_type",
            "text": "text",
        },
    ),
    "OMOP NOTE": (
        {"note_id", "person_id", "note_text"},
        {"note_id": "note_id", "patient": "person_id", "text": "note_text"},
    ),
}
_MIMIC3 = "MIMIC-III NOTEEVENTS"
# Names that are no text of a note wherever they stand, so that a message may say them.
_BESIDE = (
    "hadm_id", "chartdate", "charttime", "storetime", "description", "cgid",
    "note_seq", "note_date", "note_title", "visit_occurrence_id", "keywords",
    "sample_name", "dialogue", "meta", "gold", "spans",
)  # fmt: skip
KNOWN = frozenset(_BESIDE).union(*USUAL.values())
_NEXT_PART = re.compile(r",(?=\s*\w+\s*=)")


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """What the user calls the columns of each part.

    None: look for the usual names; "": read no such column.
    """

    text: str | None = None
    note_id: str | None = None
    patient: str | None = None
    category: str | None = None
    split: str | None = None
    error: str | None = None

    @classmethod
    def parse(cls, value: str) -> "ColumnNames":
        """`text=NOTE_TEXT,patient=MRN`; `category=` reads no category.

        Raises M130 for anything else. A name may hold commas, but no `, word=`.
        """
        found: dict[str, str] = {}
        for piece in _NEXT_PART.split(value) if value.strip() else ():
            part, equals, name = piece.partition("=")
            part, name = part.strip(), name.strip()
            reason = ""
            if not equals:
                reason = f"'{part}' has no '='"
            elif part not in PARTS:
                reason = f"there is no part '{part}'"
            elif part in found:
                reason = f"{part} is named twice"
            elif part == "text" and not name:
                reason = "notes need a text"
            if reason:
                raise MslmError(
                    Errors.M130.format(reason=reason, parts=", ".join(PARTS))
                )
            found[part] = name
        return cls(**found)

    def __getitem__(self, part: str) -> str | None:
        value: str | None = getattr(self, part)
        return value

    @property
    def any(self) -> bool:
        """Whether any column is named at all."""
        return any(self[field.name] is not None for field in fields(self))


USUAL_NAMES = ColumnNames()


@dataclass(frozen=True, slots=True)
class Columns:
    """A table's names, and the place (from 0) of the column of each part found."""

    layout: str
    names: tuple[str, ...]
    places: Mapping[str, int]

    def name(self, part: str) -> str:
        """The column's name as it stands in the table; "" where there is none."""
        place = self.places.get(part)
        return "" if place is None else self.names[place]

    @property
    def like_text(self) -> list[str]:
        """The columns with names that are usual for a text."""
        return [name for name in self.names if _fold(name) in USUAL["text"]]


def find_columns(
    path: Path, names: Sequence[str], given: ColumnNames, *, where: str
) -> Columns:
    """The column of each part, as `given` or by its usual name.

    where (str): what holds the names, for messages ("first row").
    A file called NOTEEVENTS, or with the names of a layout, must have all of that
    layout's columns that are not given: M102 names what is missing. Any other table
    needs a text column, else M109; a given name that is not there is M131, a name
    that stands twice M121. Unknown names are never quoted: the first row of a file
    without a header is a note.
    """
    layout = _layout(path, names, given)
    usual = LAYOUTS[layout][1] if layout in LAYOUTS else {}
    places: dict[str, int] = {}
    for part in PARTS:
        asked = given[part]
        if asked == "":
            continue
        if asked is not None:
            place = _place(path, names, (asked,))
            if place is None:
                raise _not_there(path, names, part, asked, where)
        else:
            first = (usual[part],) if part in usual else ()
            place = _place(path, names, (*first, *USUAL[part]))
        if place is not None:
            places[part] = place
    if "text" not in places:
        usual_names = ", ".join(USUAL["text"])
        raise MslmError(
            Errors.M109.format(path=path, count=len(names), names=usual_names)
        )
    return Columns(layout, tuple(names), places)


def _layout(path: Path, names: Sequence[str], given: ColumnNames) -> str:
    """The layout; M102 where it lacks a column that is not given."""
    folded = {_fold(name) for name in names}
    for layout, (marks, parts) in LAYOUTS.items():
        called = layout == _MIMIC3 and "noteevents" in path.name.lower()
        if not called and not marks <= folded:
            continue
        if given.text is not None and not marks <= folded:
            continue
        needed = [name for part, name in parts.items() if given[part] is None]
        missing = [name.upper() for name in needed if name not in folded]
        if missing:
            raise MslmError(
                Errors.M102.format(
                    path=path,
                    missing=", ".join(missing),
                    needed=", ".join(name.upper() for name in parts.values()),
                )
            )
        return layout
    return OTHER_LAYOUT


def _place(path: Path, names: Sequence[str], wanted: Sequence[str]) -> int | None:
    for name in wanted:
        exact = [i for i, found in enumerate(names) if found.strip() == name]
        alike = [i for i, found in enumerate(names) if _fold(found) == _fold(name)]
        found = exact if len(exact) == 1 else alike
        if len(found) > 1:
            raise MslmError(Errors.M121.format(path=path, name=name))
        if found:
            return found[0]
    return None


def _not_there(
    path: Path, names: Sequence[str], part: str, name: str, where: str
) -> MslmError:
    known = [found for found in map(_fold, names) if found in KNOWN]
    return MslmError(
        Errors.M131.format(
            path=path,
            count=len(names),
            name=name,
            part=part,
            known=", ".join(known) or "none",
            where=where,
        )
    )


def _fold(name: str) -> str:
    return name.strip().lower()
