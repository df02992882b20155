"""Prodigy's JSON lines (`ner.manual`, `ner.correct`, `spans.manual`), in and out.

A row is a task: {"text", "meta", "tokens", "spans", "answer"}; offsets count
characters, and a span's `token_end` is its last token. In: spans are taken by their
characters, and "answer" is respected: "accept" is annotation, if of no span; "reject"
and "ignore" are counted and left, as is a task that holds predictions (`meta.model`,
which our export writes) nobody has answered. Any other row without an answer counts as
accepted. Answers about one span alone (`ner.teach`, view "ner") say nothing of the rest
of the text: they are counted and left.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .tasks import PREDICTED, Task, make_note, span_range
from .textfiles import field_of, json_rows

REJECTED = "rejected or ignored task"
ONE_SPAN = "answer about one span alone (ner.teach)"
_VIEW_OF_ONE_SPAN = "ner"


def is_task(row: Mapping[str, Any]) -> bool:
    """Whether a JSON row looks like one of Prodigy's."""
    return "text" in row and bool({"spans", "answer", "tokens"} & row.keys())


def read_prodigy(path: Path, *, drops: DropCounts) -> Iterator[Note]:
    """The accepted tasks of a file. Raises M333 (no JSON), M334 (a field is missing or
    of another type), M337 (a span outside the text), M326-M327."""
    for row, task in json_rows(path):
        text = field_of(path, row, task, "text", str, None)
        answer = field_of(path, row, task, "answer", str, "")
        meta = field_of(path, row, task, "meta", dict, {})
        if answer not in ("", "accept", "reject", "ignore"):
            kind = "accept, reject or ignore"
            where = Errors.M334.format(path=path, row=row, field="answer", kind=kind)
            raise MslmError(where)
        if answer in ("reject", "ignore"):
            drops[REJECTED] += 1
            continue
        if task.get("_view_id") == _VIEW_OF_ONE_SPAN:
            drops[ONE_SPAN] += 1
            continue
        if not answer and "model" in meta:
            drops[PREDICTED] += 1
            continue
        spans = [
            _span(path, row, position, span, text)
            for position, span in enumerate(
                field_of(path, row, task, "spans", list, []), 1
            )
        ]
        yield make_note(text, meta, spans, task.get("_input_hash"), drops)


def _span(path: Path, row: int, position: int, span: Any, text: str) -> CharSpan:
    start, end = span_range(path, row, position, span, text)
    label = field_of(path, row, span, "label", str, None)
    concept = field_of(path, row, span, "kb_id", str, "")
    return CharSpan(start, end, label, "gold", concept)


def prodigy_task(
    task: Task, tokens: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """A row for Prodigy. `tokens`: the character range of each token; `spans`: the
    first and the last token of each span of the task."""
    text = task.note.text
    return {
        "text": text,
        "meta": task.meta(),
        "tokens": [
            {
                "text": text[start:end],
                "start": start,
                "end": end,
                "id": i,
                "ws": text[end : end + 1] == " ",
            }
            for i, (start, end) in enumerate(tokens)
        ],
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "label": span.label,
                "token_start": first,
                "token_end": last,
                **({} if score is None else {"score": round(score, 4)}),
                **({"kb_id": span.concept_id} if span.concept_id else {}),
            }
            for (span, score), (first, last) in zip(task.scored(), spans, strict=True)
        ],
    }
