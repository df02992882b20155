"""`annotate`: notes and a trained pipeline -> predicted entities, to be used or
corrected in brat, Prodigy or Label Studio.

What it writes holds the text of the notes: that is its purpose. The list of documents
(`documents/`) and the manifest hold none. A run may be stopped at any moment and
started again; a file that is there with other content (corrected, perhaps) is never
written over.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ... import corpus as corpus_room
from ...errors import Errors, MslmError
from ...notes.records import note_row
from ...notes.sources import read_notes
from ...runners import provenance
from ...runners.atomic import atomic_write_text
from ...runners.shards import Job, Outcome, Run, Shard, run_shards
from ...types import DropCounts, Note
from ..files import MANIFEST, json_text, sha256_of
from ..measuring.held_out import load_pipeline
from .docs import about_pipeline, predicted
from .folder import (
    check_folder,
    check_strays,
    forget_lost,
    write_new,
    write_sidecars,
)
from .formats import WRITERS, Format
from .sources import BRAT, DOCUMENTS, FORMATS

_FAILED = "failed "
_SPANS = "spans "
_NOTES = "notes"


@dataclass(frozen=True)
class AnnotateSettings:
    """What the output depends on besides notes and pipeline.

    `threshold`: spans of a lower confidence are left out; spans without one stay.
    `spans_key`: take `doc.spans[spans_key]` instead of `doc.ents`.
    """

    format: str = BRAT
    threshold: float = 0.0
    spans_key: str = ""
    shard_size: int = 200
    batch_size: int = 32

    def __post_init__(self) -> None:
        if self.format not in WRITERS:
            known = ", ".join(FORMATS)
            raise MslmError(Errors.M786.format(got=self.format, known=known))
        if not 0 <= self.threshold <= 1:
            raise MslmError(Errors.M401.format(name="threshold", value=self.threshold))
        for size in (self.shard_size, self.batch_size):
            if size < 1:
                raise MslmError(Errors.M711.format(got=size))


def annotate_notes(
    model: str | Path,
    notes: Path | str,
    out: Path,
    *,
    settings: AnnotateSettings,
    sample: int = 0,
    seed: int = 0,
    categories: Sequence[str] = (),
    on_shard: Callable[[Shard], None] = lambda shard: None,
) -> dict[str, Any]:
    """Write the entities that `model` finds in `notes` into `out`, shard by shard, the
    list of documents into `out`/documents and at the very end `out`/manifest.json.

    `sample`, `seed` and `categories` are those of `read_notes`. Memory holds one shard
    of notes. RETURNS (dict): the manifest. Raises M741 (no such pipeline), M788 (a
    file is there with other content), M789 (other files in `out`), M790 (a pipeline
    that changes text), M791 (it failed on every note), and what `read_notes` raises.
    """
    form = WRITERS[settings.format]
    check_folder(out, form)
    drops, seen = DropCounts(), _Seen()
    source = read_notes(
        notes, drops=drops, categories=categories, sample=sample, seed=seed
    )
    nlp = load_pipeline(model)
    about = about_pipeline(nlp)
    forget_lost(out, form)
    job = Job(
        work=_Work(nlp, settings, form, out, about["name"]),
        fingerprint=lambda batch: "\n".join(map(_line, batch.notes)),
        name=lambda batch: str(batch.number),
        key=_key(about, settings),
        shard_size=1,
    )
    batches = seen.batches(source, settings.shard_size)
    run = run_shards(batches, job, out / DOCUMENTS, on_shard=on_shard)
    counted = _counted(run, out, drops)
    sidecars = form.sidecars(sorted({*about["labels"], *counted["spans"]}))
    files = check_strays(out, form, sidecars)
    write_sidecars(out, sidecars)
    choice = {"categories": list(categories), "sample": sample, "seed": seed}
    manifest = {
        **counted,
        "files": files,
        "holds_text": True,
        "model": about,
        "input_hash": seen.digest.hexdigest(),
        "settings": {**asdict(settings), **choice},
        "commit": provenance.git_commit(),
        "versions": provenance.versions(),
        "shards": {shard.file: shard.sha256 for shard in run.shards},
    }
    atomic_write_text(out / MANIFEST, json_text(manifest))
    return manifest


def _counted(run: Run, out: Path, drops: DropCounts) -> dict[str, Any]:
    """Notes, spans by label, drops (those of reading too) and the notes that failed,
    by id and type of error. Raises M791 where all of them did."""
    failed = list(run.quarantined)
    spans: dict[str, int] = {}
    for key, n in sorted(run.counts.items()):
        if key.startswith(_SPANS):
            spans[key.removeprefix(_SPANS)] = n
        elif key.startswith(_FAILED):
            error, name = key.removeprefix(_FAILED).split(" ", 1)
            failed.append({"name": name, "error": error})
        elif key != _NOTES:
            drops[key] += n
    notes = run.counts[_NOTES]
    if failed and not notes:
        reason = failed[0]["error"]
        raise MslmError(Errors.M791.format(path=out, n=len(failed), reason=reason))
    return {"notes": notes, "spans": spans, "drops": dict(drops), "failed": failed}


@dataclass(frozen=True)
class _Batch:
    """The notes of shard `number`."""

    number: int
    notes: tuple[Note, ...]


@dataclass
class _Seen:
    """The stream of notes in batches, and its hash."""

    digest: Any = field(default_factory=hashlib.sha256)

    def batches(self, notes: Iterable[Note], size: int) -> Iterator[_Batch]:
        number, source = 0, iter(notes)
        while batch := tuple(islice(source, size)):
            for note in batch:
                self.digest.update(_line(note).encode() + b"\n")
            yield _Batch(number, batch)
            number += 1


@dataclass
class _Work:
    """Predicts a shard of notes and writes its files; a note that the pipeline fails
    on is left out and counted by its id."""

    nlp: Language
    settings: AnnotateSettings
    form: Format
    out: Path
    model: str

    def __call__(self, batch: _Batch) -> Outcome:
        counts: Counter[str] = Counter()
        documents = []
        rows = []
        for note, doc in self._docs(batch.notes, counts):
            found = predicted(
                doc,
                note,
                self.model,
                spans_key=self.settings.spans_key,
                threshold=self.settings.threshold,
                drops=counts,
            )
            documents.append(found)
            counts.update(_SPANS + span.label for span in found.task.spans)
            rows.append(
                {
                    "file": self.form.place(batch.number, note.note_id),
                    "note_id": note.note_id,
                    "patient_id": note.patient_id,
                    "spans": len(found.task.spans),
                }
            )
        counts[_NOTES] = len(rows)
        write_new(self.out, self.form.files(batch.number, documents))
        lines = (json.dumps(r, ensure_ascii=False, sort_keys=True) for r in rows)
        return Outcome("\n".join(lines), counts)

    def _docs(
        self, notes: Sequence[Note], counts: Counter[str]
    ) -> Iterator[tuple[Note, Doc]]:
        texts = [note.text for note in notes]
        try:
            docs = list(self.nlp.pipe(texts, batch_size=self.settings.batch_size))
            yield from zip(notes, docs, strict=True)
        except MslmError:
            raise
        except Exception:
            yield from self._one_by_one(notes, counts)

    def _one_by_one(
        self, notes: Sequence[Note], counts: Counter[str]
    ) -> Iterator[tuple[Note, Doc]]:
        for note in notes:
            try:
                doc = self.nlp(note.text)
            except Exception as err:
                # By type: a message might quote the note.
                counts[f"{_FAILED}{type(err).__name__} {note.note_id}"] += 1
            else:
                yield note, doc


def _line(note: Note) -> str:
    return json.dumps(note_row(note), ensure_ascii=False, sort_keys=True)


def _key(about: dict[str, Any], settings: AnnotateSettings) -> str:
    """All that the files depend on besides the notes; the code that writes too."""
    room = sorted(Path(corpus_room.__file__).parent.glob("*.py"))
    code = sha256_of([*room, *sorted(Path(__file__).parent.glob("*.py"))])
    parts = [about, asdict(settings), provenance.versions(), code]
    return json.dumps(parts, sort_keys=True)
