"""Predicted documents as files of each format: names and bytes, nothing written."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc, DocBin

from ...corpus import brat_out
from ...corpus.docs import STORED_ATTRS, SUFFIX
from ...corpus.label_studio import label_studio_task, labelling_config
from ...corpus.prodigy import prodigy_task
from ...corpus.tasks import Task
from ...notes.records import note_row
from ...pipeline.colours import COLOURS
from .sources import BRAT, DOCBIN, JSONL, LABEL_STUDIO, PRODIGY
from .spans_table import spans_table

SOURCE = "model"
# Written, never read back: it holds no text.
PARQUET = "parquet"
_ROW_ENDS = {ord(c): f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"}


@dataclass(frozen=True)
class Predicted:
    """A document that a pipeline has read: the Doc, and its spans as a task."""

    doc: Doc
    task: Task


# The files of one document or shard, and the name under which a document is found.
Files = dict[str, bytes]


@dataclass(frozen=True)
class Format:
    """How one format is written.

    `files`: of the documents of shard `number`. `place`: where a note is found in
    them, for the list of documents; `names`: the files of such a place. `suffixes` of
    the files, by which a stray one is known. `holds_text`: whether these hold text of
    the notes. `sidecars`: files beside, from all labels.
    """

    files: Callable[[int, Sequence[Predicted]], Files]
    place: Callable[[int, str], str]
    suffixes: tuple[str, ...]
    holds_text: bool = True
    sidecars: Callable[[Sequence[str]], Files] = lambda labels: {}
    names: Callable[[str], tuple[str, ...]] = lambda place: (place,)


def _in_shard(suffix: str) -> Callable[[int, str], str]:
    return lambda number, note_id: f"{number:05d}{suffix}"


# brat: two files a document


def _brat_files(number: int, documents: Sequence[Predicted]) -> Files:
    files: Files = {}
    for document in documents:
        task = document.task
        name = brat_out.file_name(task.note.note_id)
        lines = brat_out.annotation_text(task.note.text, task.spans, task.scores)
        files[name + brat_out.TXT] = task.note.text.encode("utf-8")
        files[name + brat_out.ANN] = lines.encode("utf-8")
    return files


def _brat_sidecars(labels: Sequence[str]) -> Files:
    return {brat_out.CONF: brat_out.configuration(labels).encode("utf-8")}


# Rows of JSON


def _prodigy_files(number: int, documents: Sequence[Predicted]) -> Files:
    return _rows(number, map(_prodigy_row, documents))


def _prodigy_row(document: Predicted) -> dict[str, Any]:
    doc = document.doc
    tokens = [(token.idx, token.idx + len(token)) for token in doc]
    found = (doc.char_span(s.start, s.end) for s in document.task.spans)
    spans = [(span.start, span.end - 1) for span in found if span is not None]
    return prodigy_task(document.task, tokens, spans)


def _jsonl_files(number: int, documents: Sequence[Predicted]) -> Files:
    return _rows(number, (_jsonl_row(document.task) for document in documents))


def _jsonl_row(task: Task) -> dict[str, Any]:
    """The note's own row, with "spans" as `label` writes them."""
    spans = [
        {
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "source": SOURCE,
            "concept_id": span.concept_id,
            **({} if score is None else {"score": round(score, 4)}),
        }
        for span, score in task.scored()
    ]
    return {**note_row(task.note), "spans": spans}


def _rows(number: int, rows: Iterable[dict[str, Any]]) -> Files:
    text = "".join(f"{_json(row)}\n" for row in rows)
    return {_in_shard(".jsonl")(number, ""): text.encode("utf-8")}


def _json(row: dict[str, Any]) -> str:
    """A row of JSON that stays one row for readers who also end rows at U+2028."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True).translate(_ROW_ENDS)


def _label_studio_files(number: int, documents: Sequence[Predicted]) -> Files:
    tasks = [label_studio_task(document.task) for document in documents]
    text = json.dumps(tasks, ensure_ascii=False, sort_keys=True, indent=1)
    return {_in_shard(".json")(number, ""): f"{text}\n".encode()}


def _label_studio_sidecars(labels: Sequence[str]) -> Files:
    return {"labels.xml": labelling_config(labels, COLOURS).encode("utf-8")}


# DocBin


def _docbin_files(number: int, documents: Sequence[Predicted]) -> Files:
    docs = [document.doc for document in documents]
    made = DocBin(attrs=STORED_ATTRS, store_user_data=True, docs=docs)
    return {_in_shard(SUFFIX)(number, ""): made.to_bytes()}


# Parquet


def _parquet_files(number: int, documents: Sequence[Predicted]) -> Files:
    data = spans_table(document.task for document in documents)
    return {_in_shard(".parquet")(number, ""): data}


WRITERS: Mapping[str, Format] = {
    BRAT: Format(
        _brat_files,
        lambda number, note_id: brat_out.file_name(note_id),
        (brat_out.TXT, brat_out.ANN),
        sidecars=_brat_sidecars,
        names=lambda place: (place + brat_out.TXT, place + brat_out.ANN),
    ),
    PRODIGY: Format(_prodigy_files, _in_shard(".jsonl"), (".jsonl",)),
    LABEL_STUDIO: Format(
        _label_studio_files,
        _in_shard(".json"),
        (".json",),
        sidecars=_label_studio_sidecars,
    ),
    DOCBIN: Format(_docbin_files, _in_shard(SUFFIX), (SUFFIX,)),
    JSONL: Format(_jsonl_files, _in_shard(".jsonl"), (".jsonl",)),
    PARQUET: Format(
        _parquet_files, _in_shard(".parquet"), (".parquet",), holds_text=False
    ),
}
