"""`report`: a work folder as one HTML page and a summary without text of notes.

The page's notes and mistakes come from fresh predictions on the split that was scored;
the pipeline reads text (or the given words) alone, as in `evaluate`.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ...corpus.docs import GOLD, docbin_paths, read_docs
from ...errors import Errors, MslmError
from ...pipeline.confidence import confidence
from ...report.held import HeldNote, key
from ...report.page import Report, render_page, render_summary
from ...report.scores import trained_row
from ...report.settings import model_settings
from ...report.surfaces import SurfaceCounts
from ...runners.atomic import atomic_write_text
from ...types import CharSpan
from ..files import MANIFEST, read_manifest, sha256_of
from ..gold.outputs import SAYS, measured_on, read_json
from .evaluate import train_surfaces
from .held_out import fresh_doc, fresh_vocab, load_pipeline

PAGE, SUMMARY = "index.html", "summary.md"
NOTES_SHOWN = 10
PREDICTED = "predicted"


@dataclass(frozen=True)
class Written:
    """What `report` wrote, and the metrics that it shows."""

    page: Path
    summary: Path
    metrics: Mapping[str, Any]
    warnings: tuple[str, ...]


def write_report(
    work: Path, out: Path | None = None, *, notes: int = NOTES_SHOWN
) -> Written:
    """Write `out`/index.html (it holds text of notes) and `out`/summary.md (none).

    work (Path): a work folder after `evaluate`: metrics.json, calibrated/ and
        corpus/; training/log.jsonl and the manifests of labels/ and concepts/ where
        there are some.
    out (Path): a folder inside `work`, by default work/report.
    notes (int): how many held-out notes to show.

    Raises M701 (no such folder), M761-M764 (no metrics, metrics of another corpus, a
    damaged log, `out` elsewhere), M741 (no pipeline), M307-M308 and M730-M731.
    """
    out = _inside(work, out or work / "report")
    metrics = read_metrics(work / "metrics.json")
    corpus = measured_on(work / "corpus", work / "gold")
    shards = docbin_paths(corpus / metrics["split"])
    if metrics.get("provenance", {}).get("data_hash") not in (None, sha256_of(shards)):
        raise MslmError(Errors.M762.format(path=work / "metrics.json"))
    nlp = load_pipeline(work / "calibrated")
    surfaces = SurfaceCounts(train_surfaces(work / "corpus", work / "gold"))
    shown, counts = _survey(nlp, corpus, metrics, notes, surfaces)
    report = Report(
        name=work.resolve().name,
        metrics=metrics,
        manifests=read_manifests(work),
        settings=pipeline_settings(nlp),
        log=read_log(work / "training" / "log.jsonl"),
        notes=shown,
        surfaces=surfaces,
        warnings=_compare(counts, metrics),
    )
    atomic_write_text(out / PAGE, render_page(report))
    atomic_write_text(out / SUMMARY, render_summary(report))
    return Written(out / PAGE, out / SUMMARY, metrics, tuple(report.warnings))


def read_metrics(path: Path) -> dict[str, Any]:
    """What `evaluate` wrote. Raises M761 where it is missing or something else."""
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        trained_row(metrics)["micro"]["tp"], metrics["headline"], metrics["split"]
    except (OSError, ValueError, LookupError, TypeError) as err:
        reason = "missing" if isinstance(err, OSError) else "damaged"
        raise MslmError(Errors.M761.format(path=path, reason=reason)) from err
    return metrics


def read_manifests(work: Path) -> dict[str, dict[str, Any]]:
    """The manifests in a work folder, and what `gold` says; {} for a stage that left
    none (as with IOB)."""
    manifests = {
        stage: read_manifest(work / stage, stage)
        if (work / stage / MANIFEST).is_file()
        else {}
        for stage in ("labels", "concepts", "corpus")
    }
    return {**manifests, "gold": read_json(work / "gold" / SAYS)}


def read_log(path: Path) -> list[dict[str, Any]]:
    """The rows of a training log, none where there is no log. A last row cut short by
    a stopped training is left out; raises M763 for any other damage."""
    if not path.is_file():
        return []
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            row["step"], dict(row["losses"]), dict(row["scores"])
        except (ValueError, LookupError, TypeError) as err:
            if number == len(lines):
                break
            raise MslmError(Errors.M763.format(path=path, row=number)) from err
        rows.append(row)
    return rows


def pipeline_settings(nlp: Language) -> dict[str, Any]:
    """What the pipeline was trained with; also what a model card needs."""
    known = (getattr(pipe, "cfg", None) or {} for _, pipe in nlp.components)
    trained = next((cfg for cfg in known if "mask_weights" in cfg), {})
    return model_settings(nlp.config.interpolate(), trained)


def _inside(work: Path, out: Path) -> Path:
    """`out`, which must lie in `work`: the page holds text of notes."""
    if not work.is_dir():
        raise MslmError(Errors.M701.format(path=work))
    if not out.resolve().is_relative_to(work.resolve()):
        raise MslmError(Errors.M764.format(path=out, work=work))
    return out


def _survey(
    nlp: Language,
    corpus: Path,
    metrics: Mapping[str, Any],
    notes: int,
    surfaces: SurfaceCounts,
) -> tuple[list[HeldNote], tuple[int, int, int]]:
    """The notes to show, and (tp, fp, fn) to compare; mistakes over all notes are
    added to `surfaces`."""
    chosen = evenly(metrics["notes"], notes)
    shown: list[HeldNote] = []
    right = found = true = 0
    docs = read_docs(corpus / metrics["split"], fresh_vocab())
    for number, note in enumerate(held_notes(nlp, docs, gold=metrics["has_gold"])):
        surfaces.add(note)
        if number in chosen:
            shown.append(note)
        predicted = {key(span) for span in note.predicted}
        reference = {key(span) for span in note.reference}
        right += len(predicted & reference)
        found, true = found + len(predicted), true + len(reference)
    return shown, (right, found - right, true - right)


def evenly(total: int, wanted: int) -> set[int]:
    """`wanted` places out of `total`, evenly spaced, so that no result chooses them."""
    wanted = min(wanted, total)
    return {(2 * i + 1) * total // (2 * wanted) for i in range(wanted)}


def held_notes(nlp: Language, docs: Iterable[Doc], *, gold: bool) -> Iterator[HeldNote]:
    """Each Doc beside what `nlp` predicts from its text; with `gold`, those that are
    annotated. Nothing but text, or words where no spaces are known, reaches `nlp`."""
    kept = (doc for doc in docs if not gold or GOLD in doc.spans)
    pairs = ((fresh_doc(nlp, doc), (doc, n)) for n, doc in enumerate(kept, start=1))
    for found, (doc, number) in nlp.pipe(pairs, as_tuples=True):
        predicted = tuple(
            CharSpan(
                entity.start_char,
                entity.end_char,
                entity.label_,
                source=PREDICTED,
                score=math.nan if (score := confidence(entity)) is None else score,
            )
            for entity in found.ents
        )
        name = str(doc.user_data.get("note_id") or f"document {number}")
        yield HeldNote(name, doc.text, predicted, tuple(_reference(doc, gold=gold)))


def _reference(doc: Doc, *, gold: bool) -> Iterator[CharSpan]:
    """Gold, also what fits no whole words; or the weak labels as the corpus has."""
    source = GOLD if gold else "weak"
    for span in doc.spans[GOLD] if gold else doc.ents:
        yield CharSpan(span.start_char, span.end_char, span.label_, source=source)
    if gold:
        for start, end, label in doc.spans[GOLD].attrs.get("misaligned", ()):
            yield CharSpan(start, end, label, source=source)


def _compare(counts: tuple[int, int, int], metrics: Mapping[str, Any]) -> list[str]:
    """A warning where these predictions are not those that were scored."""
    micro = trained_row(metrics)["micro"]
    if counts == (micro["tp"], micro["fp"], micro["fn"]):
        return []
    return [
        "The pipeline now predicts otherwise than when it was scored, so scores and "
        "notes may not fit together: run 'evaluate' again."
    ]
