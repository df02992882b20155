"""`corpus sambd`: a corpus with fewer empty training sentences (Belkadi et al. 2022).

A Doc that is one sentence (IOB) is kept or left out whole. A note loses its empty
sentences: its text is cut (`thin_text`), tokenised anew, and entities and span groups
move with their words.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, Span, SpanGroup

from ...corpus.docs import DocBinWriter, docbin_paths, read_docs
from ...corpus.offsets import Range
from ...corpus.sambd import SHARE, Sambd, Thinned, thin_text, words_key
from ...corpus.split import SPLITS
from ...errors import Errors, MslmError
from ...notes.sentences import sentence_spans
from ...pipeline.tokenizer import ClinicalTokenizer
from ...runners.atomic import atomic_folder
from ...types import DropCounts
from ..files import MANIFEST, check_replaceable, json_text, read_manifest, sha256_of
from .corpus import SHARD_SIZE, corpus_report

TRAIN = "train"
SAMBD = "sambd"
# Why a span is not in the thinned note, as counted after the name of its group.
LEFT = "span in a sentence that SamBD left out"
MOVED = "entity whose words are others after SamBD"

Tokenizer = Callable[[str], Doc]


def sambd_corpus(
    corpus: Path,
    out: Path,
    *,
    keep: float = SHARE,
    seed: int = 0,
    on_doc: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Make `out` of a corpus folder: of the empty sentences of train the share `keep`,
    all else as it is; dev and test are copied byte by byte.

    Same input and settings, same bytes; `out` appears, or is replaced, only as a whole.
    RETURNS (dict): the manifest: that of `corpus` with the counts of what is now there,
        and under "sambd" share, seed and how many sentences came in, were empty, and
        were kept. Raises M360 (share), M361 (thinned before), M362 (`out` is `corpus`),
        M322 (no train), M730-M732 and what `read_docs` raises.
    """
    sambd = Sambd(keep, seed)
    if out.resolve() == corpus.resolve():
        raise MslmError(Errors.M362.format(path=out))
    check_replaceable(out)
    before = read_manifest(corpus, "corpus build")
    if SAMBD in before:
        raise MslmError(Errors.M361.format(path=corpus, keep=before[SAMBD]["keep"]))
    present = [split for split in SPLITS if (corpus / split).is_dir()]
    if TRAIN not in present:
        found = ", ".join(present) or "none"
        raise MslmError(Errors.M322.format(path=corpus, found=found))
    drops = DropCounts(before.get("drops", {}))
    with atomic_folder(out) as folder:
        for split in present:
            if split != TRAIN:
                shutil.copytree(corpus / split, folder / split)
        tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
        with DocBinWriter(folder / TRAIN, shard_size=SHARD_SIZE) as writer:
            docs = read_docs(corpus / TRAIN, tokenizer.vocab)
            for doc in thin_docs(docs, tokenizer, sambd, drops):
                writer.add(doc)
                on_doc()
        manifest = {
            **before,
            **corpus_report(folder),
            "drops": dict(drops),
            SAMBD: {
                "keep": keep,
                "seed": seed,
                "input_hash": sha256_of(docbin_paths(corpus / TRAIN)),
                **sambd.counts.to_dict(),
            },
        }
        (folder / MANIFEST).write_text(json_text(manifest), encoding="utf-8")
    return manifest


def thin_training(
    pairs: Iterable[tuple[str, Doc]],
    tokenizer: Tokenizer,
    sambd: Sambd,
    drops: DropCounts,
) -> Iterator[tuple[str, Doc]]:
    """(split, Doc) pairs: those of train as `thin_docs` gives them, all others as they
    are."""
    for split, doc in pairs:
        if split != TRAIN:
            yield split, doc
        else:
            yield from ((split, d) for d in thin_docs([doc], tokenizer, sambd, drops))


