"""`evaluate`: strict scores of a trained pipeline on a split that it has not seen.

The model gets fresh Docs made of text (or of the given words) alone; gold and weak
labels stay on this side and are compared by character offsets.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..corpus.docs import GOLD, docbin_paths, read_docs
from ..errors import Errors, MslmError
from ..runners.atomic import atomic_write_text
from ..scoring.mistakes import count_mistakes
from ..scoring.strict import score
from ..scoring.unseen import GoldMention, em_by_seen, surface
from . import provenance
from .files import json_text, read_manifest, sha256_of

# Longest text in characters; spaCy's own limit of a million is about its parser.
MAX_LENGTH = 10**9
SMOKE = "smoke test on synthetic notes, not evidence"
AGREEMENT = "agreement with the labeller, not accuracy"
AGAINST_GOLD = "held-out notes against gold"
WEAK = "MedCAT labels"
TRAINED = "trained pipeline"

Mentions = list[GoldMention]


@dataclass
class Held:
    """What the corpus says of the documents, kept from the model, in their order."""

    weak: list[Mentions] = field(default_factory=list)
    gold: list[Mentions | None] = field(default_factory=list)  # None: not annotated
    patients: set[str] = field(default_factory=set)


def evaluate(
    model: str | Path,
    corpus: Path,
    out: Path,
    *,
    split: str = "test",
    on_note: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Score `model` on `corpus`/`split` and write the metrics to `out` as JSON.

    With gold there are two rows, the weak labels and the pipeline, each against the
    gold of the annotated notes; gold that fits no whole words counts as missed.
    Where the entities themselves are gold, one row; without gold one row against the
    weak labels. RETURNS (dict): what was written.

    Raises M741 (no such pipeline), M742 (no documents), M701, M730-M731 and M307-M308
    (no finished corpus, damage).
    """
    about = read_manifest(corpus, "corpus build")
    shards = docbin_paths(corpus / split)
    nlp = load_pipeline(model)
    held = Held()
    predicted = []
    for mentions in predict(nlp, read_docs(corpus / split, _vocab()), held):
        predicted.append(mentions)
        on_note()
    if not predicted:
        raise MslmError(Errors.M742.format(path=corpus, split=split))
    metrics = {
        **_scores(held, predicted, train_surfaces(corpus), about),
        "split": split,
        "patients": len(held.patients),
        "provenance": {
            "commit": provenance.git_commit(),
            "seed": nlp.config.interpolate().get("training", {}).get("seed"),
            "machine": provenance.machine(),
            "versions": provenance.versions(),
            "data_hash": sha256_of(shards),
        },
    }
    atomic_write_text(out, json_text(metrics))
    return metrics


def load_pipeline(model: str | Path) -> Language:
    """The pipeline of a folder or package name, ready for long texts."""
    try:
        nlp = spacy.load(model)
    except MslmError:
        raise
    except (OSError, ValueError, KeyError) as err:
        reason = (str(err).splitlines() or [type(err).__name__])[0][:200]
        raise MslmError(Errors.M741.format(model=model, reason=reason)) from err
    nlp.max_length = MAX_LENGTH
    return nlp


def predict(nlp: Language, docs: Iterable[Doc], held: Held) -> Iterator[Mentions]:
    """The entities that `nlp` finds in each text, `held` being filled on the way.

    Nothing but text, or words where a Doc knows no spaces, reaches `nlp`: no Doc, no
    user data and no context of the corpus.
    """
    for found in nlp.pipe(_fresh(nlp, docs, held)):
        yield [_mention(entity) for entity in found.ents]


def _fresh(nlp: Language, docs: Iterable[Doc], held: Held) -> Iterator[Doc]:
    for doc in docs:
        held.weak.append([_mention(entity) for entity in doc.ents])
        held.gold.append(_gold(doc))
        if patient := doc.user_data.get("patient_id"):
            held.patients.add(patient)
        yield fresh_doc(nlp, doc)


def fresh_doc(nlp: Language, doc: Doc) -> Doc:
    """A Doc of the same text, or words where no spaces are known, and nothing else."""
    if doc.has_unknown_spaces:
        return Doc(nlp.vocab, words=[token.text for token in doc])
    return nlp.make_doc(doc.text)


def _gold(doc: Doc) -> Mentions | None:
    if GOLD not in doc.spans:
        return None
    group = doc.spans[GOLD]
    lost = [
        (start, end, label, doc.text[start:end])
        for start, end, label in group.attrs.get("misaligned", ())
    ]
    return [_mention(span) for span in group] + lost


def _mention(span: Span) -> GoldMention:
    return span.start_char, span.end_char, span.label_, span.text


def train_surfaces(corpus: Path) -> set[str] | None:
    """The forms of all training entities; None where there is no training split."""
    if not (corpus / "train").is_dir():
        return None
    docs = read_docs(corpus / "train", _vocab())
    return {surface(entity.text) for doc in docs for entity in doc.ents}


def _scores(
    held: Held,
    predicted: Sequence[Mentions],
    surfaces: set[str] | None,
    about: dict[str, Any],
) -> dict[str, Any]:
    annotated = [i for i, mentions in enumerate(held.gold) if mentions is not None]
    has_gold = bool(about.get("has_gold", annotated)) and bool(annotated)
    if has_gold:
        gold = [held.gold[i] or [] for i in annotated]
        found = [predicted[i] for i in annotated]
        systems = [(TRAINED, "gold", found)]
        if about.get("entities_from") != GOLD:
            systems.insert(0, (WEAK, "gold", [held.weak[i] for i in annotated]))
    else:
        gold, found = held.weak, list(predicted)
        systems = [(TRAINED, WEAK, found)]
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


def _vocab() -> Vocab:
    """A vocabulary of its own, so that the model's learns no label of the corpus."""
    return spacy.blank("en").vocab
