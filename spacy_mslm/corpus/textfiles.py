"""Annotation files as text: whole files, and rows of JSON, with coded errors.

Strict UTF-8, nothing translated: offsets count the characters of the file as it is.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError

BOM = "\ufeff"


def exact_text(path: Path) -> str:
    """The text of a file, line ends and all. Raises M326 (bytes that are no UTF-8) and
    M327 (a NUL: a binary file, or UTF-16)."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as err:
        where = Errors.M326.format(path=path, byte=err.start + 1)
        raise MslmError(where) from None
    if "\0" in text:
        raise MslmError(Errors.M327.format(path=path))
    return text


def text_rows(path: Path) -> Iterator[tuple[int, str]]:
    """The rows of a file that hold anything, numbered from 1, without their line end.

    Rows end at a line feed alone: U+2028 and its kin may stand inside a quoted text.
    """
    text = exact_text(path).removeprefix(BOM)
    for row, line in enumerate(text.split("\n"), 1):
        if line and not line.isspace():
            yield row, line.removesuffix("\r")


def json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON lines file, by row. Raises M333 where a row is none."""
    for row, line in text_rows(path):
        yield row, _object(path, row, parse_json(path, row, line))


def json_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON file that holds one list (or one object), by number.

    Raises M333. The file is read as a whole, as JSON must be.
    """
    value = parse_json(path, 1, exact_text(path).removeprefix(BOM))
    for number, item in enumerate(value if isinstance(value, list) else [value], 1):
        yield number, _object(path, number, item)


def parse_json(path: Path, row: int, text: str) -> Any:
    """The value that `text` writes. Raises M333, which never quotes it."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as err:
        reason = getattr(err, "msg", "a number or a nesting that JSON does not have")
        where = Errors.M333.format(path=path, row=row, reason=reason)
        raise MslmError(where) from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _object(path: Path, row: int, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MslmError(Errors.M333.format(path=path, row=row, reason="not an object"))
    return value


def field_of(
    path: Path, row: int, item: Mapping[str, Any], name: str, kind: type, default: Any
) -> Any:
    """`item[name]`, or `default` where it is absent or null. Raises M334 where it is of
    another type than `kind`, a text that UTF-8 cannot hold included."""
    value = item.get(name)
    value = default if value is None else value
    good = isinstance(value, kind)
    if good and isinstance(value, str):
        good = "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if not good:
        raise MslmError(
            Errors.M334.format(path=path, row=row, field=name, kind=kind.__name__)
        )
    return value


def identifier(value: Any) -> str:
    """An id as text: numbers and texts are ids, anything else is none ("")."""
    if isinstance(value, int | str) and not isinstance(value, bool):
        return str(value).strip()
    return ""
