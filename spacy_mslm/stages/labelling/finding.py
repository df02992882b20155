"""One note through the sources of labels: what each finds, what becomes of it, and
the row that is written. Wherever that is done: the work is pickled to there."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ...errors import Errors, MslmError
from ...notes.deid import placeholder_spans
from ...notes.records import note_row
from ...runners.work import Outcome
from ...types import CharSpan, DropCounts, Note
from ...weak.agreement import PRIORITY, Found, Range, agree, check_resolution, disputed
from ...weak.agreement import Sources as Known
from ...weak.coverage import count_sources
from ...weak.labeller import Labeller
from ...weak.policy import check_policy, resolve
from .sources import PARTIAL, Sources, load

ON_PLACEHOLDER = "span on a de-identification mark"
# Prefixes of what is counted beside what is left out.
SPANS, SOURCES, NEGATED, FAMILY = "spans ", "sources ", "negated ", "family "
COUNTED = (SPANS, SOURCES, NEGATED, FAMILY)

# Of a span by its offsets: negated, a relative's.
Marks = Mapping[Range, tuple[bool, bool]]


@dataclass(frozen=True)
class LabelSettings:
    """What the labels depend on besides notes and sources.

    `policy`: which of a source's own overlapping spans stays. Of several sources:
    `resolve`, what becomes of their spans (`weak.agreement`); `priority`, the sources
    to be trusted before the others; `abstain`, whether what they dispute stays
    unannotated. `context`: mark what is negated and what is a relative's.
    """

    min_score: float = 0.0
    policy: str = "longest"
    shard_size: int = 1000
    resolve: str = PRIORITY
    priority: tuple[str, ...] = ()
    abstain: bool = False
    context: bool = False

    def __post_init__(self) -> None:
        check_policy(self.policy)
        check_resolution(self.resolve)
        if not 0 <= self.min_score <= 1:
            raise MslmError(Errors.M401.format(name="min_score", value=self.min_score))


@dataclass(frozen=True)
class Labelled:
    """What was found in a note: the spans that stay, those of each source, characters
    that stay unannotated, and marks of context."""

    spans: Sequence[CharSpan]
    sources: Found = field(default_factory=dict)
    missing: Sequence[Range] = ()
    marks: Marks = field(default_factory=dict)


@dataclass
class Finder:
    """Labels one note; what is heavy is loaded by `prepare`, or by the first note.

    `labels`: those that each source can give, the one to be trusted most first.
    """

    sources: Sources
    settings: LabelSettings
    labels: Mapping[str, Collection[str]]

    @cached_property
    def labellers(self) -> dict[str, tuple[Labeller, DropCounts]]:
        return load(self.sources, self.settings.min_score)

    @cached_property
    def context(self) -> Any:
        from ...pipeline.context import NoteContext

        return NoteContext()

    def __getstate__(self) -> dict[str, Any]:
        heavy = ("labellers", "context")
        return {k: value for k, value in self.__dict__.items() if k not in heavy}

    def prepare(self) -> None:
        _ = self.labellers
        if self.settings.context:
            _ = self.context

    def __call__(self, note: Note) -> Outcome:
        counts: Counter[str] = Counter()
        found = self._found(note, counts)
        labelled = self._labelled(note, found)
        if len(found) > 1:
            told = count_sources(found, labelled.spans, labelled.missing)
            counts.update({SOURCES + key: n for key, n in told.items()})
        counts.update(SPANS + span.label for span in labelled.spans)
        for span in labelled.spans:
            negated, family = labelled.marks.get((span.start, span.end), (False, False))
            counts[NEGATED + span.label] += negated
            counts[FAMILY + span.label] += family
        return Outcome(row_line(note, labelled), +counts)

    def _found(self, note: Note, counts: Counter[str]) -> dict[str, list[CharSpan]]:
        several = len(self.labellers) > 1
        found = {}
        for name, (labeller, drops) in self.labellers.items():
            drops.clear()
            found[name] = find_spans(labeller, note, self.settings.policy, drops)
            before = f"{name}: " if several else ""
            counts.update({before + reason: n for reason, n in drops.items()})
        return found

    def _labelled(self, note: Note, found: dict[str, list[CharSpan]]) -> Labelled:
        kept, missing = next(iter(found.values())), list[Range]()
        several = len(found) > 1
        if several:
            known = Known(self.labels, PARTIAL)
            kept = agree(note.text, found, known, self.settings.resolve)
            if self.settings.abstain:
                missing = disputed(note.text, found, kept)
        marks: dict[Range, tuple[bool, bool]] = {}
        if self.settings.context:
            own = (span for spans in found.values() for span in spans)
            places = sorted({(span.start, span.end) for span in (*kept, *own)})
            marks = dict(zip(places, self.context(note.text, places), strict=True))
        return Labelled(kept, found if several else {}, missing, marks)


def find_spans(
    labeller: Labeller, note: Note, policy: str, drops: DropCounts
) -> list[CharSpan]:
    """The labeller's spans of a note, disjoint by `policy`, none on a placeholder."""
    # Without gold and meta: labels must not know them.
    bare = replace(note, meta={}, gold=())
    clear = list(_off_placeholders(labeller.find(bare), note.text, drops))
    return resolve(clear, policy, drops=drops)


def _off_placeholders(
    spans: Iterable[CharSpan], text: str, drops: DropCounts
) -> Iterator[CharSpan]:
    """Spans that touch no placeholder: what stands there is no word of the note."""
    marks = placeholder_spans(text)
    for span in spans:
        if any(start < span.end and span.start < end for start, end in marks):
            drops[ON_PLACEHOLDER] += 1
        else:
            yield span


def row_line(note: Note, labelled: Labelled) -> str:
    """The note's row with its spans; "sources" where there are several, "missing"
    where something stays unannotated."""
    row = note_row(note)
    marks = labelled.marks
    row["spans"] = [_span_row(span, marks) for span in labelled.spans]
    if labelled.sources:
        row["sources"] = {
            name: [_span_row(span, marks) for span in spans]
            for name, spans in labelled.sources.items()
        }
    if labelled.missing:
        row["missing"] = [list(each) for each in labelled.missing]
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def _span_row(span: CharSpan, marks: Marks) -> dict[str, Any]:
    negated, family = marks.get((span.start, span.end), (False, False))
    return {
        "start": span.start,
        "end": span.end,
        "label": span.label,
        "source": span.source,
        "concept_id": span.concept_id,
        "score": span.score,
        **({"negated": True} if negated else {}),
        **({"family": True} if family else {}),
    }
