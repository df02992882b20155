"""`notes synth`: synthetic notes with gold from a concept table."""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ...notes.records import write_jsonl
from ...notes.synth import MentionKind, SynthConcept, generate
from ...runners.atomic import atomic_write_text
from ...weak.clusters import Clusters
from ...weak.concepts import read_concepts
from ...weak.names import label_of


@dataclass(frozen=True, slots=True)
class SynthSummary:
    """What was written; `kinds` counts the mentions by `MentionKind`."""

    notes: int
    patients: int
    kinds: Counter[str]

    @property
    def mentions(self) -> int:
        return self.kinds.total()

    def share(self, kind: MentionKind) -> float:
        return self.kinds[kind] / self.mentions if self.mentions else 0.0


def synth_notes(
    out: Path, *, concepts: Path, clusters: Path, patients: int, seed: int
) -> SynthSummary:
    """Write synthetic notes to `out` (JSON lines), whole or not at all.

    Concepts in no cluster are left out. Raises MslmError (M201-M205, M211-M212) for a
    table or clusters file that cannot be read, (M151-M153) where they are too small.
    """
    known = _synth_concepts(concepts, clusters)
    notes = list(generate(known, patients=patients, seed=seed))
    file = io.StringIO()
    write_jsonl(file, notes)
    atomic_write_text(out, file.getvalue())
    kinds = Counter(kind for note in notes for kind in note.meta["kinds"])
    return SynthSummary(len(notes), len({note.patient_id for note in notes}), kinds)


def wants_notes(source: str, out: Path) -> bool:
    """Whether `out` is what the workflow reads: no other source of notes is named."""
    return not source or Path(source).resolve() == out.resolve()


def _synth_concepts(table: Path, clusters: Path) -> list[SynthConcept]:
    chosen = Clusters.load(clusters)
    found = [(concept, label_of(concept, chosen)) for concept in read_concepts(table)]
    return [
        SynthConcept(concept.concept_id, label, concept.names)
        for concept, label in found
        if label
    ]
