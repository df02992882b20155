"""`span._.confidence`: read from a span group, which a DocBin keeps."""

from spacy.tokens import Span

SCORES_KEY = "ner_scores"


def confidence(span: Span) -> float | None:
    """`span._.confidence`: P(span) x P(type) of a predicted entity, else None."""
    group = span.doc.spans.get(SCORES_KEY)
    if group is None:
        return None
    for entity, score in zip(group, group.attrs["scores"], strict=True):
        if (entity.start, entity.end, entity.label) == (
            span.start,
            span.end,
            span.label,
        ):
            return score
    return None


Span.set_extension("confidence", getter=confidence, force=True)
