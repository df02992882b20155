"""A labeller, and what the note itself says about its spans."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from ..types import CharSpan, DropCounts, Note
from .acronyms import Definition, definitions
from .clusters import Clusters
from .concepts import Concept
from .drug_classes import drug_classes
from .forms import forms
from .instruments import is_in_instrument
from .labeller import Labeller
from .measured import is_measured
from .semantic_types import DISEASE, DRUG, SYMPTOM, is_chemical

MEASURED = "substance that is measured or tested for"
INSTRUMENT = "word of a scale, a test or a vaccine"
REDEFINED = "acronym that the note defines otherwise"


def chemicals_of(concepts: Iterable[Concept]) -> frozenset[str]:
    """The ids of the concepts that are substances."""
    return frozenset(
        concept.concept_id
        for concept in concepts
        if any(map(is_chemical, concept.type_ids))
    )


class RefinedLabeller(Labeller):
    """The spans of another labeller, of the same name, after six rules.

    - A substance that the note measures or tests for is left out (`measured`).
    - So is what only names a scale, a test or a vaccine (`instruments`).
    - An acronym that the note defines (`acronyms`) is what its long form is, wherever
      it stands: a span of the same type, or none. A long form of which a span is the
      end is that span as a whole: its bracket says how far the term goes.
    - A patient's discharge is no symptom.
    - A class of drugs ("beta-blockers", `drug_classes`) is a span without concept, and
      takes the place of substances in its name ("calcium channel blocker").
    - A word or phrase that nothing touches and that has the form of a finding or of a
      disease (`forms`) is a span without concept.

    `chemicals` are the ids of concepts that are substances. Forms are looked for where
    the clusters have labels for T184 and T047, classes where they have one for T121.
    What is left out is counted in `drops`.
    """

    def __init__(
        self,
        inner: Labeller,
        clusters: Clusters,
        *,
        chemicals: Collection[str],
        drops: DropCounts | None = None,
    ) -> None:
        self.inner = inner
        self.name = inner.name
        self.chemicals = chemicals
        self.labels_by_type = {
            kind: label
            for kind in (SYMPTOM, DISEASE, DRUG)
            if (label := clusters.label_of(kind))
        }
        self.drops = DropCounts() if drops is None else drops

    def find(self, note: Note) -> Iterator[CharSpan]:
        spans = self._of_acronyms(note.text, [*self.inner.find(note)])
        spans = [span for span in spans if not self._means_other(note.text, span)]
        spans = self._with_classes(note.text, spans)
        spans += self._by_form(note.text, spans)
        yield from sorted(spans)

    def _means_other(self, text: str, span: CharSpan) -> bool:
        if _of_the_patient(text, span):
            self.drops["discharge of a patient"] += 1
            return True
        if span.concept_id in self.chemicals:
            rule, reason = is_measured, MEASURED
        else:
            rule, reason = is_in_instrument, INSTRUMENT
        if not rule(text, span.start, span.end):
            return False
        self.drops[reason] += 1
        return True

    def _of_acronyms(self, text: str, spans: list[CharSpan]) -> list[CharSpan]:
        meant: dict[str, CharSpan | None] = {}
        for one in definitions(text):
            spans, long = _as_defined(spans, one)
            meant.setdefault(one.short, long)
        if not meant:
            return spans
        shorts = "|".join(map(re.escape, sorted(meant, key=len, reverse=True)))
        places = {
            (found.start(), found.end()): meant[found.group(1)]
            for found in re.finditer(rf"(?<![\w-])({shorts})s?(?!\w)", text)
        }
        kept = [span for span in spans if (span.start, span.end) not in places]
        self.drops[REDEFINED] += len(spans) - len(kept)
        return kept + [
            replace(span, start=start, end=end)
            for (start, end), span in places.items()
            if span is not None
        ]

    def _with_classes(self, text: str, spans: list[CharSpan]) -> list[CharSpan]:
        """A class yields to a span that reaches out of it, or is all of it."""
        if DRUG not in self.labels_by_type:
            return spans
        classes = []
        for start, end in drug_classes(text):
            near = [span for span in spans if span.start < end and start < span.end]
            if all(
                start <= s.start and s.end <= end and s.end - s.start < end - start
                for s in near
            ):
                spans = [span for span in spans if span not in near]
                label = self.labels_by_type[DRUG]
                classes.append(CharSpan(start, end, label, self.name))
        return spans + classes

    def _by_form(self, text: str, spans: Sequence[CharSpan]) -> Iterator[CharSpan]:
        ends = sorted((span.end, span.start) for span in spans)
        for start, end, kind in forms(text):
            if kind not in self.labels_by_type:
                continue
            near = ends[bisect_left(ends, (start + 1, 0)) :]
            if not any(first < end for _, first in near):
                yield CharSpan(start, end, self.labels_by_type[kind], self.name)


def _as_defined(
    spans: list[CharSpan], one: Definition
) -> tuple[list[CharSpan], CharSpan | None]:
    """The spans, one that ends a long form now being all of it; and that one."""
    inside = [s for s in spans if one.start <= s.start and s.end <= one.end]
    heads = [span for span in inside if span.end == one.end]
    # "Pentasa" has a letter of everything: capitals are what makes an acronym.
    if not heads or sum(map(str.isupper, one.short)) < _LEAST_CAPITALS:
        return spans, None
    long = replace(min(heads), start=one.start)
    return [span for span in spans if span not in inside] + [long], long


_LEAST_CAPITALS = 2
_DISCHARGED = re.compile(
    r"\s+(?:summar\w+|home|instructions?|diagnos[ei]s|medications?|dates?|planning|plan"
    r"|from|to|on|condition|disposition)\b",
    re.IGNORECASE,
)
_ON_DISCHARGE = re.compile(
    r"\b(?:after|at|on|upon|before|to|until|following|since|hospital|for|by|initial"
    r"|secondary)\s+$",
    re.IGNORECASE,
)


def _of_the_patient(text: str, span: CharSpan) -> bool:
    if text[span.start : span.end].lower() != "discharge":
        return False
    before = text[max(0, span.start - 20) : span.start]
    return bool(_ON_DISCHARGE.search(before) or _DISCHARGED.match(text, span.end))
