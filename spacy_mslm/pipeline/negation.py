"""Which mentions of a Doc are negated, and which are a relative's.

Negation is by negspaCy, which no other module imports: its terms (NegEx: Chapman et
al. 2001), how they are found, and that a sentence or a word such as "but" ends what a
term rules. A clinical note has more such ends, so the stretch is laid out here:

- it ends at ";", at "because", "due to", "positive for", "and has" and the like, and
  at a list number or a heading inside a sentence;
- "was not" and the like reach back five words, as in NegEx, and "free" two;
- a line that ends in a colon ("Denies:") rules the list items right below it.

Family history is our own rule, `weak.family`.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors, MslmError
from ..notes.lines import Kind, mask_placeholders, read_lines
from ..types import IntArray
from ..weak.family import about_relatives, lies_in

TERMSET = "en_clinical"
# Added to the library's English terms, after what it did with 400 transcribed notes.
_BEFORE = ("deny", "free from")
_ENDS = (
    *(";", "because", "due to", "since", "positive for", ", positive", "endorses"),
    *("admits to", "and has", "and had", "and is", "and was", "and were", "and states"),
    *("thus", "therefore"),
)
_PSEUDO = (
    *("not limited to", "not exclusive of", "no improvement", "not improve"),
    *("not improved", "not improving", "not resolved", "not relieved"),
    *("without relief", "without and with", "with and without"),
)
_BACK, _BACK_OF = 5, {"free": 2}
# A list number or a heading where a sentence goes on before it.
_INNER_START = re.compile(
    r"(?<=[,;.\s])\d{1,2}\)\s?(?=[A-Za-z])"
    r"|(?<=[a-z.,] )[A-Z][a-z]{3,}(?: [A-Za-z]{2,}){0,2}:(?=\s)"
)

# Token offsets of a mention, and what is known of it: negated, a relative's.
Place = tuple[int, int]
Marks = tuple[bool, bool]


class ContextRules:
    """Marks mentions of a Doc that has sentence marks.

    `termset`: one of negspaCy's. Raises M560 without negspaCy, M561 for a name that is
    none of its. The matcher is made when the first Doc comes: a pipeline that is being
    loaded still replaces its strings.
    """

    def __init__(self, vocab: Vocab, tokenizer: Any, termset: str = TERMSET) -> None:
        self.terms = _terms(termset)
        self._parts = SimpleNamespace(vocab=vocab, tokenizer=tokenizer)
        self._negex: Any = None

    def __call__(self, doc: Doc, places: Sequence[Place]) -> list[Marks]:
        """(negated, family) of each place. Reads words and sentences alone."""
        if not places:
            return []
        layout = _Layout.of(doc)
        negated = self._negated(doc, places, layout)
        sentences = map(layout.characters, layout.sentences)
        relatives = about_relatives(layout.text, sentences)
        family = [lies_in(relatives, *layout.characters(place)) for place in places]
        return list(zip(negated, family, strict=True))

    def _negated(
        self, doc: Doc, places: Sequence[Place], layout: "_Layout"
    ) -> list[bool]:
        if self._negex is None:
            self._negex = _negex(self._parts, self.terms)
        before, after, ends = self._negex.process_negations(doc)
        starts = {start for start, _ in layout.sentences} | {
            start for _, start, _ in ends
        }
        edges = sorted(starts | {0, len(doc)} | _inner_starts(layout))
        opening = sorted((start, end) for _, start, end in before)
        closing = sorted((start, end) for _, start, end in after)
        carried = _carried(layout, edges, opening)
        found = []
        for start, end in places:
            at = bisect_right(edges, start) - 1
            left, right = edges[at], edges[at + 1]
            if end > right:
                found.append(False)
                continue
            first = bisect_left(opening, (left, 0))
            ahead = first < len(opening) and opening[first][0] < start
            behind = _reaches_back(doc, closing, end, right)
            found.append(ahead or behind or left in carried)
        return found


def _reaches_back(doc: Doc, closing: Sequence[Place], end: int, right: int) -> bool:
    """Whether a term after the mention that ends at `end` is near enough to it."""
    for start, _ in closing[bisect_left(closing, (end, 0)) :]:
        if start >= right or start - end > _BACK:
            return False
        # A hyphen is no word ("pain-free").
        between = [token for token in doc[end:start] if not token.is_punct]
        if len(between) < _BACK_OF.get(doc[start].lower_, _BACK):
            return True
    return False


@dataclass(frozen=True)
class _Layout:
    """A Doc's text, where each token begins in it, and its sentences as half-open
    token ranges: read once, as spaCy goes through all tokens each time."""

    text: str
    starts: IntArray
    ends: IntArray
    sentences: list[Place]

    @classmethod
    def of(cls, doc: Doc) -> "_Layout":
        starts = doc.to_array("IDX").astype(np.int64)
        ends = starts + doc.to_array("LENGTH").astype(np.int64)
        marks = np.flatnonzero(doc.to_array("SENT_START") == 1).tolist()
        sentences = list(pairwise(sorted({0, len(doc), *marks})))
        return cls(doc.text, starts, ends, sentences)

    def characters(self, place: Place) -> Place:
        return int(self.starts[place[0]]), int(self.ends[place[1] - 1])


def _inner_starts(layout: _Layout) -> set[int]:
    """Tokens at which a list number or a heading begins inside a sentence."""
    wanted = [match.start() for match in _INNER_START.finditer(layout.text)]
    return set(np.searchsorted(layout.starts, wanted).tolist())


def _carried(
    layout: _Layout, edges: Sequence[int], opening: Sequence[Place]
) -> set[int]:
    """Edges at which a list item begins that a line such as "Denies:" rules."""
    ruling = set()
    for start, end in layout.sentences:
        first, last = layout.characters((start, end))
        if layout.text[first:last].rstrip(" ,\r\n\t").endswith(":"):
            left = edges[bisect_right(edges, end - 1) - 1]
            term = bisect_left(opening, (left, 0))
            if term < len(opening) and opening[term][0] < end:
                ruling.add(start)
    if not ruling:
        return set()
    lines = read_lines(mask_placeholders(layout.text))
    items = {line.start for line in lines if line.kind is Kind.ITEM}
    carried: set[int] = set()
    ruled = False
    for start, _ in layout.sentences:
        if int(layout.starts[start]) not in items:
            ruled = start in ruling
        elif ruled:
            carried.add(start)
    return carried


def _terms(termset: str) -> dict[str, list[str]]:
    try:
        from negspacy.termsets import LANGUAGES
    except ImportError as err:
        raise MslmError(Errors.M560) from err
    if termset not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise MslmError(Errors.M561.format(got=termset, known=known))
    # Copies: the library's own are one object for the whole process.
    terms = {key: list(values) for key, values in LANGUAGES[termset].items()}
    if termset.startswith("en"):
        terms["preceding_negations"] += _BEFORE
        terms["termination"] += _ENDS
        terms["pseudo_negations"] += _PSEUDO
    return terms


def _negex(parts: SimpleNamespace, terms: dict[str, list[str]]) -> Any:
    """The library's matcher, given of the pipeline what it uses alone."""
    from negspacy.negation import Negex

    # An extension that it sets and nobody reads: results are taken from its matches.
    return Negex(parts, "negex", terms, extension_name="mslm_negex")  # type: ignore[arg-type]
