"""Predicted spans as a Parquet table: a row a span, and no text of any note."""

from collections.abc import Iterable, Sequence
from typing import Any

from ...corpus.tasks import Task
from ...notes.parquet import load_pyarrow


def spans_table(tasks: Iterable[Task]) -> bytes:
    """`note_id`, `start`, `end` (characters of the note's text), `label`, `concept_id`,
    `confidence` (null where the pipeline gives none), in order of the notes.

    The same spans give the same bytes. A note without a span has no row. Raises M133
    without pyarrow.
    """
    arrow = load_pyarrow()
    rows = [
        (task.note.note_id, span, score)
        for task in tasks
        for span, score in task.scored()
    ]
    columns: dict[str, tuple[Any, Sequence[Any]]] = {
        "note_id": (arrow.string(), [note_id for note_id, _, _ in rows]),
        "start": (arrow.int64(), [span.start for _, span, _ in rows]),
        "end": (arrow.int64(), [span.end for _, span, _ in rows]),
        "label": (arrow.string(), [span.label for _, span, _ in rows]),
        "concept_id": (arrow.string(), [span.concept_id for _, span, _ in rows]),
        "confidence": (arrow.float64(), [score for _, _, score in rows]),
    }
    schema = arrow.schema([(name, kind) for name, (kind, _) in columns.items()])
    table = arrow.table({n: v for n, (_, v) in columns.items()}, schema=schema)
    sink = arrow.BufferOutputStream()
    arrow.parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())
