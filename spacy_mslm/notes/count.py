"""Counts over a source of notes, without any of its text."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..types import Note
from .seen import hash64

EVERY = 50_000


@dataclass
class NoteCounts:
    """`characters` are those of all texts together; `categories` counts notes."""

    notes: int = 0
    characters: int = 0
    longest: int = 0
    with_gold: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    patients: int = 0


def count_notes(
    notes: Iterable[Note], progress: Callable[[int], None] = lambda count: None
) -> NoteCounts:
    """Count a stream of notes; `progress` is called with the count every `EVERY`."""
    counts, patients = NoteCounts(), set[int]()
    for note in notes:
        counts.notes += 1
        counts.characters += len(note.text)
        counts.longest = max(counts.longest, len(note.text))
        counts.with_gold += bool(note.gold)
        counts.categories[note.category] += 1
        patients.add(hash64(note.patient_id))
        if counts.notes % EVERY == 0:
            progress(counts.notes)
    counts.patients = len(patients)
    return counts
