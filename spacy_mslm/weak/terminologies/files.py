"""Downloaded text files, plain or gzipped, row by row, with the row in every error."""

import contextlib
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from ...errors import Errors, MslmError
from ...types import DropCounts

_GZIP_MAGIC = b"\x1f\x8b"
STRAY = "row with stray columns, read without them"
Row = tuple[int, dict[str, str]]


class _Unquoted(csv.excel):
    quoting = csv.QUOTE_NONE


@contextlib.contextmanager
def open_text(path: Path, kind: str) -> Iterator[TextIO]:
    """Open UTF-8 text, gzipped or not as its first bytes say, line ends as they are.

    Raises MslmError: M240 for a missing file, M242 for other bytes, also while the
    block reads them.
    """
    if not path.is_file():
        raise MslmError(Errors.M240.format(path=path, kind=kind))
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP_MAGIC
        with (
            gzip.open(path, "rb") if zipped else path.open("rb") as data,
            io.TextIOWrapper(data, "utf-8-sig", newline="") as text,
        ):
            yield text
    except (UnicodeDecodeError, OSError, EOFError, zlib.error) as err:
        reason = type(err).__name__
        raise MslmError(
            Errors.M242.format(path=path, kind=kind, reason=reason)
        ) from err


def table_rows(
    path: Path,
    kind: str,
    required: Sequence[str],
    *,
    delimiter: str = ",",
    quoted: bool = True,
    drops: DropCounts | None = None,
    hint: str = "",
) -> Iterator[Row]:
    """Rows (number, column -> value) of a delimited file, the header is row 1.

    Empty rows are passed over. A row with more fields than columns is read without
    them and counted in `drops`; without `drops`, and with too few fields, it is an
    error (M241). Raises M243 where a required column is missing or doubled.
    """
    number = 0
    with open_text(path, kind) as file:
        dialect = csv.excel if quoted else _Unquoted
        reader = csv.reader(file, dialect, delimiter=delimiter, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            check_header(path, kind, header, required, hint)
            for number, values in enumerate(reader, start=2):
                if not any(map(str.strip, values)):
                    continue
                if len(values) > len(header) and drops is not None:
                    drops[STRAY] += 1
                elif len(values) != len(header):
                    reason = f"{len(values)} fields, expected {len(header)}"
                    raise broken(path, number, kind, reason)
                yield number, dict(zip(header, values, strict=False))
        except csv.Error as err:
            raise broken(path, number + 1, kind, str(err)) from err


def check_header(
    path: Path, kind: str, header: Sequence[str], required: Sequence[str], hint: str
) -> None:
    """Raise M243 where a required column is not there exactly once."""
    missing = [name for name in required if header.count(name) != 1]
    if missing:
        raise MslmError(
            Errors.M243.format(
                path=path,
                missing=", ".join(missing),
                got=", ".join(header)[:200] or "nothing",
                kind=kind,
                hint=hint,
            )
        )


def broken(path: Path, row: int, kind: str, reason: str) -> MslmError:
    """The error M241 for one row."""
    return MslmError(Errors.M241.format(path=path, row=row, kind=kind, reason=reason))
