"""Which of several overlapping spans of one source stays: named policies."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts


def _longest(span: CharSpan) -> tuple[Any, ...]:
    return (span.start - span.end, -span.score, span.start)


def _score(span: CharSpan) -> tuple[Any, ...]:
    return (-span.score, span.start - span.end, span.start)


def _first(span: CharSpan) -> tuple[Any, ...]:
    return (span.start, span.start - span.end, -span.score)


def _start(span: CharSpan) -> int:
    return span.start


# The key by which spans are taken, best first; ties end in the same span every time.
POLICIES: dict[str, Callable[[CharSpan], tuple[Any, ...]]] = {
    "longest": _longest,
    "score": _score,
    "first": _first,
}


def check_policy(policy: str) -> None:
    """Raises MslmError for a name that is no policy."""
    if policy not in POLICIES:
        raise MslmError(
            Errors.M231.format(got=policy, policies=", ".join(sorted(POLICIES)))
        )


def resolve(
    spans: Iterable[CharSpan],
    policy: str = "longest",
    *,
    drops: DropCounts | None = None,
) -> list[CharSpan]:
    """Disjoint spans in order of their offsets, taken greedily by `policy`.

    "longest" takes long spans first, "score" high scores, "first" early starts; the
    rest is counted in `drops` ("span repeated" for the same offsets, else "span
    overlapping a better one"). The result does not depend on the order of `spans`.
    """
    check_policy(policy)
    key = POLICIES[policy]
    return keep_disjoint(sorted(spans, key=lambda span: (*key(span), span)), drops)


def keep_disjoint(
    spans: Iterable[CharSpan], drops: DropCounts | None = None
) -> list[CharSpan]:
    """Of spans given best first those that no better one overlaps, by offsets."""
    kept: list[CharSpan] = []
    for span in spans:
        place = bisect_left(kept, span.start, key=_start)
        near = [
            rival
            for rival in kept[max(0, place - 1) : place + 1]
            if rival.start < span.end and span.start < rival.end
        ]
        if not near:
            kept.insert(place, span)
        elif drops is not None:
            same = (near[0].start, near[0].end) == (span.start, span.end)
            drops["span repeated" if same else "span overlapping a better one"] += 1
    return kept
