"""`concepts train`: notes teach a concepts folder to tell ambiguous names apart.

MedCAT's unsupervised training: where a note has a name that means one concept alone,
the words around it describe that concept; where it has a name of several concepts, the
one whose description fits best is taken. Names that mean one concept are found as
before.
"""

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import Errors, MslmError
from ...notes.columns import USUAL_NAMES, ColumnNames
from ...runners.atomic import atomic_folder
from ...weak.concepts import Concept, read_concepts
from ...weak.medcat import pack_sha256, train_unsupervised
from ...weak.paragraphs import paragraph_spans
from ...weak.vectors import shared_words, word_vectors
from .. import files
from ..note_stream import NoteStream
from .concepts import AMBIGUOUS, CONCEPT_IDS, PACK, POINTER, TABLE, read_manifest

LEAST_PATIENTS, LEAST_WORDS = 5, 100


@dataclass(frozen=True)
class Learning:
    """Which notes are read, and of how many patients a word must be to be kept: the
    pack holds the words that it learnt from."""

    sample: int = 0
    seed: int = 0
    categories: Sequence[str] = ()
    columns: ColumnNames = USUAL_NAMES
    least_patients: int = LEAST_PATIENTS


def train_concepts(
    notes: Path | str, concepts: Path, out: Path, learning: Learning | None = None
) -> dict[str, Any]:
    """Make `out`, a concepts folder with a trained model pack, from the folder
    `concepts`, which stays as it is. Notes are read three times and never held.

    The pack holds common words with vectors, and no text. Its files carry the time of
    training: the same notes give the same labels, not the same bytes. RETURNS: the
    manifest. Raises MslmError: as `read_notes`, M260 for too few words, M261 and M262
    for a folder without ambiguous names, M221 without medcat.
    """
    learning = learning or Learning()
    manifest, base = read_manifest(concepts)
    if AMBIGUOUS not in manifest["files"]:
        raise MslmError(Errors.M261.format(path=concepts))
    if not manifest["ambiguous_names"]:
        raise MslmError(Errors.M262.format(path=concepts))
    files.check_replaceable(out)
    ids, rows = _rows(concepts)
    stream = NoteStream(
        notes, learning.categories, learning.sample, learning.seed, learning.columns
    )
    words = shared_words(stream, least_patients=learning.least_patients)
    if len(words.counts) < LEAST_WORDS:
        found = {"words": len(words.counts), "least": learning.least_patients}
        raise MslmError(Errors.M260.format(path=notes, **found))
    vectors = word_vectors(stream, words)
    described = zip(words.counts, words.counts.values(), vectors, strict=True)
    with atomic_folder(out) as folder:
        for name in manifest["files"]:
            shutil.copyfile(concepts / name, folder / name)
        texts = _Texts(stream)
        with _seeded(learning.seed):
            trained = train_unsupervised(rows, described, texts, folder / PACK)
        manifest |= {
            "source": "pack",
            "sha256": pack_sha256(folder / PACK),
            "trained": {
                "base": base,
                "base_sha256": manifest["sha256"],
                "base_source": manifest["source"],
                "concepts_trained": sum(times > 0 for times in trained.values()),
                "ambiguous_names": _ready(concepts, ids, trained),
                "input_hash": stream.input_hash,
                "least_patients": learning.least_patients,
                "notes": texts.notes,
                "sample": learning.sample,
                "seed": learning.seed,
                "words": len(words.counts),
            },
        }
        _write_text(folder / POINTER, {"path": PACK})
        _write_text(folder / CONCEPT_IDS, {key: ids[key] for key in sorted(ids)})
        hashed = files.file_sha256(folder / CONCEPT_IDS)
        manifest["files"] = {**manifest["files"], CONCEPT_IDS: hashed}
        _write_text(folder / files.MANIFEST, manifest)
    return manifest


def _rows(folder: Path) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Key -> concept id, and (key, name, types) of every name, served and ambiguous.

    MedCAT writes ids in capitals: a key is the id in capitals, or with a number where
    two ids are one then."""
    keys: dict[str, str] = {}
    ids: dict[str, str] = {}
    rows: dict[tuple[str, str, str], None] = {}
    for table in (TABLE, AMBIGUOUS):
        for concept in read_concepts(folder / table):
            key = keys.get(concept.concept_id)
            if key is None:
                key = concept.concept_id.upper()
                while key in ids:
                    key += "#"
                keys[concept.concept_id] = key
                ids[key] = concept.concept_id
            rows |= dict.fromkeys(_named(key, concept))
    return ids, list(rows)


def _named(key: str, concept: Concept) -> Iterator[tuple[str, str, str]]:
    types = "|".join(concept.type_ids)
    for name in concept.names:
        yield key, name.replace("|", " "), types


@dataclass
class _Texts:
    """The paragraphs of notes, and how many notes they were."""

    stream: NoteStream
    notes: int = 0

    def __iter__(self) -> Iterator[str]:
        self.notes = 0
        for note in self.stream:
            self.notes += 1
            for start, end in paragraph_spans(note.text):
                yield note.text[start:end]


def _ready(
    folder: Path, ids: dict[str, str], trained: dict[str, int]
) -> dict[str, int]:
    """How many ambiguous names have all, some or none of their concepts trained."""
    known = {ids[key] for key, times in trained.items() if times}
    counts = {"all": 0, "some": 0, "none": 0}
    holders: dict[str, list[str]] = {}
    for concept in read_concepts(folder / AMBIGUOUS):
        for name in concept.names:
            holders.setdefault(name.lower(), []).append(concept.concept_id)
    for held in holders.values():
        if len(held) > 1:
            found = sum(concept_id in known for concept_id in held)
            kind = "none" if not found else "all" if found == len(held) else "some"
            counts[kind] += 1
    return counts


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """MedCAT draws from global generators: settled draws, then back as they were."""
    before, drawn = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(drawn)


def _write_text(path: Path, value: Any) -> None:
    path.write_text(files.json_text(value), encoding="utf-8")
