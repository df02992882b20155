"""What several sources of labels say of one text, made one: named ways to resolve them.

Sources are not calibrated against each other, so no way looks at scores. All are pure
functions of the spans, and free of the order in which these come.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import Errors, MslmError
from ..types import CharSpan
from .policy import keep_disjoint

PRIORITY, MAJORITY, LONGEST = "priority", "majority", "longest"
RESOLUTIONS = (PRIORITY, MAJORITY, LONGEST)

# The spans of each source by its name: disjoint within the source.
Found = Mapping[str, Sequence[CharSpan]]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources in use, the one to be trusted most first, with the labels that each
    of them can give. `partial`: those that look for few of the mentions of a label
    (patterns), so that nothing follows from their silence."""

    labels: Mapping[str, Collection[str]]
    partial: Collection[str] = ()

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(self.labels)

    def has_majority(self, names: Collection[str], label: str) -> bool:
        """Whether the sources `names` are more than half of those that could have found
        `label` in their place: of themselves and the others that give such labels."""
        return 2 * len(names) > self.able(names, label)

    def able(self, names: Collection[str], label: str) -> int:
        """How many these are."""
        return sum(
            name in names or (label in labels and name not in self.partial)
            for name, labels in self.labels.items()
        )


def check_resolution(how: str) -> None:
    """Raises MslmError (M276) for a name that is no way to resolve sources."""
    if how not in RESOLUTIONS:
        raise MslmError(Errors.M276.format(got=how, known=", ".join(RESOLUTIONS)))


def agree(text: str, found: Found, sources: Sources, how: str) -> list[CharSpan]:
    """Disjoint spans in order, out of all that the sources found in `text`.

    - "priority": the first source's spans, then those of the next that overlap none.
    - "longest": long spans first, whoever found them; ties by priority.
    - "majority": a vote on every character. It gets a label if more than half of the
      sources that could have found this label do (a partial source counts where it did
      find it); characters side by side are one span where more than half have one span
      over both. So of two sources both must agree, and a label that only one source
      knows is its own to give. A span that no source has as it is (parts of theirs)
      has source "majority", no concept, and the least share of votes in it as score.

    One source alone gives exactly what it gave.
    """
    check_resolution(how)
    rank = {name: place for place, name in enumerate(sources.order)}
    pooled = sorted(
        (span for name in found for span in found[name]),
        key=lambda span: (rank[span.source], span),
    )
    if how == MAJORITY:
        return _majority(text, pooled, sources)
    if how == LONGEST:
        pooled.sort(key=lambda span: (span.start - span.end, rank[span.source], span))
    return keep_disjoint(pooled)


def disputed(text: str, found: Found, kept: Sequence[CharSpan]) -> list[Range]:
    """Character ranges that some source gave a label and the resolution gave none.

    Nobody knows them to be outside every entity, so a training corpus may leave them
    unannotated. In order, disjoint, apart from `kept`, never white space alone. Where
    the sources agree (all have the same span, or none has any) nothing is disputed.
    """
    wanted = _union(span for spans in found.values() for span in spans)
    taken = _union(iter(kept))
    ranges = []
    for start, end in _without(wanted, taken):
        part = text[start:end]
        if body := part.strip():
            start += len(part) - len(part.lstrip())
            ranges.append((start, start + len(body)))
    return ranges


# The vote


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters with one winning label; `share` is the least share of votes."""

    start: int
    end: int
    label: str
    share: float


def _majority(
    text: str, pooled: Sequence[CharSpan], sources: Sources
) -> list[CharSpan]:
    exact: dict[tuple[int, int, str], CharSpan] = {}
    for span in pooled:
        exact.setdefault((span.start, span.end, span.label), span)
    kept = [
        exact.get((run.start, run.end, run.label)) or _cut(text, run)
        for run in _runs(pooled, sources)
    ]
    return [span for span in kept if span is not None]


def _cut(text: str, run: _Run) -> CharSpan | None:
    """A span of the votes' making, from its first letter or digit to its last."""
    start, end = run.start, run.end
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    if start == end:
        return None
    return CharSpan(start, end, run.label, MAJORITY, "", round(run.share, 6))


def _runs(pooled: Sequence[CharSpan], sources: Sources) -> Iterator[_Run]:
    """Runs of characters that a majority gives one label, in order."""
    edges = sorted({edge for span in pooled for edge in (span.start, span.end)})
    places = {edge: place for place, edge in enumerate(edges)}
    votes: list[dict[str, set[str]]] = [defaultdict(set) for _ in edges]
    across: list[dict[str, set[str]]] = [defaultdict(set) for _ in edges]
    for span in pooled:
        first, last = places[span.start], places[span.end]
        for place in range(first, last):
            votes[place][span.label].add(span.source)
            if place > first:
                across[place][span.label].add(span.source)
    open_run: _Run | None = None
    for place, (start, end) in enumerate(pairwise(edges)):
        label, share = _winner(votes[place], sources)
        joins = across[place][label]
        if (
            open_run is not None
            and open_run.label == label
            and sources.has_majority(joins, label)
        ):
            least = min(open_run.share, share)
            open_run = _Run(open_run.start, end, label, least)
            continue
        if open_run is not None:
            yield open_run
        open_run = _Run(start, end, label, share) if label else None
    if open_run is not None:
        yield open_run


def _winner(votes: Mapping[str, set[str]], sources: Sources) -> tuple[str, float]:
    """The label that most of those who can give it give, and their share; ("", 0)
    where there is none. Of two labels the one with more votes, then of the source to
    be trusted more."""
    won: list[tuple[int, int, str, float]] = []
    for label, names in votes.items():
        if sources.has_majority(names, label):
            best = min(sources.order.index(name) for name in names)
            share = len(names) / sources.able(names, label)
            won.append((-len(names), best, label, share))
    return min(won)[2:] if won else ("", 0.0)


# Ranges


def _union(spans: Iterator[CharSpan]) -> list[Range]:
    """Ranges covered by spans, in order and disjoint."""
    merged: list[Range] = []
    for start, end in sorted((span.start, span.end) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(wanted: Sequence[Range], taken: Sequence[Range]) -> Iterator[Range]:
    """What of `wanted` lies in none of `taken`; both in order and disjoint."""
    place = 0
    for start, end in wanted:
        while place < len(taken) and taken[place][1] <= start:
            place += 1
        at = place
        while at < len(taken) and taken[at][0] < end:
            if start < taken[at][0]:
                yield start, taken[at][0]
            start = max(start, taken[at][1])
            at += 1
        if start < end:
            yield start, end
