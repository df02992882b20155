"""Bad input: one coded line with file, row and next step, never text of a note."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.sources import read_notes
from spacy_mslm.types import DropCounts

# Stands in each note; no message may repeat it.
SECRET = "zebra"
HEAD = "row_id,subject_id,category,iserror,text\n"
GOOD = f'1,2,ECG,,"{SECRET} one\nline two"\n'


def failure(path: Path, **options: Any) -> str:
    with pytest.raises(MslmError) as caught:
        list(read_notes(path, drops=DropCounts(), **options))
    message = str(caught.value)
    assert "\n" not in message and SECRET not in message.lower()
    return message


def spoil(tmp_path: Path, content: bytes | str, name: str = "NOTEEVENTS.csv") -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    message = failure(path)
    assert name in message
    return message


def test_missing_path(tmp_path: Path) -> None:
    assert failure(tmp_path / "no.csv").startswith("[M701]")


@pytest.mark.parametrize("name", ["NOTEEVENTS.csv", "x.jsonl", "x.csv.gz"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    code = spoil(tmp_path, b"", name)[:6]
    assert code == "[M101]"


def test_empty_gzip(tmp_path: Path) -> None:
    assert "[M101]" in spoil(tmp_path, gzip.compress(b""), "x.csv.gz")


@pytest.mark.parametrize("content", [HEAD, HEAD + "1,2,ECG,,  \n", HEAD + "\n\n"])
def test_no_note_at_all(tmp_path: Path, content: str) -> None:
    assert "[M110]" in spoil(tmp_path, content)


def test_missing_columns(tmp_path: Path) -> None:
    content = f"ROW_ID,SUBJECT_ID,TEXT\n1,2,{SECRET}\n"
    message = spoil(tmp_path, content)
    assert "[M102]" in message and "CATEGORY, ISERROR;" in message


def test_no_text_column_and_no_header(tmp_path: Path) -> None:
    message = spoil(tmp_path, f"1,{SECRET}\n2,pain\n", "x.csv")
    assert "[M109]" in message and "2 columns" in message


def test_a_column_twice(tmp_path: Path) -> None:
    assert "[M121]" in spoil(tmp_path, f"text,text\n{SECRET},b\n", "x.csv")


@pytest.mark.parametrize(
    "rows",
    [
        GOOD + f'2,2,ECG,,"{SECRET} never closed\n3,2,ECG,,fine\n',
        GOOD + f'2,2,ECG,,"{SECRET} never closed\n3,2,ECG,,"fine"\n',
        GOOD + f'2,2,ECG,,"a "{SECRET}" quote"\n',
    ],
    ids=range(3),
)
def test_broken_quoting(tmp_path: Path, rows: str) -> None:
    message = spoil(tmp_path, HEAD + rows)
    assert "[M103]" in message and "row 3, from line 4" in message


def test_an_unclosed_quote_does_not_fill_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacy_mslm.notes.streams.MAX_FIELD", 200_000)
    message = spoil(tmp_path, HEAD + f'1,2,ECG,,"{SECRET}\n' + "1,2,ECG,,x\n" * 30_000)
    assert "[M103]" in message and "field limit (200000)" in message


@pytest.mark.parametrize(
    "row", [f"2,2,ECG,,{SECRET}, and more\n", f"2,{SECRET}\n"], ids=["long", "short"]
)
def test_ragged_rows(tmp_path: Path, row: str) -> None:
    message = spoil(tmp_path, HEAD + GOOD + row)
    assert "[M104]" in message and "row 3, from line 4" in message


def test_undecodable_bytes(tmp_path: Path) -> None:
    row = f"2,2,ECG,,{SECRET} caf\xe9\n".encode("latin-1")
    message = spoil(tmp_path, (HEAD + GOOD).encode() + row)
    assert "[M105]" in message and "row 3:" in message and "iconv" in message
    line = b'{"text": "caf\xe9"}\n'
    assert "row 2:" in spoil(tmp_path, b'{"text": "a"}\n' + line, "x.jsonl")
    assert "[M105]" in spoil(tmp_path, line, "x.txt")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_another_encoding(tmp_path: Path, encoding: str) -> None:
    assert spoil(tmp_path, (HEAD + GOOD).encode(encoding))[:6] in ("[M105]", "[M106]")


def test_nul_bytes(tmp_path: Path) -> None:
    message = spoil(tmp_path, HEAD + GOOD + f"2,2,ECG,,{SECRET}\0\n")
    assert "[M106]" in message and "row 3:" in message


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_truncated_gzip(tmp_path: Path, keep: float) -> None:
    noise = "".join(f'{i},2,ECG,,"{os.urandom(40).hex()}"\n' for i in range(3000))
    data = gzip.compress((HEAD + noise).encode())
    message = spoil(tmp_path, data[: int(len(data) * keep)], "NOTEEVENTS.csv.gz")
    assert "[M107]" in message and "gzip -t" in message


def test_damaged_gzip(tmp_path: Path) -> None:
    data = bytearray(gzip.compress((HEAD + GOOD * 500).encode()))
    data[len(data) // 2] ^= 0xFF
    code = spoil(tmp_path, bytes(data), "NOTEEVENTS.csv.gz")[:6]
    assert code in ("[M107]", "[M103]", "[M104]", "[M105]", "[M111]")
    assert "[M107]" in spoil(tmp_path, b"\x1f\x8b not gzip", "x.jsonl.gz")


def test_the_same_id_for_another_text(tmp_path: Path) -> None:
    message = spoil(tmp_path, HEAD + GOOD + "1,2,ECG,,other\n")
    assert "[M111]" in message and "row 3:" in message


@pytest.mark.parametrize(
    "line", [f'{{"text": {SECRET}', f'"{SECRET}"', "[1]", "{", "nul"], ids=range(5)
)
def test_broken_json(tmp_path: Path, line: str) -> None:
    message = spoil(tmp_path, '{"text": "a"}\n\n' + line, "x.jsonl")
    assert "[M112]" in message and "row 3:" in message


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"text": 5}, "text"),
        ({"text": SECRET, "note_id": 1.5}, "note_id"),
        ({"text": SECRET, "category": True}, "category"),
        ({"text": SECRET, "meta": []}, "meta"),
        ({"text": SECRET, "patient_id": [SECRET]}, "patient_id"),
        ({"text": SECRET, "gold": {}}, "gold"),
        ({"text": SECRET, "gold": [SECRET]}, "gold[1]"),
        ({"text": SECRET, "gold": [{"start": 0, "end": 1}]}, "label"),
        ({"text": SECRET, "gold": [{"start": 0, "end": 1, "label": " "}]}, "label"),
    ],
)
def test_json_of_the_wrong_shape(tmp_path: Path, row: Any, field: str) -> None:
    message = spoil(tmp_path, json.dumps(row), "x.jsonl")
    assert "[M113]" in message and field in message


@pytest.mark.parametrize(
    ("start", "end"), [(0, 6), (-1, 2), (2, 2), (3, 1), (0, 1.0), (None, 1), (0, True)]
)
def test_gold_outside_the_text(tmp_path: Path, start: Any, end: Any) -> None:
    gold = [{"start": start, "end": end, "label": "D"}]
    message = spoil(tmp_path, json.dumps({"text": SECRET, "gold": gold}), "x.jsonl")
    assert "[M114]" in message and "<= 5" in message


@pytest.mark.parametrize("key", ["text", "note_id", "meta"])
def test_escapes_that_are_no_text(tmp_path: Path, key: str) -> None:
    row = {"text": SECRET} | {key: {"a": "\ud800"} if key == "meta" else "\ud800"}
    assert "[M105]" in spoil(tmp_path, json.dumps(row), "x.jsonl")
    if key != "meta":
        row = {"text": SECRET} | {key: "a\0"}
        assert "[M106]" in spoil(tmp_path, json.dumps(row), "x.jsonl")


def test_rows_without_a_text(tmp_path: Path) -> None:
    good = json.dumps({"text": "a", "note_id": "1"})
    message = spoil(tmp_path, good + "\n" + json.dumps({"note_id": "2"}), "x.jsonl")
    assert "[M113]" in message and "row 2:" in message
    # Where no row has one, it is the names that are wrong.
    message = spoil(tmp_path, json.dumps({SECRET: "1", "b": "2"}), "x.jsonl")
    assert "[M109]" in message and "2 columns" in message and "--columns" in message


def test_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    line = '{"text": "a", "note_id": ' + "1" * 5000 + "}"
    assert "a huge number" in spoil(tmp_path, line, "x.jsonl")


def test_other_kinds_of_path(tmp_path: Path) -> None:
    assert "[M115]" in spoil(tmp_path, SECRET, "notes.xlsx")
    assert "[M116]" in failure(tmp_path)
    (tmp_path / "x.txt").write_text(SECRET)
    assert "[M117]" in failure(tmp_path, sample=-1)


def test_filters_find_damage_before_any_note(tmp_path: Path) -> None:
    path = tmp_path / "NOTEEVENTS.csv"
    path.write_text(HEAD + GOOD + "2,2\n")
    notes = read_notes(path, drops=DropCounts(), sample=1)
    with pytest.raises(MslmError, match="M104"):
        next(notes)


@given(
    st.binary(max_size=80),
    st.sampled_from(
        ["x.csv", "x.tsv", "x.jsonl", "x.txt", "x.csv.gz", "x.txt.gz", "x.parquet"]
    ),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_notes_or_a_coded_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("wild") / name
    head = b"text,note_id\n" if ".csv" in name else b"PAR1" if "parq" in name else b""
    path.write_bytes(head + data)
    try:
        for note in read_notes(path, drops=DropCounts()):
            assert note.text.strip() and note.note_id and note.patient_id
            note.text.encode()
    except MslmError as err:
        assert str(err).startswith("[M1") and len(str(err).splitlines()) == 1
