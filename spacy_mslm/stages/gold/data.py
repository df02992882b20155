"""Documents that people annotated, for `gold`: types named as the pipeline names them,
a part that is never trained on, and nested parts to train on."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import spacy
from spacy.tokens import Doc

from ...corpus.docs import GOLD, make_doc, read_docs
from ...errors import Errors, MslmError
from ...types import CharSpan, DropCounts, Note
from ...weak.policy import resolve
from ..annotating.imported import read_annotations

AGAIN = "document annotated again (the last one stands)"
OTHER_TYPE = "span of a type that the pipeline does not know"
POLICY = "longest"
# One training document in five chooses the checkpoint.
DEV_EVERY = 5


@dataclass
class Gold:
    """The annotated documents as they are used. `found`: mentions by the type they
    came with; `added`: types that the pipeline is to learn anew."""

    notes: list[Note]
    drops: DropCounts
    found: Counter[str]
    added: list[str]

    @property
    def mentions(self) -> dict[str, int]:
        return count_mentions(self.notes)

    @property
    def synthetic(self) -> bool:
        return all(note.meta.get("synthetic") for note in self.notes)


def parse_mapping(text: str) -> dict[str, str]:
    """`Sign_symptom=Symptoms,Medication=Treatments` as a mapping. Raises M723."""
    pairs = [item.strip() for item in text.split(",") if item.strip()]
    mapping: dict[str, str] = {}
    for pair in pairs:
        found, sign, wanted = (part.strip() for part in pair.partition("="))
        if not (found and sign and wanted) or mapping.get(found, wanted) != wanted:
            raise MslmError(Errors.M723.format(item=pair))
        mapping[found] = wanted
    return mapping


def read_gold(
    path: Path,
    *,
    known: Collection[str],
    mapping: Mapping[str, str],
    add_labels: bool = False,
) -> Gold:
    """The documents at `path` (brat, DocBin, Prodigy, Label Studio), renamed by
    `mapping`. Mentions of types outside `known` are dropped and counted, or kept with
    `add_labels`. Of documents with the same text the last one stands.

    Raises M721 (no document), M722 (no mention of a known type), M724 (a mapping to
    an unknown type), and what `read_annotations` raises.
    """
    if not add_labels and (unknown := sorted({*mapping.values()} - {*known})):
        raise MslmError(
            Errors.M724.format(label=", ".join(unknown), known=", ".join(sorted(known)))
        )
    drops, found = DropCounts(), Counter[str]()
    by_text: dict[str, Note] = {}
    for note in read_annotations(path, drops=drops):
        drops.update([AGAIN] if doc_key(note) in by_text else [])
        by_text[doc_key(note)] = note
    notes = []
    for note in by_text.values():
        found.update(span.label for span in note.gold)
        spans = _renamed(note.gold, mapping, None if add_labels else known, drops)
        notes.append(replace(note, gold=spans, meta={**note.meta, "gold": True}))
    if not notes:
        raise MslmError(Errors.M721.format(path=path))
    mentions = count_mentions(notes)
    if not mentions:
        raise MslmError(
            Errors.M722.format(
                path=path,
                docs=len(notes),
                found=", ".join(sorted(found)) or "no mention at all",
                known=", ".join(sorted(known)),
            )
        )
    return Gold(notes, drops, found, sorted(mentions.keys() - {*known}))


def _renamed(
    spans: Iterable[CharSpan],
    mapping: Mapping[str, str],
    known: Collection[str] | None,
    drops: DropCounts,
) -> tuple[CharSpan, ...]:
    kept = []
    for span in spans:
        label = mapping.get(span.label, span.label)
        if known is None or label in known:
            kept.append(replace(span, label=label, source=GOLD))
        else:
            drops[f"{OTHER_TYPE}: {span.label}"] += 1
    return tuple(kept)


def count_mentions(notes: Iterable[Note]) -> dict[str, int]:
    found = Counter(span.label for note in notes for span in note.gold)
    return dict(sorted(found.items()))


def notes_hash(notes: Iterable[Note]) -> str:
    """One hash over texts and spans, in whatever format they came."""
    digest = hashlib.sha256()
    for note in notes:
        spans = [asdict(span) for span in note.gold]
        row = [note.note_id, note.patient_id, note.text, spans]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def text_digest(text: str) -> bytes:
    """The same for texts that differ in white space alone."""
    words = " ".join(text.split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Seen:
    """Texts and patients of one part of the weak corpus."""

    texts: frozenset[bytes] = frozenset()
    patients: frozenset[str] = frozenset()

    def __contains__(self, note: Note) -> bool:
        known = bool(note.patient_id) and note.patient_id in self.patients
        return known or text_digest(note.text) in self.texts


def seen_in(corpus: Path | None, splits: Iterable[str]) -> Seen:
    """What the named splits of a corpus folder hold, as far as it has them; nothing
    without a corpus. Raises M701 where there is no such folder."""
    texts: set[bytes] = set()
    patients: set[str] = set()
    if corpus is not None and not corpus.is_dir():
        raise MslmError(Errors.M701.format(path=corpus))
    folders = [corpus / split for split in splits] if corpus else []
    for folder in filter(Path.is_dir, folders):
        for doc in read_docs(folder, spacy.blank("en").vocab):
            texts.add(text_digest(doc.text))
            patients.add(doc.user_data.get("patient_id") or "")
    return Seen(frozenset(texts), frozenset(patients - {""}))


@dataclass(frozen=True)
class GoldSplit:
    """`test` is never trained on; `pool` is what may be. `forced`: how many documents
    are in `test` by no choice of ours."""

    test: list[Note]
    pool: list[Note]
    forced: int = 0


def split_gold(
    notes: Sequence[Note], *, share: float, seed: int, held: Seen | None = None
) -> GoldSplit:
    """At least `share` of the documents as test, patient by patient, in the order of a
    hash of (seed, patient).

    Documents in `held` (what the weak corpus keeps for dev and test), and those that
    lie in a test folder, go to test with all of their patient, before any other:
    trained on, they would spoil the scores and confidences measured there. Raises M725
    where less than two documents would be left to train on.
    """
    groups = _by_patient(notes, seed)
    held = held or Seen()
    keys = [any(note in held or _is_test(note) for note in group) for group in groups]
    forced = [group for group, is_held in zip(groups, keys, strict=True) if is_held]
    free = [group for group, is_held in zip(groups, keys, strict=True) if not is_held]
    wanted = math.ceil(share * len(notes) - 1e-9)
    test = [note for group in forced for note in group]
    number = len(test)
    while free and len(test) < max(wanted, 1):
        test += free.pop(0)
    pool = [note for group in free for note in group]
    if len(pool) < 2:
        raise MslmError(
            Errors.M725.format(docs=len(notes), test=len(test), forced=number)
        )
    return GoldSplit(test, pool, number)


def _is_test(note: Note) -> bool:
    return note.meta.get("split") == "test"


def train_dev(
    pool: Sequence[Note], documents: int, seed: int
) -> tuple[list[Note], list[Note]]:
    """The first `documents` of the pool in the order of `seed`, as (train, dev).

    Subsets of one seed are nested. Every fifth patient's documents, or the last one's
    where there are fewer, choose the checkpoint; they count as gold like the others.
    Documents of a single patient are divided all the same.
    """
    ordered = [note for group in _by_patient(pool, seed) for note in group]
    chosen = ordered[:documents]
    groups = _by_patient(chosen, seed)
    if len(groups) == 1:
        return chosen[:-1], chosen[-1:]
    dev = groups[DEV_EVERY - 1 :: DEV_EVERY] or groups[-1:]
    ids = {id(note) for group in dev for note in group}
    return (
        [note for note in chosen if id(note) not in ids],
        [note for note in chosen if id(note) in ids],
    )


def _by_patient(notes: Sequence[Note], seed: int) -> list[list[Note]]:
    groups: dict[str, list[Note]] = {}
    for note in notes:
        groups.setdefault(_patient(note), []).append(note)
    return [groups[patient] for patient in sorted(groups, key=lambda p: _key(seed, p))]


def _patient(note: Note) -> str:
    return note.patient_id or note.note_id or note.text


def _key(seed: int, patient: str) -> bytes:
    return hashlib.sha256(
        f"{seed}\n{patient}".encode("utf-8", "surrogatepass")
    ).digest()


def make_docs(
    notes: Iterable[Note], tokenizer: Callable[[str], Doc], drops: DropCounts
) -> dict[str, Doc]:
    """The Doc of each note by `doc_key`; entities are its gold, the longest of what
    overlaps, and all of it is in the group "gold"."""
    return {
        doc_key(note): make_doc(
            tokenizer,
            note,
            {},
            entities_from=GOLD,
            drops=drops,
            resolve=lambda spans: resolve(spans, POLICY, drops=drops),
        )
        for note in notes
    }


def doc_key(note: Note) -> str:
    """Texts differ, so they tell the documents apart."""
    return text_digest(note.text).hex()
