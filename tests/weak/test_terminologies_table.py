import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from spacy_mslm.errors import MslmError

COLUMNS = {"id": "Code", "name": "Term", "synonyms": "Also", "types": "Type"}


def shown(entries: list[Any]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [
        (e.concept.concept_id, e.concept.names, e.concept.type_ids) for e in entries
    ]


def test_columns_are_named_and_rows_of_one_id_joined(
    tmp_path: Path, read_source: Any
) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(
        "Code\tTerm\tAlso\tType\tCUI\n"
        "1\tasthma\tBA; bronchial asthma\tT047\tc0004096\n"
        "\n"
        "2\tpain\t\t\t\n"
        "1\treactive airway\t\tT047;T033\t\n"
        "3\t\t\tT047\t\n"
    )
    columns = {**COLUMNS, "cui": "CUI"}
    entries, drops = read_source("table", path, columns=columns, separator=";")
    names = ("asthma", "BA", "bronchial asthma", "reactive airway")
    assert shown(entries) == [("1", names, ("T047", "T033"))]
    assert entries[0].cuis == ("C0004096",)
    assert drops == {"row without type": 1, "row without name": 1}


def test_a_bare_list_of_names(tmp_path: Path, read_source: Any) -> None:
    path = tmp_path / "names.csv"
    path.write_text('name\nchest pain\n"cough, dry"\nChest Pain\n')
    entries, _ = read_source("table", path, types="T184", prefix="OURS")
    assert shown(entries) == [
        ("OURS:CHEST~PAIN", ("chest pain", "Chest Pain"), ("T184",)),
        ("OURS:COUGH~DRY", ("cough, dry",), ("T184",)),
    ]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.append(["about this file"])
    terms = book.create_sheet("terms")
    terms.append(["Code", "Term", None, "Also", "Type"])
    terms.append([7, "asthma", None, "BA|wheezy chest", "T047"])
    terms.append([None, None, None, None, None])
    terms.append([8.0, "=1+1", None, None, "T184"])
    terms.append([9, 101, None, None, "T184"])
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def test_sheets_are_read_by_name_and_numbers_are_ids(
    book: Path, read_source: Any
) -> None:
    entries, drops = read_source("table", book, columns=COLUMNS, sheet="terms")
    assert shown(entries) == [
        ("7", ("asthma", "BA", "wheezy chest"), ("T047",)),
        ("9", ("101",), ("T184",)),
    ]
    # A formula that no program has computed yet is empty.
    assert drops == {"row without name": 1}


def test_wrong_sheets_and_files(
    book: Path, read_source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MslmError, match=r"\[M251\].*no sheet 'drugs'.*Sheet, terms"):
        read_source("table", book, sheet="drugs")
    with pytest.raises(MslmError, match=r"\[M243\].*missing columns name.*columns:"):
        read_source("table", book)
    with pytest.raises(MslmError, match=r"\[M240\]"):
        read_source("table", book.with_name("none.xlsx"))
    broken = book.with_name("page.xlsx")
    broken.write_text("<html>no workbook</html>")
    with pytest.raises(MslmError, match=r"\[M250\].*BadZipFile"):
        read_source("table", broken)
    broken.write_bytes(book.read_bytes()[:2000])
    with pytest.raises(MslmError, match=r"\[M250\]"):
        read_source("table", broken)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MslmError, match=r"\[M246\].*openpyxl"):
        read_source("table", book)


def rewritten(book: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one of its parts changed."""
    path = book.with_name("rewritten.xlsx")
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return path


def test_a_workbook_without_sheets(book: Path, read_source: Any) -> None:
    """Charts alone, say: openpyxl itself writes no workbook without a sheet."""

    def without(data: bytes) -> bytes:
        start, end = data.index(b"<sheets>"), data.index(b"</sheets>")
        return data[: start + len(b"<sheets>")] + data[end:]

    with pytest.raises(MslmError, match=r"\[M250\].*no sheet"):
        read_source("table", rewritten(book, "xl/workbook.xml", without))


def test_a_sheet_that_is_cut_short(book: Path, read_source: Any) -> None:
    cut = rewritten(book, "xl/worksheets/sheet2.xml", lambda data: data[:-200])
    with pytest.raises(MslmError, match=r"\[M250\].*ParseError"):
        read_source("table", cut, columns=COLUMNS, sheet="terms")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("id,term\n", {}, r"\[M243\].*missing columns name, got id, term"),
        ("name,name\n", {}, r"\[M243\].*missing columns name"),
        ("name,id\nx\n", {}, r"\[M241\].*row 2.*1 fields, expected 2"),
        ("name\nx\n", {"columns": {"titel": "x"}}, r"\[M249\].*no column 'titel'"),
        ("name\nx\n", {"delimiter": "::"}, r"\[M249\].*'delimiter' is one character"),
    ],
)
def test_wrong_columns_are_one_coded_line(
    tmp_path: Path,
    read_source: Any,
    text: str,
    options: dict[str, Any],
    message: str,
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(MslmError, match=message):
        read_source("table", path, types="T047", **options)
