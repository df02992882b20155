"""Files of notes as rows: opened once, streamed, damage turned into coded errors.

Text is decoded as UTF-8 with undecodable bytes kept as lone surrogates, so that the
row which holds them can be named; no row with one is ever passed on.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from ..errors import Errors, MslmError

# Longest field that is still a note. Without a limit one unclosed quote would
# swallow the rest of the file into memory.
MAX_FIELD = 1 << 25
_UNDECODED = re.compile(r"[\ud800-\udfff]")
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


class Row(NamedTuple):
    """One record of a CSV: `number` counts records, the header is row 1."""

    number: int
    fields: list[str]


def open_text(path: Path, *, newline: str = "") -> io.TextIOWrapper:
    """Open a plain or gzip file (told by its first bytes) as UTF-8 text.

    Raises M101 for an empty file and M120 where it cannot be read at all.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(2)
        if not head:
            raise MslmError(Errors.M101.format(path=path))
        opener = gzip.open if head == b"\x1f\x8b" else open
        plain = cast(BinaryIO, opener(path, "rb"))
    except OSError as err:
        raise MslmError(Errors.M120.format(path=path, reason=err.strerror)) from err
    return io.TextIOWrapper(
        plain, encoding="utf-8-sig", errors="surrogateescape", newline=newline
    )


def check_text(path: Path, row: int, text: str) -> None:
    """Raise M105 for undecodable bytes and M106 for a NUL in `text`."""
    if "\0" in text:
        raise MslmError(Errors.M106.format(path=path, row=row))
    if not text.isascii() and _UNDECODED.search(text):
        raise MslmError(Errors.M105.format(path=path, row=row))


def decode(path: Path, row: int, data: bytes) -> str:
    """UTF-8 text of a binary field; M105 where it is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as err:
        raise MslmError(Errors.M105.format(path=path, row=row)) from err


def csv_rows(path: Path, delimiter: str = ",") -> Iterator[Row]:
    """Rows of a CSV, the header first; blank lines between rows are skipped.

    Raises M103 for broken quoting (an unclosed quote is found where the next quote
    contradicts it, at the end of the file, or after `MAX_FIELD` characters), M104 for
    a row longer or shorter than the header, M105-M107 for damaged content.
    """
    csv.field_size_limit(MAX_FIELD)
    with open_text(path) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        width, number = 0, 1
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as err:
                where = Errors.M103.format(path=path, row=number, line=line, reason=err)
                raise MslmError(where) from err
            except _DAMAGED as err:
                raise MslmError(Errors.M107.format(path=path, row=number)) from err
            if fields is None:
                return
            if not fields:
                continue
            for field in fields:
                check_text(path, number, field)
            width = width or len(fields)
            if len(fields) != width:
                raise MslmError(
                    Errors.M104.format(
                        path=path, row=number, line=line, got=len(fields), width=width
                    )
                )
            yield Row(number, fields)
            number += 1


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Non-blank lines of a text file with their numbers, from 1."""
    with open_text(path, newline="\n") as stream:
        number = 0
        try:
            for number, line in enumerate(stream, 1):
                check_text(path, number, line)
                if not line.isspace():
                    yield number, line
        except _DAMAGED as err:
            raise MslmError(Errors.M107.format(path=path, row=number + 1)) from err


def whole_text(path: Path) -> str:
    """The text of one file, exactly as stored; an empty file is an empty text."""
    if path.stat().st_size == 0:
        return ""
    with open_text(path) as stream:
        try:
            text = stream.read()
        except _DAMAGED as err:
            raise MslmError(Errors.M107.format(path=path, row=1)) from err
    check_text(path, 1, text)
    return text
