"""Docs into the torch core's own documents; examples into what is known of them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from spacy.tokens import Doc
from spacy.training import Example

from ..masking import text_hash
from ..nn import Annotation, WordDoc
from ..notes.deid import PLACEHOLDER
from ..types import PLACEHOLDER_FORM


def is_placeholder(word: str) -> bool:
    return word[:1] in "[_" and PLACEHOLDER.fullmatch(word) is not None


def read_doc(doc: Doc) -> WordDoc:
    """Words, sentences and placeholders. Reads neither entities nor span groups."""
    words = [token.text for token in doc]
    placeholders = np.fromiter(map(is_placeholder, words), bool, len(words))
    for i in np.flatnonzero(placeholders):
        words[i] = PLACEHOLDER_FORM
    return WordDoc(tuple(words), _sentences(doc), placeholders, text_hash(doc.text))


def _sentences(doc: Doc) -> tuple[tuple[int, int], ...]:
    """Half-open ranges; one where nothing is marked. As `doc.sents`, at once."""
    if not len(doc):
        return ()
    starts = np.flatnonzero(doc.to_array("SENT_START") == 1)
    edges = np.union1d([0, len(doc)], starts).tolist()
    return tuple(pairwise(edges))


def read_annotation(
    example: Example, labels: dict[str, int], spans_key: str | None = None
) -> Annotation:
    """The reference's entities over the predicted tokens.

    With `spans_key`, its spans under that key where it has that group; of overlapping
    ones the longest is learnt, and what the others hold beside it is unknown. Words
    whose annotation is missing, or whose entity does not align with the tokens, are
    unknown: no negatives. Entities of other labels are left out.
    """
    if spans_key is not None and spans_key in example.reference.spans:
        return _read_spans(example, labels, spans_key)
    tags = example.get_aligned_ner()
    known = np.array([tag is not None and tag != "-" for tag in tags], dtype=bool)
    spans = [
        (start, end, labels[label])
        for start, end, label in _spans(tags)
        if label in labels
    ]
    return Annotation(tuple(spans), known)


def _read_spans(example: Example, labels: dict[str, int], key: str) -> Annotation:
    predicted = example.predicted
    known = np.ones(len(predicted), dtype=bool)
    taken = np.zeros(len(predicted), dtype=bool)
    spans = []
    wanted = [s for s in example.reference.spans[key] if s.label_ in labels]
    for span in sorted(wanted, key=lambda s: (s.start - s.end, s.start, s.label_)):
        place = (span.start_char, span.end_char)
        found = predicted.char_span(*place)
        if found is None:
            touched = predicted.char_span(*place, alignment_mode="expand")
            if touched is not None:
                known[touched.start : touched.end] = False
        elif not taken[found.start : found.end].any():
            taken[found.start : found.end] = True
            spans.append((found.start, found.end, labels[span.label_]))
        else:
            known[found.start : found.end] = False
    known |= taken
    return Annotation(tuple(sorted(spans)), known)


def _spans(tags: Sequence[str | None]) -> list[tuple[int, int, str]]:
    """Entities of BILUO tags; one cut short by missing annotation is none."""
    spans = []
    start = None
    for i, tag in enumerate(tags):
        mark, _, label = (tag or "-").partition("-")
        if mark in ("B", "U"):
            start = i
        elif mark not in ("I", "L"):
            start = None
        if mark in ("L", "U") and start is not None:
            spans.append((start, i + 1, label))
    return spans
