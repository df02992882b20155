"""`evaluate`: strict scores of a trained pipeline on a split that it has not seen.

The model gets fresh Docs made of text (or of the given words) alone; gold and weak
labels stay on this side and are compared by character offsets. So are confidences,
before and after the pipeline's temperature.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language

from ...corpus.docs import GOLD, docbin_paths, read_docs
from ...errors import Errors, MslmError
from ...runners import provenance
from ...runners.atomic import atomic_write_text
from ...scoring.mistakes import count_mistakes
from ...scoring.strict import score
from ...scoring.unseen import em_by_seen, surface
from ..files import json_text, read_manifest, sha256_of
from ..gold.outputs import measured_on
from .confidences import Judged, entity_components, judge, temperature_of
from .held_out import (
    WEAK,
    Held,
    Mentions,
    Reference,
    fresh_vocab,
    load_pipeline,
    predict,
    predict_raw,
    reference_of,
)

SMOKE = "smoke test on synthetic notes, not evidence"
AGREEMENT = "agreement with the labeller, not accuracy"
AGAINST_GOLD = "held-out notes against gold"
TRAINED = "trained pipeline"


def evaluate(
    model: str | Path,
    corpus: Path,
    out: Path,
    *,
    split: str = "test",
    calibration: Path | None = None,
    gold: Path | None = None,
    on_note: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Score `model` on `corpus`/`split` and write the metrics to `out` as JSON.

    With gold there are two rows, the weak labels and the pipeline, each against the
    gold of the annotated notes; gold that fits no whole words counts as missed.
    Where the entities themselves are gold, one row; without gold one row against the
    weak labels. "calibration" says what confidences are worth on the same notes, None
    for a pipeline that gives none. RETURNS (dict): what was written.

    calibration (Path): what `calibrate` wrote about this pipeline, to be kept beside
        the numbers of this split.
    gold (Path): a folder that `gold` wrote; where the pipeline was trained on gold
        documents, it is scored on those that it has not seen, instead of `corpus`.

    Raises M741 (no such pipeline), M742 (no documents), M780 and M782 (`calibration`
    of another pipeline, or damaged), M701, M730-M731 and M307-M308 (no finished
    corpus, damage).
    """
    surfaces = train_surfaces(corpus, gold)
    corpus = measured_on(corpus, gold)
    about = read_manifest(corpus, "corpus build")
    shards = docbin_paths(corpus / split)
    nlp = load_pipeline(model)
    fit = None if calibration is None else _read_calibration(calibration, nlp)
    held, raw = predict_raw(nlp, corpus / split, on_note)
    if not raw:
        raise MslmError(Errors.M742.format(path=corpus, split=split))
    reference = reference_of(held, about)
    if any(pipe.threshold for pipe in entity_components(nlp)):
        again = read_docs(corpus / split, fresh_vocab())
        predicted = list(predict(nlp, again, Held()))
    else:
        predicted = [[mention for mention, _ in scored] for scored in raw]
    metrics = {
        **_scores(held, reference, predicted, surfaces, about),
        "split": split,
        "patients": len(held.patients),
        "calibration": _calibration(
            nlp, judge(reference.mentions, reference.of(raw)), reference, split, fit
        ),
        "provenance": provenance_of(nlp, shards),
    }
    atomic_write_text(out, json_text(metrics))
    return metrics


def provenance_of(nlp: Language, shards: Iterable[Path]) -> dict[str, Any]:
    """Where numbers of `nlp` on the documents of `shards` come from."""
    return {
        "commit": provenance.git_commit(),
        "seed": nlp.config.interpolate().get("training", {}).get("seed"),
        "machine": provenance.machine(),
        "versions": provenance.versions(),
        "data_hash": sha256_of(shards),
    }


def _calibration(
    nlp: Language,
    judged: Judged,
    reference: Reference,
    split: str,
    fit: dict[str, Any] | None,
) -> dict[str, Any] | None:
    if not entity_components(nlp):
        return None
    temperature = temperature_of(nlp)
    held_out = {
        "split": split,
        "against": reference.against,
        "notes": len(reference.documents),
        "measured": judged.measure(temperature),
    }
    return {"temperature": temperature, "fit": fit, "held_out": held_out}


def _read_calibration(path: Path, nlp: Language) -> dict[str, Any]:
    """What `calibrate` wrote. Raises M782 for anything else, M780 where the
    temperature is not that of `nlp`."""
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        temperature, _ = float(made["temperature"]), bool(made["fitted"])
    except (OSError, ValueError, LookupError, TypeError) as err:
        reason = "missing" if isinstance(err, OSError) else "damaged"
        raise MslmError(Errors.M782.format(path=path, reason=reason)) from err
    if not math.isclose(temperature, temperature_of(nlp), rel_tol=1e-6):
        raise MslmError(
            Errors.M780.format(path=path, got=temperature, expected=temperature_of(nlp))
        )
    return dict(made)


def train_surfaces(corpus: Path, gold: Path | None) -> set[str] | None:
    """The forms of all training entities, weak and gold; None where there is no
    training split."""
    corpora = {corpus, measured_on(corpus, gold)}
    folders = [c / "train" for c in corpora if (c / "train").is_dir()]
    if not folders:
        return None
    docs = (doc for f in folders for doc in read_docs(f, fresh_vocab()))
    return {surface(entity.text) for doc in docs for entity in doc.ents}


def _scores(
    held: Held,
    reference: Reference,
    predicted: Sequence[Mentions],
    surfaces: set[str] | None,
    about: dict[str, Any],
) -> dict[str, Any]:
    gold, has_gold = reference.mentions, reference.is_gold
    found = reference.of(predicted)
    systems = [(TRAINED, reference.against, found)]
    if has_gold and about.get("entities_from") != GOLD:
        systems.insert(0, (WEAK, reference.against, reference.of(held.weak)))
    synthetic = bool(about.get("synthetic"))
    return {
        "headline": headline(synthetic=synthetic, has_gold=has_gold),
        "synthetic": synthetic,
        "has_gold": has_gold,
        "notes": len(gold),
        "notes_without_gold": len(predicted) - len(gold),
        "rows": [
            {"system": name, "against": against, **_row(gold, spans, surfaces)}
            for name, against, spans in systems
        ],
        "errors": count_mistakes(_spans(gold), _spans(found)),
    }


def headline(*, synthetic: bool, has_gold: bool) -> str:
    """What the numbers may be called."""
    if synthetic:
        return SMOKE
    return AGAINST_GOLD if has_gold else AGREEMENT


def _row(
    gold: Sequence[Mentions], found: Sequence[Mentions], surfaces: set[str] | None
) -> dict[str, Any]:
    spans = _spans(found)
    seen: dict[str, dict[str, Any]] = {}
    if surfaces is not None:
        seen = em_by_seen(gold, spans, surfaces)
    nothing = {"n": 0, "em": None}
    return {
        **score(_spans(gold), spans).to_dict(),
        "em_seen": seen.get("seen", nothing),
        "em_unseen": seen.get("unseen", nothing),
    }


def _spans(mentions: Sequence[Mentions]) -> list[set[tuple[int, int, str]]]:
    return [{m[:3] for m in found} for found in mentions]
