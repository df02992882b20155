"""Parquet: types as lakes have them, damage, memory."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.sources import read_notes
from spacy_mslm.types import DropCounts, Note

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

SECRET = "zebra"


def save(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def notes(path: Path) -> list[Note]:
    return list(read_notes(path, drops=DropCounts()))


def failure(path: Path) -> str:
    with pytest.raises(MslmError) as caught:
        notes(path)
    message = str(caught.value)
    assert SECRET not in message and "\n" not in message and path.name in message
    return message


TEXTS = ["no pain", "病\r\n"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS).dictionary_encode(),
        pa.array([text.encode() for text in TEXTS]),
        pa.array([text.encode() for text in TEXTS], pa.large_binary()),
    ],
    ids=lambda column: str(column.type),
)
def test_every_type_of_text(tmp_path: Path, column: Any) -> None:
    path = save(tmp_path / "x.parquet", text=column, patient=[1, 2])
    assert [note.text for note in notes(path)] == TEXTS


UUIDS = [UUID(int=1), UUID(int=2)]


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([7, 8], pa.int64()), ["7", "8"]),
        (pa.array([7, 2**63], pa.uint64()), ["7", str(2**63)]),
        (pa.array([7.0, 8e15]), ["7", "8000000000000000"]),
        (pa.array([Decimal("7.00"), Decimal(8)], pa.decimal128(9, 2)), ["7", "8"]),
        (pa.array([b"a ", b"b"]), ["a", "b"]),
        (pa.array([u.bytes for u in UUIDS], pa.uuid()), [str(u) for u in UUIDS]),
        (pa.array([" a", "b"]).dictionary_encode(), ["a", "b"]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_every_type_of_id(tmp_path: Path, column: Any, wanted: list[str]) -> None:
    path = save(
        tmp_path / "x.parquet", text=TEXTS, id=column, patient=column, category=column
    )
    for part in ("note_id", "patient_id", "category"):
        assert [getattr(note, part) for note in notes(path)] == wanted


def test_nulls(tmp_path: Path) -> None:
    path = save(
        tmp_path / "x.parquet",
        text=["a", None, "c", "d"],
        note_id=pa.array([1, 2, 3, None], pa.float64()),
        patient=pa.array(["p", "p", None, "p"]),
        category=pa.nulls(4),
        iserror=pa.array([False, False, False, None]),
    )
    drops = DropCounts()
    found = list(read_notes(path, drops=drops))
    assert found == [Note("1", "p", "a"), Note("row-4", "p", "d")]
    assert drops == {"empty note": 1, "no patient id": 1}


def test_marked_errors_of_every_type(tmp_path: Path) -> None:
    for column in ([True, False], [1, 0], ["1", ""], [1.0, None]):
        path = save(tmp_path / "x.parquet", text=["a", "b"], ISERROR=column)
        assert [note.text for note in notes(path)] == ["b"]


@pytest.mark.parametrize(
    ("part", "column", "kind"),
    [
        ("text", pa.array([1, 2]), "number"),
        ("text", pa.array([[SECRET], []]), "list"),
        ("text", pa.array([{SECRET: 1}, None]), "struct"),
        ("patient", pa.array([0, 1], pa.timestamp("us")), "timestamp"),
        ("category", pa.array([True, False]), "true or false"),
        ("id", pa.array([[1], [2]]), "list"),
    ],
)
def test_columns_of_the_wrong_type(
    tmp_path: Path, part: str, column: Any, kind: str
) -> None:
    path = save(tmp_path / "x.parquet", **{"text": [SECRET, "b"], part: column})
    message = failure(path)
    assert "[M135]" in message and f"holds {kind} values" in message


def test_an_id_with_a_fraction(tmp_path: Path) -> None:
    for value in (1.5, float("inf")):
        path = save(tmp_path / "x.parquet", text=["a", "b"], id=[1.0, value])
        message = failure(path)
        assert "[M113]" in message and "row 2:" in message


def test_text_that_is_none(tmp_path: Path) -> None:
    many = ["ok"] * 100
    path = save(tmp_path / "x.parquet", text=pa.array([*many, SECRET + "\0"]))
    assert "[M106]" in failure(path) and "row 101:" in failure(path)
    column = pa.array([*(t.encode() for t in many), SECRET.encode() + b"\xe9"])
    path = save(tmp_path / "x.parquet", text=column)
    assert "[M105]" in failure(path) and "row 101:" in failure(path)
    # Some writers put any bytes where the schema says text.
    path = save(tmp_path / "x.parquet", text=column.view(pa.string()))
    assert "[M105]" in failure(path) and "row 101:" in failure(path)


def test_no_text_column_and_no_rows(tmp_path: Path) -> None:
    path = save(tmp_path / "x.parquet", **{SECRET: ["a"], "b": ["c"]})
    assert "[M109]" in failure(path) and "2 columns" in failure(path)
    path = save(tmp_path / "x.parquet", text=pa.array([], pa.string()))
    assert "[M110]" in failure(path)


def test_no_parquet_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    for content, code in (
        (b"", "M101"),
        (b"PAR1", "M134"),
        (b"text\nzebra\n" * 9, "M134"),
    ):
        path.write_bytes(content)
        assert code in failure(path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_file_cut_short(tmp_path: Path, keep: float) -> None:
    texts = [f"{SECRET} {i}" for i in range(500)]
    path = save(tmp_path / "x.parquet", text=texts)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert "[M134]" in failure(path)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=4))
def test_damaged_bytes_are_notes_or_a_coded_error(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("wild") / "x.parquet"
    table = pa.table({"text": [f"{SECRET} {i}" for i in range(50)], "id": range(50)})
    pq.write_table(table, path, row_group_size=20, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    for place, change in flips:
        data[place % len(data)] ^= change
    path.write_bytes(data)
    try:
        for note in notes(path):
            note.text.encode()
    except MslmError as err:
        assert str(err).startswith("[M1") and SECRET not in str(err)


# Text stands in such a file once, as it is.
PLAIN = {
    "compression": "none",
    "use_dictionary": False,
    "write_page_checksum": True,
    "write_statistics": False,
}


def test_a_changed_page_with_a_checksum_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"text": [SECRET * 3] * 5})
    pq.write_table(table, path, **PLAIN)
    path.write_bytes(path.read_bytes().replace(b"zebra", b"cobra", 1))
    assert "[M134]" in failure(path) and "row 1" in failure(path)


def test_damage_after_good_rows_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"text": [f"{SECRET} {i}" for i in range(400)]})
    pq.write_table(table, path, row_group_size=200, **PLAIN)
    path.write_bytes(path.read_bytes().replace(b"zebra 399", b"zebra 999", 1))
    message = failure(path)
    row = int(message.split("at row ")[1].split(":")[0])
    assert "[M134]" in message and 1 < row <= 400


def test_without_pyarrow_the_extra_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "x.parquet", text=["a"])
    code = (
        "import sys\n"
        "sys.modules['pyarrow'] = None\n"
        "from spacy_mslm.notes.sources import read_notes\n"
        "from spacy_mslm.types import DropCounts\n"
        f"read_notes({str(path)!r}, drops=DropCounts())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert "[M133]" in ran.stderr and "spacy-mslm[parquet]" in ran.stderr


def test_other_sources_do_not_load_pyarrow(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"text": "a"}))
    code = (
        "import sys\n"
        "from spacy_mslm.notes.check import check_notes\n"
        f"assert check_notes({str(path)!r}).notes == 1\n"
        "assert 'pyarrow' not in sys.modules"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_memory_does_not_grow_with_a_row_group(tmp_path: Path) -> None:
    """Each size in a process of its own: Arrow's memory is not Python's to trace."""
    code = (
        "import resource, sys\n"
        "from spacy_mslm.notes.sources import read_notes\n"
        "from spacy_mslm.types import DropCounts\n"
        "kept = sum(1 for _ in read_notes(sys.argv[1], drops=DropCounts()))\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(kept, peak)"
    )

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.parquet"
        text = "no chest pain \n" * 300
        table = pa.table({"text": [f"{i} {text}" for i in range(count)]})
        pq.write_table(table, path, compression="snappy", row_group_size=count)
        command = [sys.executable, "-c", code, str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        kept, kilobytes = map(int, ran.stdout.split())
        assert kept == count
        return kilobytes

    # 20,000 notes are 90 MB of text.
    assert peak(20_000) < peak(1_000) + 30_000