def thin_docs(
    docs: Iterable[Doc], tokenizer: Tokenizer, sambd: Sambd, drops: DropCounts
) -> Iterator[Doc]:
    """Training Docs without the empty sentences that `sambd` does not draw.

    A sentence is empty where no entity of `doc.ents` and no word without annotation
    lies in it; span groups make none full, as they may hold gold that training does not
    see. Docs of which nothing is kept are left out. A Doc that keeps all is the same
    object; in any other `user_data["sambd"]` holds [start, start in the source, length]
    of every piece (`Thinned.pieces`).
    """
    for doc in docs:
        text = doc.text
        whole = _one_sentence(doc)
        sentences = [(0, len(text))] if whole else sentence_spans(text)
        full = _full(doc)
        filled = [_touched(place, full) for place in sentences]
        kept = sambd.choose(_key(doc), filled)
        if kept and all(kept):
            yield doc
        elif any(kept):
            yield _thinned(doc, tokenizer, thin_text(text, sentences, kept), drops)


def _one_sentence(doc: Doc) -> bool:
    """Whether the Doc came in words without their spaces, as `clinical_sentences`
    tells it."""
    return bool(doc.has_unknown_spaces or all(t.whitespace_ for t in doc))


def _key(doc: Doc) -> str:
    name = doc.user_data.get("note_id")
    return f"id {name}" if name else words_key([t.text for t in doc])


def _full(doc: Doc) -> list[Range]:
    """Where entities and words without annotation are, in order."""
    return [(t.idx, t.idx + len(t)) for t in doc if t.ent_iob != 2]


def _touched(place: Range, ranges: Sequence[Range]) -> bool:
    return any(start < place[1] and place[0] < end for start, end in ranges)


def _thinned(
    doc: Doc, tokenizer: Tokenizer, thinned: Thinned, drops: DropCounts
) -> Doc:
    made = tokenizer(thinned.text)
    made.user_data.update(doc.user_data)
    made.user_data[SAMBD] = [list(piece) for piece in thinned.pieces]
    entities = [_span(made, thinned, entity) for entity in doc.ents]
    if lost := entities.count(None):
        drops[MOVED] += lost
    places = [thinned.here(t.idx, t.idx + len(t)) for t in doc if not t.ent_iob]
    unsure = [
        made.char_span(*place, alignment_mode="expand") for place in places if place
    ]
    found = [entity for entity in entities if entity is not None]
    taken = {i for entity in found for i in range(entity.start, entity.end)}
    missing = {t.i for span in unsure if span is not None for t in span} - taken
    made.set_ents(
        found, missing=[made[i : i + 1] for i in sorted(missing)], default="outside"
    )
    for name, group in doc.spans.items():
        made.spans[name] = _group(made, thinned, name, group, drops)
    return made


def _span(made: Doc, thinned: Thinned, span: Span) -> Span | None:
    place = thinned.here(span.start_char, span.end_char)
    if place is None:
        return None
    found: Span | None = made.char_span(*place, label=span.label_, kb_id=span.kb_id_)
    return found


def _group(
    made: Doc, thinned: Thinned, name: str, group: SpanGroup, drops: DropCounts
) -> SpanGroup:
    """The spans of a group that are still there, what is aligned with them, and what
    its attributes say in offsets."""
    moved = [_span(made, thinned, span) for span in group]
    if lost := moved.count(None):
        drops[f"{name} {LEFT}"] += lost
    attrs = {
        key: [v for v, span in zip(value, moved, strict=True) if span is not None]
        if key != "misaligned" and isinstance(value, list) and len(value) == len(moved)
        else value
        for key, value in group.attrs.items()
    }
    if parts := attrs.get("fragments"):
        attrs["fragments"] = [_moved_all(thinned, ranges) for ranges in parts]
    if lost_words := attrs.get("misaligned"):
        places = [(thinned.here(start, end), label) for start, end, label in lost_words]
        attrs["misaligned"] = [[*place, label] for place, label in places if place]
    spans = [span for span in moved if span is not None]
    return SpanGroup(made, name=name, spans=spans, attrs=attrs)


def _moved_all(thinned: Thinned, ranges: Iterable[Sequence[int]]) -> list[list[int]]:
    places = [thinned.here(start, end) for start, end in ranges]
    return [list(place) for place in places if place is not None]
