"""Label Studio's JSON (named entities: a Labels tag over a Text tag), in and out.

Out: a list of tasks, the text in `data.text`, the model's spans in `predictions`. In:
the JSON export. Annotations are read, never predictions; cancelled (skipped) ones are
counted and left. Of several annotations of a task the one marked as ground truth
stands, else the last; the others are counted.

Offsets count characters (code points) and line ends are written as `\\n` in the quoted
text; so Label Studio's own tests have it. Its versions before 1.5 counted UTF-16 units:
a span whose quoted text fits in those alone is read so, and counted (see `offsets`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .offsets import DIFFERENT, FROM_UTF16, UTF16, find_quoted, squeezed
from .tasks import PREDICTED, Task, make_note
from .textfiles import field_of, identifier, json_objects, json_rows

FROM_NAME, TO_NAME = "label", "text"
CONCEPT = "concept "
CANCELLED = "cancelled annotation"
OTHER_ANNOTATION = "further annotation of one task"
OTHER_RESULT = "result of another type than labels"
NO_LABEL = "span without a label"
NOT_THERE = "span whose text is not at its offsets"


def is_task(row: Mapping[str, Any]) -> bool:
    """Whether a JSON object looks like a task of Label Studio."""
    return "data" in row or "annotations" in row or "completions" in row


def read_label_studio(path: Path, *, drops: DropCounts) -> Iterator[Note]:
    """The annotated tasks of an export (.json, or .jsonl with a task a row).

    Raises M333 (no JSON), M334 (a field is missing or of another type), M337 (a span
    outside the text), M341 (no text), M326-M327.
    """
    rows = json_rows if path.suffix.lower() == ".jsonl" else json_objects
    for row, task in rows(path):
        data = field_of(path, row, task, "data", dict, {})
        if "text" not in data:
            raise MslmError(Errors.M341.format(path=path, row=row))
        text = field_of(path, row, data, "text", str, None)
        chosen = _annotation(path, row, task, drops)
        if chosen is not None:
            spans = [
                span
                for position, result in enumerate(
                    field_of(path, row, chosen, "result", list, []), 1
                )
                for span in _spans(path, row, position, result, text, drops)
            ]
            yield make_note(text, data, spans, task.get("id"), drops)


def _annotation(
    path: Path, row: int, task: Mapping[str, Any], drops: DropCounts
) -> Mapping[str, Any] | None:
    """The annotation of a task that counts, or None."""
    key = "annotations" if "annotations" in task else "completions"
    found = field_of(path, row, task, key, list, [])
    for annotation in found:
        if not isinstance(annotation, dict):
            where = Errors.M334.format(path=path, row=row, field=key, kind="objects")
            raise MslmError(where)
    kept = [a for a in found if not a.get("was_cancelled")]
    if cancelled := len(found) - len(kept):
        drops[CANCELLED] += cancelled
    if not kept:
        if not found:
            drops[PREDICTED] += 1
        return None
    if len(kept) > 1:
        drops[OTHER_ANNOTATION] += len(kept) - 1
    return next((a for a in kept if a.get("ground_truth")), kept[-1])


def _spans(
    path: Path, row: int, position: int, result: Any, text: str, drops: DropCounts
) -> list[CharSpan]:
    """The spans of one result: one for each of its labels."""
    if not isinstance(result, dict) or result.get("type") != "labels":
        drops[OTHER_RESULT] += 1
        return []
    value = field_of(path, row, result, "value", dict, None)
    labels = field_of(path, row, value, "labels", list, [])
    if not all(isinstance(label, str) and label for label in labels):
        where = Errors.M334.format(path=path, row=row, field="labels", kind="texts")
        raise MslmError(where)
    if not labels:
        drops[NO_LABEL] += 1
    start, end = _offset(value.get("start")), _offset(value.get("end"))
    quote = field_of(path, row, value, "text", str, "")
    if quote:
        kind, [(start, end)] = find_quoted(
            text, [(start, end)], _quoted([quote]), _quoted, _squeezed
        )
        if kind == UTF16:
            drops[FROM_UTF16] += 1
        elif kind == DIFFERENT and 0 <= start < end <= len(text):
            drops[NOT_THERE] += 1
            return []
    if not 0 <= start < end <= len(text):
        raise MslmError(
            Errors.M337.format(path=path, row=row, position=position, length=len(text))
        )
    concept = _concept(result.get("meta"))
    return [CharSpan(start, end, label, "gold", concept) for label in labels]


def _concept(meta: Any) -> str:
    """The concept that our export wrote into the notes of a region, or ""."""
    notes = meta.get("text") if isinstance(meta, dict) else None
    first = notes[0] if isinstance(notes, list) and notes else ""
    named = isinstance(first, str) and first.startswith(CONCEPT)
    return first.removeprefix(CONCEPT).strip() if named else ""


def _quoted(parts: Sequence[str]) -> str:
    """A text as Label Studio quotes it: a line end is a backslash and an n."""
    return "".join(parts).replace("\n", "\\n")


def _squeezed(text: str) -> str:
    """Without white space and line ends, however these were written."""
    return squeezed(text.replace("\\n", ""))


def _offset(value: Any) -> int:
    """A whole number, also where it is written as text; -1 (never good) otherwise."""
    text = identifier(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1


# Out


def label_studio_task(task: Task) -> dict[str, Any]:
    """A task for import, with the model's spans as one prediction."""
    results = [
        {
            "id": f"p{i}",
            "from_name": FROM_NAME,
            "to_name": TO_NAME,
            "type": "labels",
            "value": {
                "start": span.start,
                "end": span.end,
                "text": task.note.text[span.start : span.end],
                "labels": [span.label],
            },
            **({} if score is None else {"score": round(score, 4)}),
            **(
                {"meta": {"text": [CONCEPT + span.concept_id]}}
                if span.concept_id
                else {}
            ),
        }
        for i, (span, score) in enumerate(task.scored())
    ]
    meta = task.meta()
    model = meta.pop("model", "")
    scores = [score for score in task.scores if score is not None]
    least = {"score": round(min(scores), 4)} if scores else {}
    prediction = {"model_version": model, "result": results, **least}
    return {"data": {"text": task.note.text, **meta}, "predictions": [prediction]}


def labelling_config(labels: Sequence[str], colours: Mapping[str, str]) -> str:
    """The labelling interface as Label Studio's XML, all white space shown."""
    rows = [
        f"    <Label value={quoteattr(label)}{_background(colours.get(label))}/>"
        for label in labels
    ]
    return "\n".join(
        [
            "<View>",
            "  <Style>.htx-text{ white-space: pre-wrap; }</Style>",
            f'  <Labels name="{FROM_NAME}" toName="{TO_NAME}">',
            *rows,
            "  </Labels>",
            f'  <Text name="{TO_NAME}" value="$text"/>',
            "</View>\n",
        ]
    )


def _background(colour: str | None) -> str:
    return f" background={quoteattr(colour)}" if colour else ""
