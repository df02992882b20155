"""A shard of notes through a pipeline and into files, wherever that is done."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ...errors import MslmError
from ...runners.work import Failed, Outcome, ShardWork, Steps
from ...types import Note
from ..measuring.held_out import load_pipeline
from .docs import predicted
from .folder import write_new
from .formats import WRITERS, Predicted

SPANS = "spans "


@dataclass
class Annotator(ShardWork[Note]):
    """Predicts the notes of a shard and writes its files; of each note it makes a line
    for the list of documents. A note that the pipeline fails on is left out.

    `model` is loaded where the work is done, if `nlp` is not it already; `name` is
    what the files call it. The other settings are those of `AnnotateSettings`.
    """

    model: str | Path
    name: str
    out: Path
    format: str
    threshold: float
    spans_key: str
    batch_size: int
    nlp: Language | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "nlp": None}

    def prepare(self) -> None:
        self.nlp = self.nlp or load_pipeline(self.model)

    def attempt(self, item: Note) -> None:
        assert self.nlp
        self.nlp(item.text)

    def make(
        self, number: int, items: Sequence[Note], steps: Steps
    ) -> Iterator[Outcome | Failed]:
        made: dict[int, Outcome | Failed] = {}
        documents: dict[int, Predicted] = {}
        for index, doc in self._docs(items, steps):
            made[index] = self._read(doc, items[index], number, index, documents)
        steps.at(0, 0)
        for index, error in write(self.out, self.format, number, documents).items():
            made[index] = Failed(error)
        yield from (made[index] for index in range(len(items)))

    def _read(
        self,
        doc: Doc | Failed,
        note: Note,
        number: int,
        index: int,
        documents: dict[int, Predicted],
    ) -> Outcome | Failed:
        """What is said of one note; its document is added to `documents`."""
        if isinstance(doc, Failed):
            return doc
        counts: Counter[str] = Counter()
        try:
            found = predicted(
                doc,
                note,
                self.name,
                spans_key=self.spans_key,
                threshold=self.threshold,
                drops=counts,
            )
        except MslmError:
            raise
        except Exception as err:
            return Failed(type(err).__name__)
        documents[index] = found
        counts.update(SPANS + span.label for span in found.task.spans)
        row = {
            "file": WRITERS[self.format].place(number, note.note_id),
            "note_id": note.note_id,
            "patient_id": note.patient_id,
            "spans": len(found.task.spans),
        }
        return Outcome(json.dumps(row, ensure_ascii=False, sort_keys=True), counts)

    def _docs(
        self, notes: Sequence[Note], steps: Steps
    ) -> Iterator[tuple[int, Doc | Failed]]:
        """The Doc of each note, by position, `batch_size` predicted at once."""
        assert self.nlp
        yield from ((index, Failed(reason)) for index, reason in steps.skip.items())
        kept = (index for index in range(len(notes)) if index not in steps.skip)
        size = 1 if steps.singly else self.batch_size
        while group := list(islice(kept, size)):
            steps.at(group[0], group[-1] + 1)
            texts = [notes[index].text for index in group]
            try:
                docs = list(self.nlp.pipe(texts, batch_size=size))
                yield from zip(group, docs, strict=True)
            except MslmError:
                raise
            except Exception:
                yield from self._one_by_one(group, notes, steps)

    def _one_by_one(
        self, group: Sequence[int], notes: Sequence[Note], steps: Steps
    ) -> Iterator[tuple[int, Doc | Failed]]:
        assert self.nlp
        for index in group:
            steps.at(index, index + 1)
            try:
                yield index, self.nlp(notes[index].text)
            except Exception as err:
                # By type: a message might quote the note.
                yield index, Failed(type(err).__name__)


def write(
    out: Path, format: str, number: int, documents: dict[int, Predicted]
) -> dict[int, str]:
    """Write the files of a shard; RETURNS (dict): the documents that cannot be written
    in this format, left out of them, each with the type of its error."""
    form, failed = WRITERS[format], dict[int, str]()
    try:
        files = form.files(number, list(documents.values()))
    except Exception:
        for index, document in documents.items():
            try:
                form.files(number, [document])
            except MslmError:
                raise
            except Exception as err:
                failed[index] = type(err).__name__
        good = [doc for index, doc in documents.items() if index not in failed]
        files = form.files(number, good)
    write_new(out, files)
    return failed
