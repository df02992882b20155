"""The same notes out of every form that they may be written in, whatever the text."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.notes.sources import read_notes, write_jsonl
from spacy_mslm.types import CharSpan, DropCounts, Note

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

COLUMNS = ("note_id", "patient_id", "category", "split", "text")
Row = dict[str, str]


def save_csv(path: Path, rows: Sequence[Row], delimiter: str = ",") -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([COLUMNS, *([row[c] for c in COLUMNS] for row in rows)])
    save_bytes(path, out.getvalue())


def save_tsv(path: Path, rows: Sequence[Row]) -> None:
    save_csv(path, rows, "\t")


def save_jsonl(path: Path, rows: Sequence[Row]) -> None:
    # Half of the lines with escapes, half without.
    save_bytes(
        path,
        "".join(
            json.dumps(r, ensure_ascii=i % 2 == 0) + "\n" for i, r in enumerate(rows)
        ),
    )


def save_parquet(path: Path, rows: Sequence[Row]) -> None:
    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, path, row_group_size=2)


def save_bytes(path: Path, text: str) -> None:
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def save_texts(folder: Path, rows: Sequence[Row], ending: str = ".txt") -> None:
    for row in rows:
        file = folder / f"{row['note_id']}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_bytes(file, row["text"])


def save_packed_texts(folder: Path, rows: Sequence[Row]) -> None:
    save_texts(folder, rows, ".txt.gz")


def save_shards(folder: Path, rows: Sequence[Row]) -> None:
    folder.mkdir()
    for number in range(0, len(rows), 2):
        save_parquet(folder / f"part-{number:03}.parquet", rows[number : number + 2])


FORMS: dict[str, Callable[[Path, Sequence[Row]], None]] = {
    "notes.csv": save_csv,
    "notes.csv.gz": save_csv,
    "notes.tsv": save_tsv,
    "notes.tsv.gz": save_tsv,
    "notes.jsonl": save_jsonl,
    "notes.jsonl.gz": save_jsonl,
    "notes.parquet": save_parquet,
    "shards": save_shards,
    "texts": save_texts,
    "packed": save_packed_texts,
}

# All that a text may hold: line ends of every kind, quotes, delimiters, placeholders,
# marks that combine with nothing, characters beyond the first plane; no NUL.
PIECES = st.sampled_from(
    ["\n", "\r\n", "\r", '"', '""', "'", ",", "\t", ";", "\\n", "\u2028", "\x0b", " ",
     "___", "[**2162-8-19**]", "\u0301", "\ufeff", "病", "🩺", "=1+1", "{", "#"]
)  # fmt: skip
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
TEXTS = st.lists(PIECES | TEXT, min_size=1, max_size=8).map("".join)


# A byte order mark at the very beginning of a file is none of its text.
FILES = TEXTS.map(lambda text: text.lstrip("\ufeff")).filter(str.strip)


@given(texts=st.lists(FILES, min_size=1, max_size=5))
def test_every_form_gives_the_same_notes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("forms")
    rows = [
        {"note_id": f"a b/{n // 2}_{n}", "patient_id": str(n // 2), "category": "a b",
         "split": "", "text": text}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    wanted = [Note(r["note_id"], r["patient_id"], r["text"], "a b") for r in rows]
    for name, save in FORMS.items():
        save(folder / name, rows)
        drops = DropCounts()
        assert list(read_notes(folder / name, drops=drops)) == wanted, name
        assert not drops, name


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=6)
VALUES = {
    "patient_id": NAMES,
    "category": NAMES,
    "split": st.sampled_from(["", "train", " dev"]),
    "text": TEXTS,
}


@given(rows=st.lists(st.fixed_dictionaries(VALUES), max_size=6))
def test_every_table_gives_the_same_notes_and_drops(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row]
) -> None:
    """Ids with blanks, empty texts, rows without a patient: alike everywhere."""
    folder = tmp_path_factory.mktemp("tables")
    kept = {"patient_id": "p", "category": "", "split": "", "text": "kept"}
    rows = [{"note_id": f" n{i} ", **row} for i, row in enumerate([kept, *rows])]
    outcomes = []
    for name in ("notes.csv", "notes.tsv.gz", "notes.jsonl", "notes.parquet", "shards"):
        FORMS[name](folder / name, rows)
        drops = DropCounts()
        outcomes.append((list(read_notes(folder / name, drops=drops)), drops))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    notes, drops = outcomes[0]
    assert len(notes) + drops.total() == len(rows)


def test_gold_and_meta_come_through_parquet_as_through_json_lines(
    tmp_path: Path,
) -> None:
    gold = (CharSpan(0, 4, "Diseases", source="gold", concept_id="D1"),)
    notes = [
        Note("1", "p", "Gout.", "ECG", {"split": "dev"}, gold),
        Note("2", "p", "nil", "ECG", {"gold": True, "synthetic": True}),
        Note("3", "q", "more"),
    ]
    out = io.StringIO()
    write_jsonl(out, notes)
    (tmp_path / "x.jsonl").write_text(out.getvalue())
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    for name in ("x.jsonl", "x.parquet"):
        assert list(read_notes(tmp_path / name, drops=DropCounts())) == notes
