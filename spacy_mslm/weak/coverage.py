"""Coverage, overlap and conflict of sources of labels: the field's names for how
labelling functions stand to each other (as in data programming), counted in spans.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..types import CharSpan
from .agreement import Found, Range

# What is counted of each source, as "source/what" and "source/spans/label".
_NOTES, _SPANS = "notes", "spans"
_EXACT, _PARTLY, _CONFLICT, _ALONE = "exact", "partly", "conflict", "alone"
_KEPT, _CUT, _LOST = "kept", "cut", "lost"
# Of all sources together.
UNANNOTATED = "unannotated characters"


def count_sources(
    found: Found, kept: Sequence[CharSpan], missing: Sequence[Range] = ()
) -> Counter[str]:
    """Counts of one note, which add up over notes; `summary` reads them.

    `kept`: what became of the spans of all sources; `missing`: ranges left open.
    """
    counts: Counter[str] = Counter()
    counts[UNANNOTATED] += sum(end - start for start, end in missing)
    for name, spans in found.items():
        rivals = sorted(s for other in found if other != name for s in found[other])
        counts[f"{name}/{_NOTES}"] += bool(spans)
        pairs = _beside(sorted(spans), rivals)
        results = _beside(sorted(spans), sorted(kept))
        for span, others, after in zip(sorted(spans), pairs, results, strict=True):
            counts[f"{name}/{_SPANS}/{span.label}"] += 1
            for what in _standing(span, others):
                counts[f"{name}/{what}"] += 1
            counts[f"{name}/{_fate(span, after)}"] += 1
    return +counts


def summary(
    counts: Mapping[str, int], notes: int, labels: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """A source's counts by name, for a manifest; `labels`: those it can give.

    - "spans" by label, and "notes" with any; "coverage" is the share of notes.
    - Of its spans: found by another source too "exact"ly (offsets and label) or only
      "partly" (same label, some shared characters); in "conflict" (another source has
      another label there); "alone" (no other source has anything there). "overlap"
      and "conflicts" are the shares of spans not alone, and in conflict.
    - After the resolution: "kept" as they are, "cut" (other offsets or another label,
      some of their characters still being an entity) and "lost".
    """
    return {
        name: _described(
            {key.partition("/")[2]: n for key, n in counts.items() if _of(key, name)},
            notes,
            known,
        )
        for name, known in labels.items()
    }


def _described(
    own: Mapping[str, int], notes: int, labels: Collection[str]
) -> dict[str, Any]:
    other = (key.partition("/")[2] for key in sorted(own) if key.startswith(_SPANS))
    known = dict.fromkeys([*labels, *other])
    found = {label: own.get(f"{_SPANS}/{label}", 0) for label in known}
    total = sum(found.values())
    numbers = (_EXACT, _PARTLY, _CONFLICT, _ALONE, _KEPT, _CUT, _LOST)
    return {
        "spans": found,
        "notes": own.get(_NOTES, 0),
        "coverage": _share(own.get(_NOTES, 0), notes),
        **{what: own.get(what, 0) for what in numbers},
        "overlap": _share(total - own.get(_ALONE, 0), total),
        "conflicts": _share(own.get(_CONFLICT, 0), total),
    }


def table(described: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Lines of at most 80 columns for people: a row a source."""
    head = ("spans", "coverage", "overlap", "conflict", "exact", "kept", "cut", "lost")
    rows: list[tuple[str, ...]] = [("source", *head)]
    for name, about in described.items():
        spans = str(sum(about["spans"].values()))
        shares = (f"{about[key]:.1%}" for key in ("coverage", "overlap", "conflicts"))
        counts = (str(about[key]) for key in (_EXACT, _KEPT, _CUT, _LOST))
        rows.append((name, spans, *shares, *counts))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    ]


def _of(key: str, name: str) -> bool:
    return key.partition("/")[0] == name


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _standing(span: CharSpan, others: Iterable[CharSpan]) -> list[str]:
    """What the other sources' spans at its place make of a span."""
    others = list(others)
    if not others:
        return [_ALONE]
    same = [other for other in others if other.label == span.label]
    exact = any((o.start, o.end) == (span.start, span.end) for o in same)
    found = [_EXACT if exact else _PARTLY] if same else []
    return found + ([_CONFLICT] if len(same) < len(others) else [])


def _fate(span: CharSpan, after: Sequence[CharSpan]) -> str:
    here = (span.start, span.end, span.label)
    if any((kept.start, kept.end, kept.label) == here for kept in after):
        return _KEPT
    return _CUT if after else _LOST


def _beside(
    spans: Sequence[CharSpan], others: Sequence[CharSpan]
) -> list[list[CharSpan]]:
    """For each of `spans` (disjoint) those of `others` that share a character with it;
    both in order of start."""
    found: list[list[CharSpan]] = []
    open_: list[CharSpan] = []
    place = 0
    for span in spans:
        while place < len(others) and others[place].start < span.end:
            open_.append(others[place])
            place += 1
        open_ = [other for other in open_ if other.end > span.start]
        found.append([other for other in open_ if other.start < span.end])
    return found
