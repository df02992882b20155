"""What a path of notes is: one file, or a folder of files of one kind, in order."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from ..errors import Errors, MslmError


class Kind(StrEnum):
    """A kind of file, by the ending of its name."""

    TEXT = ".txt"
    CSV = ".csv"
    TSV = ".tsv"
    JSONL = ".jsonl"
    PARQUET = ".parquet"


_ENDINGS: Mapping[str, Kind] = {kind.value: kind for kind in Kind} | {
    ".ndjson": Kind.JSONL
}
# The other tables of MIMIC-IV-Note, which stand beside the notes and hold none.
_BESIDE = {"discharge_detail", "radiology_detail"}
# What a table format keeps beside its files; these hold rows that are gone, too.
_FORMATS = {"_delta_log": "Delta", ".hoodie": "Hudi", "metadata": "Iceberg"}
# How Hive writes that a partition has no value.
_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class NoteFile:
    """One file. `stem` is its place in the source without endings; `partition` holds
    columns that folder names give (`category=ECG/part-0.parquet`)."""

    path: Path
    kind: Kind
    stem: str
    partition: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A path of notes. `number` of files are read, `others` in its folders are not."""

    path: Path
    kind: Kind
    is_folder: bool = False
    number: int = 1
    others: int = 0

    def files(self) -> Iterator[NoteFile]:
        """The files in order of their paths; one folder at a time is in memory."""
        if not self.is_folder:
            yield NoteFile(self.path, self.kind, _stem(self.path.name))
            return
        for parts in _walk(self.path):
            if _kind(parts) is self.kind:
                place = "/".join((*parts[:-1], _stem(parts[-1])))
                path = self.path.joinpath(*parts)
                yield NoteFile(path, self.kind, place, _partition(parts[:-1]))


def open_source(path: Path) -> Source:
    """Tell what a path is by its names alone.

    Raises M701 (missing), M115 (a file of no known kind), M137 (Parquet in gzip),
    M116 (a folder without notes), M136 (of several kinds), M138 (a table format), M120
    (a folder that cannot be read).
    """
    if not path.exists():
        raise MslmError(Errors.M701.format(path=path))
    if not path.is_dir():
        kind = _ending(path.name)
        if kind is None:
            raise MslmError(Errors.M115.format(path=path))
        _check_packing(path, kind)
        return Source(path, kind)
    for mark, name in _FORMATS.items():
        inside = path / mark
        if inside.is_dir() and (mark != "metadata" or _is_iceberg(inside)):
            raise MslmError(Errors.M138.format(path=path, name=name))
    found: Counter[Kind] = Counter()
    others = 0
    for parts in _walk(path):
        kind = _kind(parts)
        if kind is None:
            others += 1
        else:
            _check_packing(path.joinpath(*parts), kind)
            found[kind] += 1
    if not found:
        raise MslmError(Errors.M116.format(path=path))
    if len(found) > 1:
        counts = ", ".join(f"{n} {kind}" for kind, n in sorted(found.items()))
        raise MslmError(Errors.M136.format(path=path, found=counts))
    [(kind, number)] = found.items()
    return Source(path, kind, True, number, others)


def _walk(folder: Path, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every file below a folder as parts of its path, in order of them; hidden ones
    are passed over."""
    try:
        with os.scandir(folder.joinpath(*inside)) as entries:
            # A link to a folder may lead in circles: only files are followed.
            listed = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not entry.name.startswith(".")
                and (entry.is_file() or entry.is_dir(follow_symlinks=False))
            )
    except OSError as err:
        raise MslmError(Errors.M120.format(path=folder, reason=err.strerror)) from err
    for name, is_folder in listed:
        if is_folder:
            yield from _walk(folder, (*inside, name))
        else:
            yield (*inside, name)


def _kind(parts: tuple[str, ...]) -> Kind | None:
    """The kind of a file in a folder; None for what is not of the notes.

    Tables under names that begin with `_` are what Spark and its like keep for
    themselves.
    """
    kind = _ending(parts[-1])
    if kind is Kind.TEXT or kind is None:
        return kind
    own = any(part.startswith("_") for part in parts)
    return None if own or _stem(parts[-1]).lower() in _BESIDE else kind


def _split(name: str) -> tuple[str, str, str]:
    """A file name as stem, ending and `.gz` or nothing."""
    packed = name[-3:] if name.lower().endswith(".gz") else ""
    stem, ending = os.path.splitext(name.removesuffix(packed))
    return stem, ending.lower(), packed


def _stem(name: str) -> str:
    return _split(name)[0]


def _ending(name: str) -> Kind | None:
    return _ENDINGS.get(_split(name)[1])


def _check_packing(path: Path, kind: Kind) -> None:
    if kind is Kind.PARQUET and _split(path.name)[2]:
        raise MslmError(Errors.M137.format(path=path))


def _is_iceberg(metadata: Path) -> bool:
    return next(metadata.glob("*.metadata.json"), None) is not None


def _partition(folders: tuple[str, ...]) -> dict[str, str]:
    pairs = (name.partition("=") for name in folders if "=" in name)
    return {unquote(k): "" if v == _NULL else unquote(v) for k, _, v in pairs}
