"""`span._.confidence`: read from span groups, which a DocBin keeps."""

from bisect import bisect_left

from spacy.tokens import Span, SpanGroup

SCORES_KEY = "ner_scores"
# In the attributes of groups whose "scores" are confidences; weak labels have scores
# of another meaning.
MADE_BY = "mslm_ner"


def confidence(span: Span, key: str | None = None) -> float | None:
    """`span._.confidence`: probability of a predicted entity or span, else None.

    A span cannot tell which group it is from: of an entity and a span of the same words
    and label it is the entity's. With `key` it is that of this group alone.
    """
    groups = span.doc.spans
    first = groups.get(SCORES_KEY if key is None else key)
    others = [] if key else [g for k, g in groups.items() if k != SCORES_KEY]
    for group in (first, *others):
        if group is not None and group.attrs.get(MADE_BY):
            score = _score_in(group, span)
            if score is not None:
                return score
    return None


def _score_in(group: SpanGroup, span: Span) -> float | None:
    scores = group.attrs.get("scores")
    # `Doc.from_docs` joins groups and drops their attributes.
    if scores is None or len(scores) != len(group):
        return None
    # In order of their starts: one look-up, however many spans.
    i = bisect_left(range(len(group)), span.start, key=lambda k: group[k].start)
    while i < len(group) and group[i].start == span.start:
        if (group[i].end, group[i].label) == (span.end, span.label):
            return scores[i]
        i += 1
    return None


Span.set_extension("confidence", getter=confidence, force=True)
