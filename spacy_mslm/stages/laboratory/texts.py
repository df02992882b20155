"""Texts for `experiment prepare`: gold and further notes as the pipelines read them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.tokens import Doc

from ...corpus.docs import GOLD, make_doc
from ...corpus.iob import read_iob
from ...corpus.split import SPLITS, assign_splits, split_name
from ...experiments.data import NAMES
from ...notes.sources import read_notes
from ...pipeline.sentences import ClinicalSentences
from ...pipeline.tokenizer import ClinicalTokenizer
from ...types import DropCounts, Note
from ...weak.noise import Noise
from ...weak.policy import resolve
from ..gold.data import Seen, read_gold, text_digest

POLICY = "longest"
IN_GOLD = "note that is also in the gold, or of a patient who is"
# Files of further notes, which nobody annotated.
NOTES = "notes"

Words = tuple[int, int, str]


@dataclass(frozen=True)
class Text:
    """A document or a sentence, its split ("notes": no gold), and its gold."""

    split: str
    note: Note
    doc: Doc
    gold: tuple[Words, ...] = ()


@dataclass(frozen=True)
class SetSettings:
    """`labels`: gold types to labels of `clusters`; others are left out. `noise`: the
    spoilt terminologies that label beside the whole one. `sample`: of `notes`."""

    labels: Mapping[str, str]
    noise: Sequence[Noise] = ()
    dev: float = 0.1
    test: float = 0.4
    sample: int = 0
    seed: int = 0


def gold_texts(gold: Path, settings: SetSettings, drops: DropCounts) -> Iterator[Text]:
    """A folder of IOB files, whose splits stay, or annotation, split by patient."""
    files = {
        split: [gold / name for name in NAMES[split] if (gold / name).is_file()]
        for split in SPLITS
    }
    if all(files.values()):
        return _iob_texts({s: paths[0] for s, paths in files.items()}, settings)
    return _annotated_texts(gold, settings, drops)


def _iob_texts(files: Mapping[str, Path], settings: SetSettings) -> Iterator[Text]:
    """A sentence a text, its words as they are, a space after each."""
    vocab = spacy.blank("en").vocab
    for split, path in files.items():
        for i, sentence in enumerate(read_iob(path)):
            doc = Doc(vocab, words=list(sentence.words))
            spans = (
                (start, end, settings.labels[kind])
                for start, end, kind in sentence.spans()
                if kind in settings.labels
            )
            name = f"{split}-{i}"
            yield Text(split, Note(name, name, doc.text), doc, tuple(spans))


def _annotated_texts(
    gold: Path, settings: SetSettings, drops: DropCounts
) -> Iterator[Text]:
    read = read_gold(gold, known=set(settings.labels.values()), mapping=settings.labels)
    drops.update(read.drops)
    splits = assign_splits(
        (
            (note.patient_id, split_name(str(note.meta.get("split") or "")))
            for note in read.notes
        ),
        dev=settings.dev,
        test=settings.test,
        seed=settings.seed,
    )
    make = _Tokenized(drops)
    for note in read.notes:
        doc = make(note)
        spans = tuple((e.start, e.end, e.label_) for e in doc.ents)
        yield Text(splits[note.patient_id], note, doc, spans)


def note_texts(
    path: Path, annotated: Sequence[Text], settings: SetSettings, drops: DropCounts
) -> Iterator[Text]:
    """Each text once, none that is `annotated` or of a patient who has gold."""
    gold = Seen(
        frozenset(text_digest(text.note.text) for text in annotated),
        frozenset(text.note.patient_id for text in annotated),
    )
    make, seen = _Tokenized(drops), set[bytes]()
    for note in read_notes(
        path, drops=drops, sample=settings.sample, seed=settings.seed
    ):
        if note in gold:
            drops[IN_GOLD] += 1
        elif text_digest(note.text) not in seen:
            seen.add(text_digest(note.text))
            yield Text(NOTES, note, make(note))


class _Tokenized:
    """A note as the pipelines read it: words, sentences and, as entities, its gold."""

    def __init__(self, drops: DropCounts) -> None:
        self.tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
        self.sentences = ClinicalSentences()
        self.drops = drops

    def __call__(self, note: Note) -> Doc:
        doc = make_doc(
            self.tokenizer,
            note,
            {},
            entities_from=GOLD,
            drops=self.drops,
            resolve=lambda spans: resolve(spans, POLICY, drops=self.drops),
        )
        return self.sentences(doc)
