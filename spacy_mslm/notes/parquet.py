"""Parquet as rows, a batch at a time: the one module that knows pyarrow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError

# Rows in memory at once: notes may be long, and a row group holds any number of them.
_BATCH = 64
_BUFFER = 1 << 20

TEXT, NUMBER, TRUTH, LIST, STRUCT = "text", "number", "true or false", "list", "struct"
EMPTY = "empty"


@dataclass(frozen=True)
class ParquetTable:
    """An open file: its columns in order, each with the kind of its values (one of
    the words above, or the name of a type that none of them covers)."""

    path: Path
    kinds: Mapping[str, str]
    names: tuple[str, ...]
    _file: Any

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """These columns of every row, with its number from 1.

        Raises M134 where the file is damaged, M105 for text that is not UTF-8.
        """
        number = 0
        batches = self._file.iter_batches(
            # In this thread: a process that is forked later inherits no others.
            batch_size=_BATCH,
            columns=list(columns),
            use_threads=False,
        )
        while True:
            try:
                batch = next(batches, None)
            except _damaged() as err:
                raise _broken(self.path, number + 1, err) from err
            if batch is None:
                return
            for row in self._plain(batch, number):
                number += 1
                yield number, row

    def _plain(self, batch: Any, before: int) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = batch.to_pylist()
        except UnicodeDecodeError as err:
            row = before + 1 + _first_undecodable(batch)
            raise MslmError(Errors.M105.format(path=self.path, row=row)) from err
        except _damaged() as err:
            raise _broken(self.path, before + 1, err) from err
        return rows


def open_parquet(path: Path) -> ParquetTable:
    """Open a file and read its schema.

    Raises M133 (no pyarrow), M101 (an empty file), M120 (not to be read), M134
    (damaged, or no Parquet).
    """
    parquet = load_pyarrow().parquet
    try:
        with path.open("rb") as raw:
            if not raw.read(1):
                raise MslmError(Errors.M101.format(path=path))
    except OSError as err:
        raise MslmError(Errors.M120.format(path=path, reason=err.strerror)) from err
    try:
        # Without buffering ahead, so that memory does not grow with the row groups.
        file = parquet.ParquetFile(
            path,
            pre_buffer=False,
            buffer_size=_BUFFER,
            page_checksum_verification=True,
        )
        schema = file.schema_arrow
        kinds = {field.name: _kind(field.type) for field in schema}
        names = tuple(schema.names)
    except _damaged() as err:
        raise _broken(path, 1, err) from err
    return ParquetTable(path, kinds, names, file)


def load_pyarrow() -> Any:
    """pyarrow with its reader of Parquet; M133 where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as err:
        raise MslmError(Errors.M133) from err
    return pyarrow


def _damaged() -> tuple[type[Exception], ...]:
    return (load_pyarrow().ArrowException, OSError, UnicodeDecodeError)


def _broken(path: Path, row: int, err: Exception) -> MslmError:
    # By type: a message of the library might quote what it could not read.
    reason = type(err).__name__
    return MslmError(Errors.M134.format(path=path, row=row, reason=reason))


def _kind(of: Any) -> str:
    types = load_pyarrow().types
    if types.is_dictionary(of):
        return _kind(of.value_type)
    name = str(of)
    if name == "extension<arrow.uuid>":
        return TEXT
    if isinstance(of, load_pyarrow().BaseExtensionType):
        return _kind(of.storage_type)
    for kind, is_kind in (
        (TEXT, ("string", "large_string", "string_view", "binary", "large_binary")),
        (TEXT, ("binary_view", "fixed_size_binary")),
        (NUMBER, ("integer", "floating", "decimal")),
        (TRUTH, ("boolean",)),
        (LIST, ("list", "large_list", "fixed_size_list")),
        (STRUCT, ("struct", "map")),
        (EMPTY, ("null",)),
    ):
        if any(getattr(types, f"is_{name}")(of) for name in is_kind):
            return kind
    return name.split("[")[0].split("<")[0]


def _first_undecodable(batch: Any) -> int:
    for index in range(batch.num_rows):
        try:
            batch.slice(index, 1).to_pylist()
        except UnicodeDecodeError:
            return index
    return 0
