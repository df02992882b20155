"""Exact match on mentions that training has seen and on those it has not."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from .strict import Span, check_lengths

GoldMention = tuple[int, int, str, str]  # start, end, label, text


def surface(text: str) -> str:
    """The form by which mentions are compared: lower-cased, and with each run of
    white space one space, so that a hard wrap inside a mention does not make it new."""
    return " ".join(text.lower().split())


def em_by_seen(
    gold: Sequence[Collection[GoldMention]],
    predicted: Sequence[Collection[Span]],
    train_surfaces: Iterable[str],
) -> dict[str, dict[str, Any]]:
    """`{"seen": {"n", "em"}, "unseen": {"n", "em"}}` over the gold mentions.

    A mention is seen if its `surface` is that of any training mention, of whatever
    label. `em` is the share predicted with exact boundaries and type, and None
    where `n` is 0: no mentions is not the same as none found.

    Raises M601 where `gold` and `predicted` differ in length.
    """
    check_lengths(gold, predicted)
    known = {surface(text) for text in train_surfaces}
    count = {"seen": 0, "unseen": 0}
    found = {"seen": 0, "unseen": 0}
    for mentions, spans in zip(gold, predicted, strict=True):
        true, hits = {m[:3]: m[3] for m in mentions}, set(spans)
        for span, text in true.items():
            kind = "seen" if surface(text) in known else "unseen"
            count[kind] += 1
            found[kind] += span in hits
    return {
        kind: {"n": n, "em": found[kind] / n if n else None}
        for kind, n in count.items()
    }
