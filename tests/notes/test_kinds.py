"""One file or a folder of one kind: which files, in which order, under which names."""

import gzip
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.kinds import Kind, open_source
from spacy_mslm.notes.sources import read_notes
from spacy_mslm.types import DropCounts, Note


def save(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def notes(path: Path) -> list[Note]:
    return list(read_notes(path, drops=DropCounts()))


def failure(path: Path) -> str:
    with pytest.raises(MslmError) as caught:
        notes(path)
    return str(caught.value)


def test_a_folder_of_shards_in_order(tmp_path: Path) -> None:
    save(tmp_path / "b.csv", "text,patient\nthird,1\n")
    save(tmp_path / "a" / "2.csv.gz", "patient,text\n1,second\n")
    save(tmp_path / "a" / "1.CSV", "text,patient\nfirst,1\n\nfirst again,1\n")
    # What Spark and a desktop leave beside them.
    save(tmp_path / "_SUCCESS", "")
    save(tmp_path / "_temporary" / "0.csv", "text\nhalf written\n")
    save(tmp_path / ".b.csv.crc", "x")
    save(tmp_path / ".hidden" / "x.txt", "x")
    assert [(note.note_id, note.text) for note in notes(tmp_path)] == [
        ("a/1/row-2", "first"),
        ("a/1/row-3", "first again"),
        ("a/2/row-2", "second"),
        ("b/row-2", "third"),
    ]
    source = open_source(tmp_path)
    assert (source.kind, source.number, source.others) == (Kind.CSV, 3, 2)


def test_a_sample_of_shards_is_drawn_over_all(tmp_path: Path) -> None:
    for part in range(4):
        rows = "".join(f'{{"text": "note {part} {i}"}}\n' for i in range(10))
        save(tmp_path / f"{part}.jsonl.gz", rows)
    drawn = list(read_notes(tmp_path, drops=DropCounts(), sample=12, seed=1))
    assert len({note.note_id for note in drawn}) == 12
    assert len({note.note_id.split("/")[0] for note in drawn}) > 2


def test_text_files_in_gzip(tmp_path: Path) -> None:
    save(tmp_path / "22_a.txt.gz", "one\r\n")
    save(tmp_path / "icu" / "31_b.TXT", "two")
    assert notes(tmp_path) == [
        Note("22_a", "22", "one\r\n"),
        Note("icu/31_b", "31", "two", "icu"),
    ]
    assert notes(tmp_path / "22_a.txt.gz") == [Note("22_a", "22", "one\r\n")]


def test_the_order_is_that_of_the_parts_of_a_path(tmp_path: Path) -> None:
    names = ["a-b.txt", "a/z.txt", "a.txt", "a/b/c.txt", "B.txt"]
    for name in names:
        save(tmp_path / name, name)
    paths = [file.path for file in open_source(tmp_path).files()]
    assert paths == sorted(tmp_path / name for name in names)


def test_folder_names_may_be_columns(tmp_path: Path) -> None:
    """As Hive, Spark and Ray write a table in parts."""
    save(tmp_path / "category=CT%20head" / "0.csv", "text,patient\na,1\n")
    none = "category=__HIVE_DEFAULT_PARTITION__"
    save(tmp_path / none / "0.csv", "text,patient\nb,1\n")
    assert [(n.category, n.text) for n in notes(tmp_path)] == [
        ("CT head", "a"),
        ("", "b"),
    ]
    # A column in the file counts for more.
    save(tmp_path / "category=X" / "0.csv", "text,patient,Category\nc,1,Y\n")
    assert {n.category for n in notes(tmp_path)} == {"CT head", "", "Y"}
    lines = tmp_path / "lines"
    save(lines / "patient=7" / "0.jsonl", '{"text": "d"}\n')
    assert notes(lines)[0].patient_id == "7"


def test_several_kinds_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "text\nx\n")
    save(tmp_path / "b" / "c.txt", "x")
    save(tmp_path / "b" / "d.txt.gz", "x")
    message = failure(tmp_path)
    assert "[M136]" in message and "1 .csv, 2 .txt" in message


def test_tables_with_deleted_rows_are_refused(tmp_path: Path) -> None:
    for name, mark in (("Delta", "_delta_log/0.json"), ("Hudi", ".hoodie/x"),
                       ("Iceberg", "metadata/v1.metadata.json")):  # fmt: skip
        folder = tmp_path / name
        save(folder / mark, "{}")
        save(folder / "part-0.parquet", "")
        assert "[M138]" in failure(folder) and name in failure(folder)
    save(tmp_path / "plain" / "metadata" / "x.txt", "a folder of that name")
    assert len(notes(tmp_path / "plain")) == 1


def test_a_shard_without_patients_among_others(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "text,patient\nx,1\n")
    save(tmp_path / "b.csv", "text\ny\n")
    message = failure(tmp_path)
    assert "[M139]" in message and "b.csv: has no patient column" in message


def test_an_empty_shard_is_an_error_that_names_it(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "text\nx\n")
    save(tmp_path / "b.csv", "")
    assert "[M101]" in failure(tmp_path) and "b.csv" in failure(tmp_path)


def test_damage_names_the_shard(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "text\nx\n")
    save(tmp_path / "b.csv.gz", "text\n" + "y\n" * 5000)
    cut = (tmp_path / "b.csv.gz").read_bytes()[:-9]
    (tmp_path / "b.csv.gz").write_bytes(cut)
    message = failure(tmp_path)
    assert "[M107]" in message and "b.csv.gz row" in message
    save(tmp_path / "texts" / "a.txt.gz", "x" * 5000)
    (tmp_path / "texts" / "a.txt.gz").write_bytes(cut[:20])
    assert "[M107]" in failure(tmp_path / "texts")


def test_the_same_id_in_two_shards(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "id,text\n1,x\n2,z\n")
    save(tmp_path / "b.csv", "id,text\n1,y\n")
    message = failure(tmp_path)
    assert "[M111]" in message and "b.csv row 2:" in message


def test_parquet_in_gzip_and_unknown_kinds(tmp_path: Path) -> None:
    assert "[M137]" in failure(save(tmp_path / "x.parquet.gz", "x"))
    assert "[M115]" in failure(save(tmp_path / "x.xlsx", "x"))
    assert "[M115]" in failure(save(tmp_path / "x.gz", "x"))
    (tmp_path / "none").mkdir()
    save(tmp_path / "none" / "README.md", "x")
    assert "[M116]" in failure(tmp_path / "none")
