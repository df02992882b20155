"""What `adapt` reads: notes, label folders and corpora, all as words and terms."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc

from ...corpus.docs import make_doc, read_docs
from ...corpus.split import assign_splits, split_name
from ...errors import Errors, MslmError
from ...nn.adapting.shelf import Shelf
from ...notes.sources import read_notes
from ...pipeline.reading import read_doc
from ...pipeline.sentences import ClinicalSentences
from ...pipeline.tokenizer import ClinicalTokenizer
from ...types import DropCounts, IntArray, Note
from ...weak.domain_words import with_domain_words
from ...weak.policy import check_policy, resolve
from ..corpora.corpus import wanted_split
from ..files import MANIFEST, read_manifest
from ..labelling.concepts import load_labeller
from ..labelling.concepts import read_manifest as read_concepts_manifest
from ..labelling.label import FAILED, find_spans
from ..labelling.labels import read_labels, shard_paths

# Zipf frequency of "the", and a little more.
MOST_FREQUENT = 8
NO_WORDS = "document without a word"
OF_TEST = "document of the test split"
MOST_MEASURED = 500


@dataclass(frozen=True)
class Reading:
    """How to read. `concepts`: folder by which terms are found in raw notes, or in a
    corpus in place of its entities; None for none.
    `spans_from`: whose spans of a label folder are the terms. `domain_words`: words of
    a lower Zipf frequency in general English are terms too; 0 for none. `held_out`:
    share of the patients that nothing is learnt from."""

    concepts: Path | None = None
    categories: Sequence[str] = ()
    sample: int = 0
    seed: int = 0
    spans_from: str = "medcat"
    policy: str = "longest"
    domain_words: float = 0.0
    held_out: float = 0.05

    def __post_init__(self) -> None:
        check_policy(self.policy)
        if not 0 <= self.held_out < 1:
            raise MslmError(Errors.M401.format(name="held_out", value=self.held_out))
        if not 0 <= self.domain_words <= MOST_FREQUENT:
            raise MslmError(
                Errors.M408.format(
                    name="domain_words",
                    low=0,
                    high=MOST_FREQUENT,
                    value=self.domain_words,
                )
            )


@dataclass
class Data:
    """All documents on one shelf, with the indices of those to learn from, of those
    held out, and of those among the latter whose loss is measured."""

    shelf: Shelf
    train: IntArray
    held_out: IntArray
    measured: IntArray
    drops: DropCounts
    about: dict[str, Any]


@dataclass
class _Found:
    """A document on its way: whose it is, and in which split it asks to be."""

    doc: Doc
    patient: str
    wanted: str


def read_data(source: Path, reading: Reading, on_doc: Callable[[], None]) -> Data:
    """Read `source`: a label folder, a corpus folder, or any source of notes.

    Terms are the folder's own (doc.ents of a corpus), or what `reading.concepts`
    finds in notes or a corpus, and `reading.domain_words` outside these. Tokens and
    sentences are those of training. Documents that ask to be in the test split are left
    out; those of dev are held out, or else a share of patients.

    Raises MslmError: M777 (concepts for labels), M778 (no document to learn
    from), M779 (one patient alone), M233 (domain words without wordfreq), and what the
    readers raise.
    """
    drops = DropCounts()
    kind, found, about = _open(source, reading, drops)
    shelf, mark = Shelf(), ClinicalSentences()
    records: list[tuple[str, str]] = []
    for item in found:
        on_doc()
        if item.wanted == "test":
            drops[OF_TEST] += 1
            continue
        words = read_doc(mark(item.doc))
        if not words.words:
            drops[NO_WORDS] += 1
            continue
        terms = tuple((e.start, e.end) for e in item.doc.ents)
        shelf.add(words, with_domain_words(words.words, terms, reading.domain_words))
        records.append((item.patient, item.wanted))
    if all(wanted == "dev" for _, wanted in records):
        raise MslmError(Errors.M778.format(path=source))
    train, held_out = _split(records, reading)
    order = np.random.default_rng(0).permutation(len(held_out))[:MOST_MEASURED]
    about = {"kind": kind, **about, "data_hash": shelf.digest}
    return Data(shelf, train, held_out, held_out[np.sort(order)], drops, about)


def _split(
    records: Sequence[tuple[str, str]], reading: Reading
) -> tuple[IntArray, IntArray]:
    wanted = {split for _, split in records}
    share = 0.0 if "dev" in wanted else reading.held_out
    if share and len({patient for patient, _ in records}) < 2:
        raise MslmError(Errors.M779.format(docs=len(records)))
    splits = assign_splits(records, dev=share, test=0.0, seed=reading.seed)
    is_dev = np.array([splits[patient] == "dev" for patient, _ in records], dtype=bool)
    return np.flatnonzero(~is_dev), np.flatnonzero(is_dev)


def _open(
    source: Path, reading: Reading, drops: DropCounts
) -> tuple[str, Iterator[_Found], dict[str, Any]]:
    manifest: dict[str, Any] = {}
    if (source / MANIFEST).is_file():
        manifest = read_manifest(source, "label")
    if not manifest:
        return _open_notes(source, reading, drops)
    if "splits" in manifest:
        finds, about = _finds(reading, drops)
        return "corpus", _of_corpus(source, finds), about
    if reading.concepts is not None:
        raise MslmError(Errors.M777.format(path=source))
    shards = shard_paths(source, manifest)
    about = {"concepts_hash": manifest.get("concepts_hash", "")}
    return "labels", _of_labels(source, shards, reading, drops), about


def _open_notes(
    source: Path, reading: Reading, drops: DropCounts
) -> tuple[str, Iterator[_Found], dict[str, Any]]:
    finds, about = _finds(reading, drops)
    notes = read_notes(
        source,
        drops=drops,
        categories=reading.categories,
        sample=reading.sample,
        seed=reading.seed,
    )
    return "notes", _of_notes(notes, finds), about


# Makes the terms of a note the entities of its Doc.
_Finds = Callable[[Note, Doc], None]


def _finds(reading: Reading, drops: DropCounts) -> tuple[_Finds | None, dict[str, Any]]:
    """What finds terms with `reading.concepts`, and its hash; None without them."""
    if reading.concepts is None:
        return None, {}
    _, concepts_hash = read_concepts_manifest(reading.concepts)
    labeller = load_labeller(reading.concepts, drops=drops)

    def finds(note: Note, doc: Doc) -> None:
        spans = []
        try:
            spans = find_spans(labeller, note, reading.policy, drops)
        except MslmError:
            raise
        except Exception:
            # As in `label`: its message might quote the note.
            drops[FAILED] += 1
        name = labeller.name
        make_doc(lambda _: doc, note, {name: spans}, entities_from=name, drops=drops)

    return finds, {"concepts_hash": concepts_hash}


def _of_notes(notes: Iterator[Note], finds: _Finds | None) -> Iterator[_Found]:
    tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
    for note in notes:
        doc = tokenizer(note.text)
        if finds is not None:
            finds(note, doc)
        wanted = split_name(str(note.meta.get("split") or ""))
        yield _Found(doc, note.patient_id, wanted)


def _of_labels(
    folder: Path, shards: Sequence[Path], reading: Reading, drops: DropCounts
) -> Iterator[_Found]:
    tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
    name = reading.spans_from
    sources: set[str] = set()
    notes = 0
    for item in read_labels(shards):
        notes += 1
        sources.update(item.spans)
        doc = make_doc(
            tokenizer,
            item.note,
            {name: item.spans.get(name, ())},
            entities_from=name,
            drops=drops,
            resolve=partial(resolve, policy=reading.policy, drops=drops),
        )
        yield _Found(doc, item.patient, wanted_split(item))
    if name not in sources:
        found = ", ".join(sorted(sources)) or "none"
        raise MslmError(
            Errors.M735.format(path=folder, notes=notes, source=name, found=found)
        )


def _of_corpus(folder: Path, finds: _Finds | None) -> Iterator[_Found]:
    """Train and dev; the test split is never opened. Terms are the entities, or what is
    found in place of them."""
    vocab = spacy.blank("en").vocab
    for split in ("train", "dev"):
        if (folder / split).is_dir():
            for number, doc in enumerate(read_docs(folder / split, vocab)):
                name = f"{split}-{number}"
                patient = str(doc.user_data.get("patient_id") or name)
                if finds is not None:
                    finds(Note(name, patient, doc.text), doc)
                yield _Found(doc, patient, "dev" if split == "dev" else "")
