"""`experiment prepare`: gold and a terminology in, an IOB set with weak labels out.

What it writes, for the torch core to read without spaCy, MedCAT or the terminology:
`{train,dev,test}.tsv` (gold); for each source of weak labels
`{train,dev,test}.SOURCE.tsv` (the same words, its labels) and
`{dev,test}.SOURCE.lacks.tsv` (of the gold, the mentions that its terminology has no
name for); `notes.SOURCE.tsv` (further notes, without gold).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, Span

from ...corpus.docs import GOLD, make_doc
from ...corpus.iob import DOCUMENT_MARKS, IobSentence, read_iob, write_iob
from ...corpus.split import SPLITS, assign_splits, split_name
from ...errors import Errors, MslmError
from ...experiments.data import NAMES
from ...notes.sources import read_notes
from ...pipeline.reading import is_placeholder
from ...pipeline.sentences import ClinicalSentences
from ...pipeline.tokenizer import ClinicalTokenizer
from ...runners.atomic import atomic_folder
from ...types import PLACEHOLDER_FORM, DropCounts, Note
from ...weak.clusters import Clusters
from ...weak.concepts import Concept, read_concepts
from ...weak.labeller import Labeller
from ...weak.medcat import MedcatLabeller
from ...weak.names import name_key, servable
from ...weak.noise import Noise, spoil
from ...weak.policy import resolve
from ..files import MANIFEST, check_replaceable, file_sha256, json_text, sha256_of
from ..gold.data import Seen, read_gold, text_digest
from ..labelling.label import find_spans

POLICY = "longest"
IN_GOLD = "note that is also in the gold, or of a patient who is"
# Files of further notes, which nobody annotated.
NOTES = "notes"
SOURCE = "medcat"

Words = tuple[int, int, str]


@dataclass(frozen=True)
class _Text:
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


def prepare_set(
    gold: Path,
    out: Path,
    *,
    concepts: Path,
    clusters: Path,
    settings: SetSettings,
    notes: Path | None = None,
) -> dict[str, Any]:
    """Make the folder `out`. `gold`: a folder of IOB files, whose splits stay, or any
    annotation that `corpus import` reads, split by patient.

    RETURNS (dict): the manifest: counts and hashes, no text.
    Raises MslmError: M724 for a label that the clusters do not have, M735 where no
    label is found, M201-M205 for the table, and what reading gold and notes raises.
    """
    check_replaceable(out)
    drops = DropCounts()
    chosen = Clusters.load(clusters)
    wanted = set(settings.labels.values())
    if unknown := sorted(wanted - {*chosen.labels}):
        known = ", ".join(chosen.labels)
        raise MslmError(Errors.M724.format(label=", ".join(unknown), known=known))
    texts = [*_gold_texts(gold, settings, drops)]
    if notes is not None:
        gold_texts = Seen(
            frozenset(text_digest(text.note.text) for text in texts),
            frozenset(text.note.patient_id for text in texts),
        )
        texts += _note_texts(notes, gold_texts, settings, drops)
    table = read_concepts(concepts)
    counts: dict[str, dict[str, int]] = {}
    with atomic_folder(out) as folder:
        found = Counter(kind for text in texts for *_, kind in text.gold)
        counts[GOLD] = dict(sorted(found.items()))
        _write(folder, "", texts, [t.gold for t in texts], SPLITS)
        for noise in (Noise(), *settings.noise):
            source = f"{SOURCE}{noise.suffix}"
            kept = servable(spoil(table, chosen, noise), chosen, DropCounts())
            labels = [*_labels(texts, kept, chosen, wanted, drops)]
            counts[source] = dict(Counter(k for spans in labels for *_, k in spans))
            if not counts[source]:
                raise MslmError(
                    Errors.M735.format(
                        path=out, notes=len(texts), source=source, found="none"
                    )
                )
            _write(folder, f".{source}", texts, labels, (*SPLITS, NOTES))
            names = frozenset(name_key(n) for concept in kept for n in concept.names)
            lacking = [_lacks(text, names) for text in texts]
            _write(folder, f".{source}.lacks", texts, lacking, ("dev", "test"))
        manifest = {
            "settings": _described(settings),
            "mentions": counts,
            "texts": dict(Counter(text.split for text in texts)),
            "words": dict(_words(texts)),
            "drops": dict(drops),
            "concepts_hash": file_sha256(concepts),
            "files_hash": sha256_of(sorted(folder.glob("*.tsv"))),
        }
        (folder / MANIFEST).write_text(json_text(manifest), encoding="utf-8")
    return manifest


def _gold_texts(
    gold: Path, settings: SetSettings, drops: DropCounts
) -> Iterator[_Text]:
    files = {
        split: [gold / name for name in NAMES[split] if (gold / name).is_file()]
        for split in SPLITS
    }
    if all(files.values()):
        return _iob_texts({s: paths[0] for s, paths in files.items()}, settings)
    return _annotated_texts(gold, settings, drops)


def _iob_texts(files: Mapping[str, Path], settings: SetSettings) -> Iterator[_Text]:
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
            yield _Text(split, Note(name, name, doc.text), doc, tuple(spans))


def _annotated_texts(
    gold: Path, settings: SetSettings, drops: DropCounts
) -> Iterator[_Text]:
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
        yield _Text(splits[note.patient_id], note, doc, spans)


def _note_texts(
    path: Path, gold: Seen, settings: SetSettings, drops: DropCounts
) -> Iterator[_Text]:
    """Each text once, none that has gold or is of a patient who has."""
    make, seen = _Tokenized(drops), set[bytes]()
    for note in read_notes(
        path, drops=drops, sample=settings.sample, seed=settings.seed
    ):
        if note in gold:
            drops[IN_GOLD] += 1
        elif text_digest(note.text) not in seen:
            seen.add(text_digest(note.text))
            yield _Text(NOTES, note, make(note))


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


def _labels(
    texts: Iterable[_Text],
    concepts: Sequence[Concept],
    clusters: Clusters,
    wanted: Collection[str],
    drops: DropCounts,
) -> Iterator[tuple[Words, ...]]:
    """What MedCAT finds in each text with these concepts: it reads the text alone."""
    labeller: Labeller = MedcatLabeller.from_table(concepts, clusters, drops=drops)
    for text in texts:
        spans = find_spans(labeller, text.note, POLICY, drops)
        found: list[Span] = []
        for span in spans:
            words = text.doc.char_span(span.start, span.end, label=span.label)
            if span.label not in wanted:
                continue
            if words is None:
                drops["weak span with an edge inside a word"] += 1
            elif not found or found[-1].end <= words.start:
                found.append(words)
        yield tuple((w.start, w.end, w.label_) for w in found)


def _lacks(text: _Text, names: Collection[str]) -> tuple[Words, ...]:
    """The gold mentions that are no name, compared as MedCAT compares names."""
    return tuple(
        (start, end, kind)
        for start, end, kind in text.gold
        if name_key(text.doc[start:end].text) not in names
    )


def _write(
    folder: Path,
    source: str,
    texts: Sequence[_Text],
    spans: Sequence[Sequence[Words]],
    splits: Collection[str],
) -> None:
    """A file of each split that has texts."""
    pairs = list(zip(texts, spans, strict=True))
    for split in splits:
        chosen = [(text.doc, of) for text, of in pairs if text.split == split]
        if chosen:
            sentences = (s for doc, of in chosen for s in _sentences(doc, of))
            write_iob(folder / f"{split}{source}.tsv", sentences)


def _sentences(doc: Doc, spans: Iterable[Words]) -> Iterator[IobSentence]:
    """The words of each sentence with their tags; white space is no word, and a span
    over a sentence mark is two."""
    tags = ["O"] * len(doc)
    for start, end, kind in spans:
        tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    marked = doc.has_annotation("SENT_START")
    for sentence in doc.sents if marked else [doc[:]]:
        words: list[str] = []
        kept: list[str] = []
        for token in sentence:
            if not token.is_space:
                begins = tags[token.i].startswith("I-") and (kept or ["O"])[-1] == "O"
                kept.append(f"B-{tags[token.i][2:]}" if begins else tags[token.i])
                words.append(_word(token.text))
        if words:
            yield IobSentence(tuple(words), tuple(kept))


def _word(text: str) -> str:
    """In a form that an IOB file can hold: a placeholder as the encoder sees it, and
    never what such files mean by a row that begins a document."""
    if is_placeholder(text):
        return PLACEHOLDER_FORM
    word = "".join(text.split()).strip("\x00") or PLACEHOLDER_FORM
    return f"_{word}" if word.startswith(DOCUMENT_MARKS) else word


def _described(settings: SetSettings) -> dict[str, Any]:
    return {
        "labels": dict(settings.labels),
        "noise": [noise.suffix.strip("-") for noise in settings.noise],
        "dev": settings.dev,
        "test": settings.test,
        "sample": settings.sample,
        "seed": settings.seed,
    }


def _words(texts: Iterable[_Text]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts[text.split] += sum(not token.is_space for token in text.doc)
    return counts
