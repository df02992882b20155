"""What a pipeline found in a document, as character spans with confidences."""

from collections import Counter
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from ...corpus.tasks import Task
from ...errors import Errors, MslmError
from ...pipeline.confidence import SCORES_KEY, confidence
from ...types import CharSpan, Note
from ..files import sha256_of
from .formats import SOURCE, Predicted

BELOW = "span below --threshold"


def about_pipeline(nlp: Language) -> dict[str, Any]:
    """Name, version, labels and hash of a pipeline: no path, no text."""
    labels: set[str] = set()
    for name in nlp.pipe_names:
        assigned = nlp.get_pipe_meta(name).assigns
        if "doc.ents" in assigned or "doc.spans" in assigned:
            labels.update(nlp.pipe_labels.get(name, ()))
    folder = nlp.path
    files = sorted(p for p in Path(folder).rglob("*") if p.is_file()) if folder else []
    return {
        "name": f"{nlp.meta.get('lang')}_{nlp.meta.get('name')}",
        "version": str(nlp.meta.get("version", "")),
        "labels": sorted(labels),
        "sha256": sha256_of(files),
    }


def predicted(
    doc: Doc,
    note: Note,
    model: str,
    *,
    spans_key: str,
    threshold: float,
    drops: Counter[str],
) -> Predicted:
    """The document as a task, and the Doc with the same spans and the note's ids.

    Raises M790 where the Doc's text is not the note's, as offsets would not fit.
    """
    if doc.text != note.text:
        raise MslmError(Errors.M790.format(model=model, note=note.note_id))
    found = list(doc.spans.get(spans_key, ())) if spans_key else list(doc.ents)
    scored = [(span, confidence(span, spans_key or None)) for span in found]
    kept = [(span, score) for span, score in scored if not _below(score, threshold)]
    if below := len(scored) - len(kept):
        drops[BELOW] += below
        _keep(doc, [span for span, _ in kept], spans_key)
    doc.user_data.clear()
    doc.user_data.update(
        note_id=note.note_id, patient_id=note.patient_id, category=note.category
    )
    spans = tuple(_char_span(span) for span, _ in kept)
    scores = tuple(score for _, score in kept)
    return Predicted(doc, Task(note, spans, scores, model))


def _below(score: float | None, threshold: float) -> bool:
    return score is not None and score < threshold


def _char_span(span: Span) -> CharSpan:
    return CharSpan(span.start_char, span.end_char, span.label_, SOURCE, span.kb_id_)


def _keep(doc: Doc, spans: list[Span], spans_key: str) -> None:
    """Leave these spans alone, and their confidences, on the Doc."""
    key = spans_key or SCORES_KEY
    if not spans_key:
        doc.set_ents(spans)
    if key in doc.spans:
        scores = [confidence(span, key) for span in spans]
        attrs = {**doc.spans[key].attrs, "scores": scores}
        doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs=attrs)
