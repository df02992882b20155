"""What went wrong, counted by type.

Exact matches are set aside. Each gold span that is left is paired with at most one
prediction that is left, and each prediction is used once:

- type error: the same boundaries, another label;
- boundary error: the same label, overlapping, other boundaries;
- boundary and type error: overlapping, other boundaries and another label;
- miss: a gold span without a pair; false alarm: a prediction without a pair.

Pairs are made in that order over the whole document, within one kind by the largest
overlap and then by position. So the strict counts are kept: fn = misses + the three
kinds of pairs, and fp = false alarms + the three kinds of pairs.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from .strict import Span, check_lengths

PAIR_KINDS = ("type", "boundary", "boundary_and_type")
LABEL_KINDS = ("misses", "false_alarms", "boundary")

# Place of the kind in `PAIR_KINDS`, -overlap, gold, predicted.
Pair = tuple[int, int, Span, Span]


def count_mistakes(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
) -> dict[str, list[dict[str, Any]]]:
    """Counts of each kind, the commonest first; never any text.

    "misses", "false_alarms" and "boundary" hold {"label", "count"}; "type" and
    "boundary_and_type" hold {"gold", "predicted", "count"} with both labels.
    Raises M601 where `gold` and `predicted` differ in length.
    """
    check_lengths(gold, predicted)
    counts: dict[str, Counter[tuple[str, str]]] = {
        kind: Counter() for kind in (*LABEL_KINDS, "type", "boundary_and_type")
    }
    for true, found in zip(gold, predicted, strict=True):
        for kind, g, p in mistakes(set(true), set(found)):
            counts[kind][g[2] if g else "", p[2] if p else ""] += 1
    return {kind: _rows(kind, counter) for kind, counter in counts.items()}


def mistakes(
    gold: Collection[Span], predicted: Collection[Span]
) -> Iterator[tuple[str, Span | None, Span | None]]:
    """(kind, gold span or None, predicted span or None) of one document."""
    right = set(gold) & set(predicted)
    true = sorted(set(gold) - right)
    found = sorted(set(predicted) - right)
    made = [
        (PAIR_KINDS[rank], g, p)
        for rank, _, g, p in each_once(overlapping_pairs(true, found))
    ]
    yield from made
    used_true = {g for _, g, _ in made}
    used_found = {p for _, _, p in made}
    yield from (("misses", g, None) for g in true if g not in used_true)
    yield from (("false_alarms", None, p) for p in found if p not in used_found)


def each_once(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs that are made of those that could be: by kind, largest overlap, then
    position, each span at most once."""
    used_true: set[Span] = set()
    used_found: set[Span] = set()
    for pair in sorted(pairs):
        _, _, g, p = pair
        if g not in used_true and p not in used_found:
            used_true.add(g)
            used_found.add(p)
            yield pair


def overlapping_pairs(true: Sequence[Span], found: Sequence[Span]) -> Iterator[Pair]:
    """Every overlapping pair of gold and prediction, exact ones set aside before; both
    sequences are sorted, so predictions that end before a gold span are passed once."""
    low = 0
    for g in true:
        while low < len(found) and found[low][1] <= g[0]:
            low += 1
        for p in found[low:]:
            if p[0] >= g[1]:
                break
            overlap = min(g[1], p[1]) - max(g[0], p[0])
            if overlap > 0:
                rank = 0 if p[:2] == g[:2] else 1 if p[2] == g[2] else 2
                yield rank, -overlap, g, p


def _rows(kind: str, counts: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if kind in LABEL_KINDS:
        return [{"label": g or p, "count": n} for (g, p), n in ordered]
    return [{"gold": g, "predicted": p, "count": n} for (g, p), n in ordered]
