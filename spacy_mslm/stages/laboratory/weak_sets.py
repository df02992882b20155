"""`experiment prepare`: gold and a terminology in, an IOB set with weak labels out.

What it writes, for the torch core to read without spaCy, MedCAT or the terminology:
`{train,dev,test}.tsv` (gold); for each source of weak labels
`{train,dev,test}.SOURCE.tsv` (the same words, its labels) and
`{dev,test}.SOURCE.lacks.tsv` (of the gold, the mentions that its terminology has no
name for); `notes.SOURCE.tsv` (further notes, without gold).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, Span

from ...corpus.docs import GOLD
from ...corpus.iob import DOCUMENT_MARKS, IobSentence, write_iob
from ...corpus.split import SPLITS
from ...errors import Errors, MslmError
from ...pipeline.reading import is_placeholder
from ...runners.atomic import atomic_folder
from ...types import PLACEHOLDER_FORM, DropCounts
from ...weak.clusters import Clusters
from ...weak.concepts import Concept, read_concepts
from ...weak.labeller import Labeller
from ...weak.medcat import MedcatLabeller
from ...weak.names import name_key
from ...weak.noise import Noise, spoil
from ...weak.prepare import prepare
from ...weak.refined import RefinedLabeller, chemicals_of
from ..files import MANIFEST, check_replaceable, file_sha256, json_text, sha256_of
from ..labelling.label import find_spans
from .texts import NOTES, POLICY, SetSettings, Text, Words, gold_texts, note_texts

SOURCE = "medcat"


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
    if unknown := ", ".join(sorted(wanted - {*chosen.labels})):
        known = ", ".join(chosen.labels)
        raise MslmError(Errors.M724.format(label=unknown, known=known))
    texts = [*gold_texts(gold, settings, drops)]
    if notes is not None:
        texts += [*note_texts(notes, texts, settings, drops)]
    table = read_concepts(concepts)
    counts: dict[str, dict[str, int]] = {}
    with atomic_folder(out) as folder:
        found = Counter(kind for text in texts for *_, kind in text.gold)
        counts[GOLD] = dict(sorted(found.items()))
        _write(folder, "", texts, [t.gold for t in texts], SPLITS)
        for noise in (Noise(), *settings.noise):
            source = f"{SOURCE}{noise.suffix}"
            kept = prepare(spoil(table, chosen, noise), chosen, DropCounts()).concepts
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


def _labels(
    texts: Iterable[Text],
    concepts: Sequence[Concept],
    clusters: Clusters,
    wanted: Collection[str],
    drops: DropCounts,
) -> Iterator[tuple[Words, ...]]:
    """What MedCAT finds in each text with these concepts: it reads the text alone."""
    labeller: Labeller = RefinedLabeller(
        MedcatLabeller.from_table(concepts, clusters, drops=drops),
        clusters,
        chemicals=chemicals_of(concepts),
        drops=drops,
    )
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


def _lacks(text: Text, names: Collection[str]) -> tuple[Words, ...]:
    """The gold mentions that are no name, compared as MedCAT compares names."""
    return tuple(
        (start, end, kind)
        for start, end, kind in text.gold
        if name_key(text.doc[start:end].text) not in names
    )


def _write(
    folder: Path,
    source: str,
    texts: Sequence[Text],
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


def _words(texts: Iterable[Text]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts[text.split] += sum(not token.is_space for token in text.doc)
    return counts
