"""The commonest misses and false alarms by type, as they stand in the notes."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from ..scoring.unseen import surface
from .held import FALSE_ALARM, HIT, MISS, HeldNote, pairs

TOP = 10


@dataclass(frozen=True, slots=True)
class SurfaceRow:
    """`surface`: the words, lower-cased; `instead`: what stands against them, or "";
    `seen`: whether training has it as a mention, None where that is not known."""

    surface: str
    instead: str
    count: int
    seen: bool | None


@dataclass
class SurfaceCounts:
    """Counts over notes added one by one; holds forms and numbers, no note.

    `known` are the forms of all training mentions.
    """

    known: Collection[str] | None = None
    counts: dict[str, dict[str, Counter[tuple[str, str]]]] = field(default_factory=dict)

    def add(self, note: HeldNote) -> None:
        def words(start: int, end: int) -> str:
            return surface(note.text[start:end])

        for pair in pairs(note):
            of = pair.reference or pair.predicted
            if pair.kind == HIT or of is None:
                continue
            instead = ""
            if pair.reference and pair.predicted:
                start, end, label = pair.predicted
                changed = label != pair.reference[2]
                instead = words(start, end) + (f" ({label})" if changed else "")
            counter = self.counts.setdefault(pair.kind, {}).setdefault(of[2], Counter())
            counter[words(*of[:2]), instead] += 1

    def rows(self, *kinds: str, top: int = TOP) -> dict[str, list[SurfaceRow]]:
        """Label -> its `top` forms over `kinds`, the commonest first."""
        merged: dict[str, Counter[tuple[str, str]]] = {}
        for kind in kinds:
            for label, counter in self.counts.get(kind, {}).items():
                merged.setdefault(label, Counter()).update(counter)
        return {
            label: [
                SurfaceRow(words, instead, n, self._seen(words))
                for (words, instead), n in sorted(
                    merged[label].items(), key=lambda item: (-item[1], item[0])
                )[:top]
            ]
            for label in sorted(merged)
        }

    def total(self, *kinds: str) -> int:
        """All mistakes of these kinds, counted."""
        return sum(c.total() for k in kinds for c in self.counts.get(k, {}).values())

    def _seen(self, words: str) -> bool | None:
        return None if self.known is None else words in self.known


SECTIONS = (
    ("Missed altogether", (MISS,)),
    ("False alarms", (FALSE_ALARM,)),
    ("Found, but otherwise", ("boundary", "type", "boundary_and_type")),
)
