"""Predicted spans on a Doc: entities, or a span group of one's own."""

from collections.abc import Collection, Sequence

from spacy.tokens import Doc, Span, SpanGroup

from .confidence import MADE_BY, SCORES_KEY, confidence

Scored = tuple[Span, float]


def write_entities(doc: Doc, found: Sequence[Scored], labels: Collection[str]) -> None:
    """Set `doc.ents`, and their confidences beside them in a span group.

    What another `mslm_ner` found, under other labels, stays; where two overlap, the
    more confident one does. All other entities on the Doc are replaced: they may be
    gold, and no prediction may depend on that.
    """
    others = _found_by_others(doc, SCORES_KEY, labels)
    if others:
        found = _disjoint([*others, *found])
    doc.set_ents([span for span, _ in found])
    _write(doc, SCORES_KEY, found)


def write_spans(
    doc: Doc, key: str, found: Sequence[Scored], labels: Collection[str]
) -> None:
    """Set `doc.spans[key]`, confidences in its `attrs["scores"]`.

    What another `mslm_ner` found, under other labels, stays, overlaps and all.
    """
    _write(doc, key, sorted([*_found_by_others(doc, key, labels), *found], key=_place))


def _found_by_others(doc: Doc, key: str, labels: Collection[str]) -> list[Scored]:
    group = doc.spans.get(key)
    if group is None or not group.attrs.get(MADE_BY):
        return []
    scored = ((span, confidence(span, key)) for span in group)
    scored = ((span, score) for span, score in scored if span.label_ not in labels)
    return [(span, score) for span, score in scored if score is not None]


def _disjoint(found: Sequence[Scored]) -> list[Scored]:
    """The most confident of overlapping spans, in document order."""
    taken: set[int] = set()
    kept = []
    for span, score in sorted(found, key=lambda item: (-item[1], _place(item))):
        if taken.isdisjoint(range(span.start, span.end)):
            taken.update(range(span.start, span.end))
            kept.append((span, score))
    return sorted(kept, key=_place)


def _place(item: Scored) -> tuple[int, int, str]:
    return item[0].start, item[0].end, item[0].label_


def _write(doc: Doc, key: str, spans: Sequence[Scored]) -> None:
    attrs = {"scores": [score for _, score in spans], MADE_BY: True}
    doc.spans[key] = SpanGroup(doc, name=key, spans=[s for s, _ in spans], attrs=attrs)
