"""The component's scorer: strict spans, the same code as every other score here."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.tokens import Span
from spacy.training import Example

from ..scoring.strict import score


def score_entities(examples: Iterable[Example], **_: Any) -> dict[str, Any]:
    """Strict precision, recall (EM) and F1 of `doc.ents`, and per type.

    Documents without entity annotation are left out; None where nothing is left.
    A prediction on words whose annotation is missing is neither right nor wrong.
    """
    gold, predicted = [], []
    for example in examples:
        if example.reference.has_annotation("ENT_IOB"):
            gold.append(_spans(example.reference.ents))
            predicted.append(_spans(_judged(example)))
    if not gold:
        return dict.fromkeys(("ents_p", "ents_r", "ents_f", "ents_per_type"))
    scores = score(gold, predicted)
    return {
        "ents_p": scores.micro.precision,
        "ents_r": scores.micro.recall,
        "ents_f": scores.micro.f1,
        "ents_macro_f": scores.macro_f,
        "ents_per_type": {
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
