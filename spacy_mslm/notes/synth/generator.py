"""The generator of synthetic notes: patients, their splits, their notes."""

from collections.abc import Iterator, Sequence
from random import Random

from ...errors import Errors, MslmError
from ...types import Note
from .deck import Deck
from .fillers import Persona
from .templates import load_book, load_layouts
from .vocabulary import LABELS, PARTS, TEST, TRAIN, SynthConcept, Vocabulary
from .writer import NoteWriter

# Test patients come first, so that a handful of patients still fills every split.
SPLIT_SHARES = {"test": 0.2, "dev": 0.1}
NOTES_PER_PATIENT = (2, 4)
FAVOURITES = 4


def generate(
    concepts: Sequence[SynthConcept], *, patients: int, seed: int
) -> Iterator[Note]:
    """Notes of `patients` patients with gold; the same arguments, the same notes.

    Each note's `meta` holds "split" (by patient: 70% train, 10% dev, 20% test),
    "synthetic", and how it was made: "kinds" (a `MentionKind` for each gold span, in
    order), "templates" and "headings". Test patients use templates, headings and
    surface forms that no train or dev note uses. Labels other than the paper's three
    are left out. Absent concepts have ids that begin with "SYNTH:".

    RAISES [M151] too few patients; [M152], [M153] concepts that cannot give the
    mentions that notes need.
    """
    splits = _splits(patients, seed)
    decks = {name: Deck(Random(f"{seed}/deck/{name}")) for name in splits.values()}
    vocabularies = {part: Vocabulary(part, concepts) for part in PARTS}
    taken: dict[str, str] = {}
    for patient, split in splits.items():
        part = TEST if split == "test" else TRAIN
        rng = Random(f"{seed}/patient/{patient}")
        writer = NoteWriter(
            load_book(part), vocabularies[part], decks[split], rng, taken
        )
        yield from _patient_notes(patient, split, writer, vocabularies[part], rng)


def _splits(patients: int, seed: int) -> dict[str, str]:
    """Each patient's split, in order of patients; exact shares, at least one each."""
    if patients < 3:
        raise MslmError(Errors.M151.format(patients=patients))
    names = [f"synth-{number:04d}" for number in range(1, patients + 1)]
    shuffled = Random(f"{seed}/splits").sample(names, patients)
    splits = dict.fromkeys(names, "train")
    taken = 0
    for split, share in SPLIT_SHARES.items():
        count = max(1, round(share * patients))
        splits.update(dict.fromkeys(shuffled[taken : taken + count], split))
        taken += count
    return splits


def _patient_notes(
    patient: str, split: str, writer: NoteWriter, vocabulary: Vocabulary, rng: Random
) -> Iterator[Note]:
    persona = Persona.draw(rng)
    favourites = [
        concept_id
        for label in LABELS
        for concept_id in _some(vocabulary.concept_ids(label), rng)
    ]
    layouts = load_layouts()
    categories = rng.sample(sorted(layouts), rng.randint(*NOTES_PER_PATIENT))
    for number, category in enumerate(categories, start=1):
        page, made = writer.write(layouts[category], persona, favourites)
        yield Note(
            note_id=f"{patient}-{number}",
            patient_id=patient,
            text=page.text,
            category=category,
            meta={"split": split, "synthetic": True, **made},
            gold=tuple(mention.span for mention in page.mentions),
        )


def _some(concept_ids: list[str], rng: Random) -> list[str]:
    return rng.sample(concept_ids, min(FAVOURITES, len(concept_ids)))
