"""`annotate` by worker processes, and as a table: the same bytes as here."""

import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.records import write_jsonl
from spacy_mslm.runners import provenance
from spacy_mslm.runners.processes import ProcessEngine
from spacy_mslm.stages.annotating.annotate import AnnotateSettings, annotate_notes
from spacy_mslm.types import CharSpan, Note

# A package with a component of its own, as a hospital may have one.
POISON = """
import os, time
from spacy.language import Language

@Language.factory("poison")
def make(nlp, name):
    return act

def act(doc):
    for token in doc:
        if token.text == "CRASH":
            os._exit(3)
        if token.text == "HANG":
            time.sleep(600)
        if token.text == "RAISE":
            raise RuntimeError(doc.text)
    return doc
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "poison_of_a_test.py").write_text(POISON)
    about = folder / "poison_of_a_test-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: poison_of_a_test\nVersion: 1.0\n")
    entry = "[spacy_factories]\npoison = poison_of_a_test:make\n"
    (about / "entry_points.txt").write_text(entry)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        importlib.import_module("poison_of_a_test")
        yield folder


@pytest.fixture(scope="module")
def model(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "Symptoms", "pattern": "fever"},
            {"label": "Drugs", "pattern": "aspirin"},
        ]
    )
    nlp.add_pipe("poison")
    folder = tmp_path_factory.mktemp("models") / "ruler"
    nlp.to_disk(folder)
    return folder


def write_notes(folder: Path, texts: list[str]) -> Path:
    path = folder / "notes.jsonl"
    notes = [Note(f"n{i}", f"p{i % 3}", text) for i, text in enumerate(texts)]
    with path.open("w", encoding="utf-8") as file:
        write_jsonl(file, notes)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def annotate(
    model: Path, notes: Path, out: Path, form: str, engine: Any = None, **changes: Any
) -> dict[str, Any]:
    values = {"format": form, "shard_size": 4, "batch_size": 3, **changes}
    settings = AnnotateSettings(**values)
    return annotate_notes(model, notes, out, settings=settings, engine=engine)


TEXTS = [f"no fever {i}, on\n aspirin 😀" for i in range(10)] + ["nothing"]


# A worker takes seconds to load: few are begun here, and the runners' tests have more.


def test_the_folder_is_that_of_one_process(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(provenance, "git_commit", lambda: "of the test")
    notes = write_notes(tmp_path, TEXTS)
    here = annotate(model, notes, tmp_path / "here", "brat")
    there = annotate(model, notes, tmp_path / "there", "brat", ProcessEngine(2))
    assert tree(tmp_path / "here") == tree(tmp_path / "there")
    assert here == there and here["notes"] == 11
    assert here["spans"] == {"Drugs": 10, "Symptoms": 10}
    assert str(tmp_path) not in json.dumps(here)


@pytest.mark.parametrize("form", ["docbin", "parquet"])
def test_a_trained_pipeline_gives_the_same_scores(
    monkeypatch: pytest.MonkeyPatch, trained: Any, tmp_path: Path, form: str
) -> None:
    monkeypatch.setattr(provenance, "git_commit", lambda: "of the test")
    trained.to_disk(tmp_path / "model")
    texts = [f"Patient has fever {i} . Given aspirin for chest\npain" for i in range(9)]
    notes = write_notes(tmp_path, texts)
    annotate(tmp_path / "model", notes, tmp_path / "here", form)
    annotate(tmp_path / "model", notes, tmp_path / "there", form, ProcessEngine(1))
    assert tree(tmp_path / "here") == tree(tmp_path / "there")


def test_notes_that_the_pipeline_dies_of_are_left_and_named(
    model: Path, tmp_path: Path
) -> None:
    texts = [*TEXTS]
    for place, word in ((2, "CRASH"), (6, "RAISE"), (9, "HANG")):
        texts.insert(place, f"secret {word} fever")
    notes, out = write_notes(tmp_path, texts), tmp_path / "out"
    # Long enough for a group of notes on a busy machine.
    engine = ProcessEngine(1, note_timeout=3)
    manifest = annotate(model, notes, out, "brat", engine)
    assert manifest["failed"] == [
        {"error": "crash", "name": "n2"},
        {"error": "RuntimeError", "name": "n6"},
        {"error": "timeout", "name": "n9"},
    ]
    assert manifest["notes"] == 11 and manifest["files"] == 22
    assert manifest["spans"] == {"Drugs": 10, "Symptoms": 10}
    whole = tree(out)
    assert not any(b"secret" in data for data in whole.values())
    for name in ("n4.txt", "documents/part-00003.jsonl"):
        (out / name).unlink()
    annotate(model, notes, out, "brat", engine)
    assert {k: v for k, v in tree(out).items() if k != "manifest.json"} == {
        k: v for k, v in whole.items() if k != "manifest.json"
    }


# The table of spans


def read_table(folder: Path) -> list[dict[str, Any]]:
    parquet = pytest.importorskip("pyarrow.parquet")
    tables = [parquet.read_table(path) for path in sorted(folder.glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def test_a_table_holds_the_spans_and_no_text(model: Path, tmp_path: Path) -> None:
    notes, out = write_notes(tmp_path, TEXTS), tmp_path / "out"
    manifest = annotate(model, notes, out, "parquet")
    assert manifest["holds_text"] is False and manifest["files"] == 3
    rows = read_table(out)
    assert rows[:2] == [
        {
            "note_id": "n0",
            "start": 3,
            "end": 8,
            "label": "Symptoms",
            "concept_id": "",
            "confidence": None,
        },
        {
            "note_id": "n0",
            "start": 16,
            "end": 23,
            "label": "Drugs",
            "concept_id": "",
            "confidence": None,
        },
    ]
    assert [row["note_id"] for row in rows] == [f"n{i // 2}" for i in range(20)]
    for row in rows:
        text = TEXTS[int(row["note_id"][1:])]
        assert text[row["start"] : row["end"]] in ("fever", "aspirin")
    assert not any(b"fever" in data for data in tree(out).values())


def test_shards_without_a_span_have_the_same_columns(
    model: Path, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    notes = write_notes(tmp_path, ["nothing", "fever"])
    annotate(model, notes, tmp_path / "out", "parquet", shard_size=1)
    empty, full = sorted((tmp_path / "out").glob("*.parquet"))
    assert parquet.read_schema(empty) == parquet.read_schema(full)
    assert parquet.read_table(empty).num_rows == 0


def test_without_pyarrow_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MslmError, match=r"^\[M133\].*'spacy-mslm\[parquet\]'"):
        annotate(model, write_notes(tmp_path, TEXTS), tmp_path / "out", "parquet")


def test_a_document_that_a_format_cannot_hold_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path
) -> None:
    from spacy_mslm.stages.annotating import formats

    def row(task: Any) -> dict[str, Any]:
        if task.note.note_id == "n2":
            raise OverflowError(task.note.text)
        return {"id": task.note.note_id}

    monkeypatch.setattr(formats, "_jsonl_row", row)
    notes, out = write_notes(tmp_path, TEXTS), tmp_path / "out"
    manifest = annotate(model, notes, out, "jsonl")
    assert manifest["failed"] == [{"error": "OverflowError", "name": "n2"}]
    ids = [json.loads(line)["id"] for line in (out / "00000.jsonl").open()]
    assert ids == ["n0", "n1", "n3"]
    listed = (out / "documents" / "part-00000.jsonl").read_text().splitlines()
    assert [json.loads(line)["note_id"] for line in listed] == ids
    assert manifest["notes"] == 10


def test_spans_that_a_pipeline_without_confidences_found_stay(tmp_path: Path) -> None:
    from spacy_mslm.corpus.tasks import Task
    from spacy_mslm.stages.annotating.spans_table import spans_table

    note = Note("é", "p", "fever")
    spans = (CharSpan(0, 5, "S", "model", "C1"), CharSpan(1, 2, "T", "model"))
    data = spans_table([Task(note, spans, (0.25, None), "m")])
    (tmp_path / "one.parquet").write_bytes(data)
    rows = read_table(tmp_path)
    assert [row["confidence"] for row in rows] == [0.25, None]
    assert rows[0]["note_id"] == "é" and rows[1]["concept_id"] == ""
    assert data == spans_table([Task(note, spans, (0.25, None), "m")])
    assert os.listdir(tmp_path) == ["one.parquet"]
