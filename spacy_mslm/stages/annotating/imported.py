"""`corpus import`: corrected annotation -> DocBin, split by patient.

From a brat folder, Prodigy's or Label Studio's export, DocBins, or notes as JSON lines
with gold. Gold becomes `doc.ents` and `doc.spans["gold"]` under our tokenizer.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from ...corpus.brat_out import parts_of
from ...corpus.docs import GOLD, make_doc
from ...corpus.split import SPLITS, assign_splits, split_name
from ...errors import Errors, MslmError
from ...pipeline.tokenizer import ClinicalTokenizer
from ...types import DropCounts, Note
from ...weak.policy import check_policy, resolve
from ..corpora.brat_docs import add_brat_group
from ..corpora.corpus import SHARD_SIZE, write_corpus
from ..files import check_replaceable, sha256_of
from .sources import AUTO, BRAT, annotation_files, format_of
from .sources import read_annotations as read_annotations

AGAIN = "document annotated again (the last one stands)"


def import_annotations(
    path: Path,
    out: Path,
    *,
    format: str = AUTO,
    labels: Mapping[str, str] | None = None,
    dev: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    test_only: bool = False,
    policy: str = "longest",
) -> dict[str, Any]:
    """Make a corpus folder of annotation, as `build_corpus` makes one of labels.

    The entities are the gold spans under `policy`; all of them, overlaps too, stay in
    `doc.spans["gold"]`; where brat has discontinuous ones, their fragments are in
    `doc.spans["brat"]`. `test_only` puts every document into "test". RETURNS (dict):
    the manifest. Raises what `read_annotations` raises, M340 (nothing annotated),
    M231 (no such policy), M309-M312 (splits), M738 and M736 (no entity).
    """
    check_policy(policy)
    check_replaceable(out)
    drops = DropCounts()
    form = format_of(path) if format == AUTO else format
    notes = _annotated(path, form, labels, drops)
    if test_only:
        splits = {note.patient_id: "test" for note in notes}
    else:
        splits = assign_splits(_records(notes), dev=dev, test=test, seed=seed)
    settings = {
        "format": form,
        "labels": dict(labels or {}),
        "dev": dev,
        "test": test,
        "seed": seed,
        "test_only": test_only,
        "policy": policy,
    }
    about = {
        "settings": settings,
        "entities_from": GOLD,
        "synthetic": any(note.meta.get("synthetic") for note in notes),
        "has_gold": True,
        "input_hash": sha256_of(annotation_files(path, form)),
    }
    docs = _docs(notes, form, policy, drops)
    pairs = ((splits[note.patient_id], doc) for note, doc in docs)
    names = ("test",) if test_only else SPLITS
    return write_corpus(out, pairs, names, about, drops, SHARD_SIZE)


def _annotated(
    path: Path, form: str, labels: Mapping[str, str] | None, drops: DropCounts
) -> list[Note]:
    """All notes, each once. Held together: what people annotate is small."""
    notes: dict[str, Note] = {}
    for note in read_annotations(path, format=form, drops=drops, labels=labels):
        if note.note_id in notes:
            drops[AGAIN] += 1
        notes[note.note_id] = note
    if not notes:
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(drops.items()))
        raise MslmError(Errors.M340.format(path=path, reasons=reasons or "none at all"))
    return list(notes.values())


def _records(notes: list[Note]) -> Iterator[tuple[str, str]]:
    """Patient and wanted split of each note."""
    for note in notes:
        yield note.patient_id, split_name(str(note.meta.get("split") or ""))


def _docs(
    notes: list[Note], form: str, policy: str, drops: DropCounts
) -> Iterator[tuple[Note, Doc]]:
    tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
    for note in notes:
        doc = make_doc(
            tokenizer,
            note,
            {},
            entities_from=GOLD,
            drops=drops,
            resolve=lambda spans: resolve(spans, policy, drops=drops),
        )
        if form == BRAT and parts_of(note):
            add_brat_group(doc, note)
        yield note, doc


def parse_labels(text: str) -> dict[str, str]:
    """`A=B,C` as {"A": "B", "C": "C"}; {} for an empty text. Raises M787."""
    labels: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, other = (piece.strip() for piece in part.partition("="))
        if not name or (equals and not other) or name in labels:
            raise MslmError(Errors.M787.format(part=part))
        labels[name] = other or name
    return labels
