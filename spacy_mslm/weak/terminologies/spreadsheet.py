"""Spreadsheets: CSV, TSV (both also .gz) and XLSX, columns by option."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ..concepts import Concept
from ..names import name_key
from .entries import Context, Entry, Source, mapping, texts, type_ids
from .files import Row, check_header, table_rows

OPTIONS = ("columns", "types", "separator", "sheet", "delimiter", "prefix")
_COLUMNS = ("id", "name", "synonyms", "types", "cui")
_HINT = ", or name its columns: 'columns: {id: ..., name: ...}'"


def read_spreadsheet(source: Source, context: Context) -> Iterator[Entry]:
    """One concept an id, in the order of first rows; rows of one id are joined.

    - `columns` says which column is which: `name` (needed), `id`, `synonyms`, `types`,
      `cui`, each by its title; without it a column is called like that.
    - Without ids a row's concept is called by its name, behind `prefix` ("LIST").
    - `separator` ("|") splits the cells of synonyms, types and CUIs. `types` are those
      of rows without their own. `delimiter` is a comma, for .tsv and .txt a tab.
    - `sheet` names the sheet of an .xlsx; without it the first one is read.
    - Rows without a name or a type are counted.

    Raises MslmError: M240 to M243 for the file, M246 without openpyxl, M250 and M251
    for an .xlsx that cannot be read, or without that sheet.
    """
    titles = _titles(source, context)
    default = type_ids(source.options.get("types", []), source, context)
    (prefix,) = texts(source.options.get("prefix", "LIST"), "prefix", source, context)
    found: dict[str, tuple[list[str], list[str], list[str]]] = {}
    for path in source.paths:
        for _, row in _rows(path, source, context, titles):
            name = row[titles["name"]].strip()
            types = _cells(row, titles, "types", source) or list(default)
            if not name or not types:
                reason = "row without type" if name else "row without name"
                context.drops[reason] += 1
                continue
            concept_id = row[titles["id"]].strip() if "id" in titles else ""
            concept_id = concept_id or f"{prefix}:{name_key(name)}".upper()
            names, own, cuis = found.setdefault(concept_id, ([], [], []))
            names += [name, *_cells(row, titles, "synonyms", source)]
            own += types
            cuis += map(str.upper, _cells(row, titles, "cui", source))
    for concept_id, (names, own, cuis) in found.items():
        concept = Concept(concept_id, tuple(names), tuple(dict.fromkeys(own)))
        yield Entry(concept, tuple(dict.fromkeys(cuis)))


def _titles(source: Source, context: Context) -> dict[str, str]:
    """Which title each of our columns has; {} where none is named."""
    titles = {
        key: str(title) for key, title in mapping(source, context, "columns").items()
    }
    if titles and (wrong := set(titles) - set(_COLUMNS)):
        known = ", ".join(_COLUMNS)
        reason = f"no column '{sorted(wrong)[0]}', only {known}"
        raise source.error(reason, context.known)
    titles.setdefault("name", "name")
    return titles


def _cells(
    row: dict[str, str], titles: dict[str, str], name: str, source: Source
) -> list[str]:
    separator = str(source.options.get("separator", "|"))
    value = row.get(titles.get(name, name), "")
    return [part.strip() for part in value.split(separator) if part.strip()]


def _rows(
    path: Path, source: Source, context: Context, titles: dict[str, str]
) -> Iterator[Row]:
    required = list(titles.values())
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        yield from _sheet_rows(path, source, required)
        return
    tabs = path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab", ".txt"))
    delimiter = str(source.options.get("delimiter", "\t" if tabs else ","))
    if len(delimiter) != 1:
        raise source.error("'delimiter' is one character", context.known)
    yield from table_rows(path, "table", required, delimiter=delimiter, hint=_HINT)


def _sheet_rows(path: Path, source: Source, required: list[str]) -> Iterator[Row]:
    if not path.is_file():
        raise MslmError(Errors.M240.format(path=path, kind="table"))
    with _opened(path) as book:
        sheet = _sheet(path, book, str(source.options.get("sheet", "")))
        rows = sheet.iter_rows(values_only=True)
        header = [_text(value) for value in next(rows, ())]
        check_header(path, "table", header, required, _HINT)
        for number, values in enumerate(rows, start=2):
            cells = [_text(value) for value in values]
            if any(cells):
                yield number, dict(zip(header, cells, strict=False))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        from openpyxl import load_workbook
    except ImportError as err:
        raise MslmError(Errors.M246.format(package="openpyxl")) from err
    try:
        # Values as last computed, never formulas.
        book = load_workbook(path, read_only=True, data_only=True)
        with contextlib.closing(book):
            yield book
    except MslmError:
        raise
    except Exception as err:
        # A damaged workbook fails in many ways, also while its rows are read.
        reason = type(err).__name__
        raise MslmError(Errors.M250.format(path=path, reason=reason)) from err


def _sheet(path: Path, book: Any, name: str) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets:
        raise MslmError(Errors.M250.format(path=path, reason="it has no sheet"))
    if name and name not in sheets:
        shown = ", ".join(sheets)
        raise MslmError(Errors.M251.format(path=path, sheet=name, sheets=shown))
    return sheets[name] if name else next(iter(sheets.values()))


def _text(value: Any) -> str:
    """A cell as text: whole numbers without ".0", as ids are meant."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
