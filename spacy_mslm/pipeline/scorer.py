"""The component's scorer: strict spans, the same code as every other score here."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from spacy.tokens import Span
from spacy.training import Example

from ..scoring.strict import StrictScores, score


def score_entities(
    examples: Iterable[Example],
    *,
    spans_key: str | None = None,
    labels: Collection[str] = (),
    **_: Any,
) -> dict[str, Any]:
    """Strict precision, recall (EM) and F1 of `doc.ents`, and per type.

    Documents without entity annotation are left out; None where nothing is left.
    A prediction on words whose annotation is missing is neither right nor wrong.
    With `spans_key` the same of `doc.spans[spans_key]`, over `labels` alone, under
    names that begin with "spans_KEY_"; the reference is its span group of that key,
    or its entities where it has none.
    """
    if spans_key is not None:
        return _score_spans(examples, spans_key, set(labels))
    gold, predicted = [], []
    for example in examples:
        if example.reference.has_annotation("ENT_IOB"):
            gold.append(_spans(example.reference.ents))
            predicted.append(_spans(_judged(example)))
    if not gold:
        return dict.fromkeys(("ents_p", "ents_r", "ents_f", "ents_per_type"))
    return _named(score(gold, predicted), "ents")


def _score_spans(
    examples: Iterable[Example], key: str, labels: set[str]
) -> dict[str, Any]:
    name = f"spans_{key}"
    gold, predicted = [], []
    for example in examples:
        reference = example.reference
        if key in reference.spans:
            true = _spans(reference.spans[key])
        elif reference.has_annotation("ENT_IOB"):
            true = _spans(reference.ents)
        else:
            continue
        found = example.predicted.spans.get(key, ())
        gold.append([s for s in true if s[2] in labels])
        predicted.append([s for s in _spans(found) if s[2] in labels])
    if not gold:
        return dict.fromkeys(f"{name}_{part}" for part in ("p", "r", "f", "per_type"))
    return _named(score(gold, predicted), name)


def _named(scores: StrictScores, name: str) -> dict[str, Any]:
    return {
        f"{name}_p": scores.micro.precision,
        f"{name}_r": scores.micro.recall,
        f"{name}_f": scores.micro.f1,
        f"{name}_macro_f": scores.macro_f,
        f"{name}_per_type": {
            label: {"p": c.precision, "r": c.recall, "f": c.f1}
            for label, c in scores.per_type.items()
        },
    }


def _judged(example: Example) -> list[Span]:
    """The predicted entities that lie on annotated words of the reference."""
    reference = example.reference
    if all(token.ent_iob for token in reference):
        return list(example.predicted.ents)
    judged = []
    for entity in example.predicted.ents:
        words = reference.char_span(
            entity.start_char, entity.end_char, alignment_mode="expand"
        )
        if words is not None and all(token.ent_iob for token in words):
            judged.append(entity)
    return judged


def _spans(entities: Iterable[Any]) -> list[tuple[int, int, str]]:
    return [(e.start_char, e.end_char, e.label_) for e in entities]


def make_mslm_scorer() -> Callable[..., dict[str, Any]]:
    """`spacy-mslm.MslmScorer.v1`."""
    return score_entities
