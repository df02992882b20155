"""What a labelled folder holds, counted row by row: coverage, sources, gold."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..scoring.mistakes import mistakes
from ..scoring.partial import PartialScores, partial_scores
from ..scoring.strict import Counts, Span, score
from ..types import CharSpan, Note
from ..weak.coverage import count_sources, summary
from .held import FALSE_ALARM, HeldNote, key
from .surfaces import SurfaceCounts

# From how many spans on a note falls into each row of the histogram.
STEPS = (0, 1, 3, 6, 11, 21, 51)
# Of a column that is no category: memory stays flat.
CATEGORIES = 1000
OTHERS = "(all other categories)"
NOTHING = "nothing annotated"
# What another source says where both mark something; exact also in the label.
EXACT = "exact"
AGREEMENTS = (EXACT, "boundary", "type", "boundary_and_type")


@dataclass(frozen=True)
class ReviewRow:
    """A row of `label`. `negated` and `family` say which of `spans` are so; `sources`
    and `missing` are empty where one source was asked. `gold` is None for a note that
    nobody annotated; `other_gold` are its spans of labels that are not compared."""

    note: Note
    spans: tuple[CharSpan, ...]
    negated: frozenset[Span] = frozenset()
    family: frozenset[Span] = frozenset()
    sources: Mapping[str, tuple[CharSpan, ...]] = field(default_factory=dict)
    missing: tuple[tuple[int, int], ...] = ()
    gold: tuple[CharSpan, ...] | None = None
    other_gold: tuple[CharSpan, ...] = ()


@dataclass
class Coverage:
    """Notes and spans of one category, or of all. `empty`: notes without any span;
    `with_label`: notes with at least one; `covered` and `missing`: characters."""

    notes: int = 0
    characters: int = 0
    empty: int = 0
    missing: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    with_label: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    negated: Counter[str] = field(default_factory=Counter)
    family: Counter[str] = field(default_factory=Counter)
    histogram: Counter[int] = field(default_factory=Counter)

    def add(self, row: ReviewRow) -> None:
        self.notes += 1
        self.characters += len(row.note.text)
        self.empty += not row.spans
        self.missing += sum(end - start for start, end in row.missing)
        self.spans.update(span.label for span in row.spans)
        self.with_label.update({span.label for span in row.spans})
        for span in row.spans:
            self.covered[span.label] += span.end - span.start
        self.negated.update(label for *_, label in row.negated)
        self.family.update(label for *_, label in row.family)
        self.histogram[max(step for step in STEPS if step <= len(row.spans))] += 1


@dataclass
class Categories:
    """`Coverage` of each category; of a thousand and more the rest are one."""

    of: dict[str, Coverage] = field(default_factory=dict)

    def add(self, row: ReviewRow) -> None:
        name = row.note.category or "(none)"
        if name not in self.of and len(self.of) >= CATEGORIES:
            name = OTHERS
        self.of.setdefault(name, Coverage()).add(row)

    def ordered(self) -> list[tuple[str, Coverage]]:
        """The categories with most notes first."""
        return sorted(self.of.items(), key=lambda item: (-item[1].notes, item[0]))


@dataclass
class SourceCounts:
    """How several sources agree, and what the policy made of it.

    `each`: what `weak.coverage` counts of each source. `spans[source, label]`;
    `pairs[a, b, how]` with a before b by name; `conflicts[a, label, b, its label]`:
    overlapping spans of other labels.
    """

    each: Counter[str] = field(default_factory=Counter)
    spans: Counter[tuple[str, str]] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    conflicts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    @property
    def names(self) -> list[str]:
        return sorted({source for source, _ in self.spans})

    def add(self, row: ReviewRow) -> None:
        self.each.update(count_sources(row.sources, row.spans, row.missing))
        for source, spans in row.sources.items():
            self.spans.update((source, span.label) for span in spans)
        names = sorted(row.sources)
        for number, first in enumerate(names):
            for second in names[number + 1 :]:
                self._compare(first, second, row)

    def _compare(self, first: str, second: str, row: ReviewRow) -> None:
        a, b = ({key(span) for span in row.sources[s]} for s in (first, second))
        self.pairs[first, second, EXACT] += len(a & b)
        for kind, one, other in mistakes(a, b):
            if one and other:
                self.pairs[first, second, kind] += 1
                if one[2] != other[2]:
                    self.conflicts[first, one[2], second, other[2]] += 1

    def described(self, notes: int) -> dict[str, Any]:
        """Each source as `weak.coverage.summary` describes it."""
        labels = {
            source: sorted(label for name, label in self.spans if name == source)
            for source in self.names
        }
        return summary(self.each, notes, labels)

    def several(self, least: float = 0.05) -> frozenset[str]:
        """The labels of which two sources or more give that share at least."""
        totals: Counter[str] = Counter()
        for (_, label), n in self.spans.items():
            totals[label] += n
        givers = Counter(
            label for (_, label), n in self.spans.items() if n >= least * totals[label]
        )
        return frozenset(label for label, n in givers.items() if n > 1)


def touching(
    spans: Sequence[CharSpan], others: Iterable[CharSpan]
) -> list[list[CharSpan]]:
    """For each of `spans` (in order of start, disjoint) the `others` that overlap it;
    linear where the others are disjoint, but for sorting."""
    ordered = sorted(others)
    found: list[list[CharSpan]] = []
    low = 0
    for span in spans:
        while low < len(ordered) and ordered[low].end <= span.start:
            low += 1
        near = []
        for other in ordered[low:]:
            if other.start >= span.end:
                break
            if other.end > span.start:
                near.append(other)
        found.append(near)
    return found


@dataclass
class GoldCounts:
    """The labels against the gold of the notes that have some, both kinds of scores by
    label; `instead[label, gold label]`: what the gold says where a false alarm is."""

    surfaces: SurfaceCounts = field(default_factory=SurfaceCounts)
    notes: int = 0
    strict: dict[str, Counts] = field(default_factory=dict)
    partial: dict[str, PartialScores] = field(default_factory=dict)
    instead: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, row: ReviewRow) -> None:
        if row.gold is None:
            return
        self.notes += 1
        true = {key(span) for span in row.gold}
        found = {key(span) for span in row.spans}
        for label, counts in score([true], [found]).per_type.items():
            old = self.strict.get(label, Counts())
            self.strict[label] = Counts(
                old.tp + counts.tp, old.fp + counts.fp, old.fn + counts.fn
            )
            pair = [[s for s in side if s[2] == label] for side in (true, found)]
            self.partial[label] = _sum(
                self.partial.get(label), partial_scores(pair[:1], pair[1:])
            )
        name = row.note.note_id
        held = HeldNote(name, row.note.text, row.spans, row.gold)
        self.surfaces.add(held)
        self._false_alarms(true, found, row)

    def _false_alarms(self, true: set[Span], found: set[Span], row: ReviewRow) -> None:
        alarms = [
            CharSpan(*span)
            for kind, _, span in mistakes(true, found)
            if kind == FALSE_ALARM and span
        ]
        near = touching(sorted(alarms), row.other_gold)
        for span, others in zip(sorted(alarms), near, strict=True):
            says = others[0].label if others else NOTHING
            self.instead[span.label, says] += 1

    @property
    def all_strict(self) -> Counts:
        made = self.strict.values()
        return Counts(*(sum(getattr(c, k) for c in made) for k in ("tp", "fp", "fn")))

    @property
    def all_partial(self) -> PartialScores:
        total = PartialScores()
        for scores in self.partial.values():
            total = _sum(total, scores)
        return total


def _sum(one: PartialScores | None, other: PartialScores) -> PartialScores:
    one = one or PartialScores()
    return PartialScores(
        one.exact + other.exact,
        one.overlapping + other.overlapping,
        one.predicted + other.predicted,
        one.gold + other.gold,
    )
