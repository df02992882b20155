"""Concept tables in the column layout that MedCAT's maker reads.

Columns `cui` and `name` are required; `type_ids` and `name_status` are read, others
are carried by nobody. Lists are split on `|`, a concept may take several rows, and
a name with status P is its concept's preferred one.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ..errors import Errors, MslmError
from ..types import DropCounts

COLUMNS = ("cui", "name", "ontologies", "name_status", "type_ids", "description")
_SEPARATOR = "|"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept: `names`, the preferred one first, and its semantic types."""

    concept_id: str
    names: tuple[str, ...]
    type_ids: tuple[str, ...] = ()


def read_concepts(
    path: str | Path, *, drops: DropCounts | None = None
) -> list[Concept]:
    """Read a concept table, `.csv` or `.csv.gz`, in the order of its first rows.

    Rows without id or name are counted in `drops`, and so are names with status N
    ("must be told apart by context"), which an untrained labeller cannot serve.
    Raises MslmError for a missing file, other bytes than UTF-8, missing columns, a
    row of the wrong width or a table without concepts.
    """
    drops = DropCounts() if drops is None else drops
    path = Path(path)
    preferred: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    types: dict[str, list[str]] = {}
    for row in _rows(path):
        concept_id = row["cui"].strip()
        names = _split(row["name"])
        status = row.get("name_status", "").strip().upper()
        if not concept_id or not names:
            drops["row without id or name"] += 1
        elif status == "N":
            drops["name with status N"] += len(names)
        else:
            types.setdefault(concept_id, []).extend(_split(row.get("type_ids", "")))
            chosen = preferred if status == "P" else others
            chosen.setdefault(concept_id, []).extend(names)
    if not types:
        raise MslmError(Errors.M204.format(path=path))
    return [
        Concept(
            concept_id,
            _unique(preferred.get(concept_id, []) + others.get(concept_id, [])),
            _unique(types[concept_id]),
        )
        for concept_id in types
    ]


def write_concepts(file: TextIO, concepts: Iterable[Concept]) -> None:
    """Write a table that `read_concepts` gives back unchanged, one name a row."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for concept in concepts:
        types = _SEPARATOR.join(concept.type_ids)
        for number, name in enumerate(concept.names):
            status = "A" if number else "P"
            writer.writerow((concept.concept_id, name, "", status, types, ""))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows by lower-cased column name; quoted fields may hold line breaks."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    number = 0
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if missing := [name for name in COLUMNS[:2] if name not in header]:
            raise MslmError(
                Errors.M202.format(path=path, missing=", ".join(missing), got=header)
            )
        for number, values in enumerate(reader, start=2):
            if not any(values):
                continue
            if len(values) != len(header):
                raise MslmError(
                    Errors.M203.format(
                        path=path,
                        row=number,
                        reason=f"{len(values)} fields, expected {len(header)}",
                    )
                )
            yield dict(zip(header, values, strict=True))
    except csv.Error as err:
        raise MslmError(
            Errors.M203.format(path=path, row=number + 1, reason=err)
        ) from err


def _text(path: Path) -> str:
    if not path.is_file():
        raise MslmError(Errors.M201.format(path=path))
    data = path.read_bytes()
    try:
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (OSError, EOFError, ValueError) as err:
        raise MslmError(
            Errors.M205.format(path=path, reason=type(err).__name__)
        ) from err


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(_SEPARATOR) if part.strip()]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
