"""`span._.confidence`: read from a span group, which a DocBin keeps."""

from bisect import bisect_left

from spacy.tokens import Span

SCORES_KEY = "ner_scores"


def confidence(span: Span) -> float | None:
    """`span._.confidence`: P(span) x P(type) of a predicted entity, else None."""
    group = span.doc.spans.get(SCORES_KEY)
    scores = None if group is None else group.attrs.get("scores")
    # `Doc.from_docs` joins groups and drops their attributes.
    if group is None or scores is None or len(scores) != len(group):
        return None
    # The group is in document order and disjoint: one look-up, however many spans.
    i = bisect_left(range(len(group)), span.start, key=lambda k: group[k].start)
    if i == len(group):
        return None
    found = group[i]
    same = (found.start, found.end, found.label) == (span.start, span.end, span.label)
    return scores[i] if same else None


Span.set_extension("confidence", getter=confidence, force=True)
