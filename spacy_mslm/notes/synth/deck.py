"""Dealing the kinds of mentions, so that their shares hold without luck.

A deck of 20 cards holds 3 abbreviations, 2 misspellings, 4 absent concepts and 11
plain names: 15%, 10%, 20% and 55%. It is shuffled, dealt card by card to the mentions
as they are written, and shuffled anew when empty; each split has a deck of its own.
So the shares are exact after every 20 mentions of a split, and the kinds are disjoint:
a misspelling or an abbreviation is always of a concept in the table, and an absent
concept is always written in full and correctly.
"""

from collections.abc import Collection
from enum import StrEnum
from random import Random


class MentionKind(StrEnum):
    """How a gold mention is written."""

    PLAIN = "plain"
    ABBREVIATION = "abbreviation"
    MISSPELT = "misspelt"
    ABSENT = "absent"


CARDS = (
    *[MentionKind.ABBREVIATION] * 3,
    *[MentionKind.MISSPELT] * 2,
    *[MentionKind.ABSENT] * 4,
    *[MentionKind.PLAIN] * 11,
)


class Deck:
    """Cards that a label cannot play (say, an abbreviation) wait for the next label."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._cards: list[MentionKind] = []
        self._waiting: list[MentionKind] = []

    def deal(self, playable: Collection[MentionKind]) -> MentionKind:
        """The next card in `playable`, which must hold `PLAIN`."""
        for place, kind in enumerate(self._waiting):
            if kind in playable:
                return self._waiting.pop(place)
        while (kind := self._draw()) not in playable:
            self._waiting.append(kind)
        return kind

    def _draw(self) -> MentionKind:
        if not self._cards:
            self._cards = list(CARDS)
            self._rng.shuffle(self._cards)
        return self._cards.pop()
