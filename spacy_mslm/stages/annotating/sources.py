"""Annotation by people, whatever tool it comes from, as notes with gold."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from ...corpus import label_studio, prodigy
from ...corpus.brat import ann_files, read_brat
from ...corpus.docs import GOLD, SUFFIX, read_docs
from ...corpus.label_studio import read_label_studio
from ...corpus.prodigy import read_prodigy
from ...corpus.split import SPLITS, split_name
from ...corpus.tasks import PREDICTED, make_note
from ...corpus.textfiles import field_of, json_objects, json_rows
from ...errors import Errors, MslmError
from ...notes.records import parse_row
from ...notes.streams import text_lines
from ...pipeline.confidence import SCORES_KEY
from ...types import CharSpan, DropCounts, Note
from ..files import MANIFEST

BRAT, PRODIGY, LABEL_STUDIO = "brat", "prodigy", "label-studio"
DOCBIN, JSONL, AUTO = "docbin", "jsonl", "auto"
FORMATS = (BRAT, PRODIGY, LABEL_STUDIO, DOCBIN, JSONL)
DOCUMENTS = "documents"
NOT_ANNOTATED = "document without annotation"
MISSING = "token without annotation (read as no entity)"
OTHER_LABEL = "span of a label that --labels leaves out"
_JSON = (".json", ".jsonl", ".ndjson")


def read_annotations(
    path: Path,
    *,
    format: str = AUTO,
    drops: DropCounts,
    labels: Mapping[str, str] | None = None,
) -> Iterator[Note]:
    """The annotated notes at `path`: `gold` filled, `meta["gold"]` true, ids as in the
    file (brat: the stem). Everything left out is counted in `drops`.

    labels (Optional[Mapping]): other names for labels; spans of a label that is no key
        of it are left out. None keeps all as they are.
    Raises M701 (nothing there), M786 (no such format), M338-M339 (a kind that cannot
    be told, or several), and the errors of the readers in `corpus`.
    """
    if not path.exists():
        raise MslmError(Errors.M701.format(path=path))
    form = format_of(path) if format == AUTO else format
    if form not in FORMATS:
        known = ", ".join((AUTO, *FORMATS))
        raise MslmError(Errors.M786.format(got=form, known=known))
    for note in _READERS[form](path, drops):
        yield _renamed(note, labels, drops) if labels else note


def _renamed(note: Note, labels: Mapping[str, str], drops: DropCounts) -> Note:
    gold = [
        replace(span, label=labels[span.label])
        for span in note.gold
        if span.label in labels
    ]
    if left := len(note.gold) - len(gold):
        drops[OTHER_LABEL] += left
    return replace(note, gold=tuple(sorted(gold)))


# Which kind


def format_of(path: Path) -> str:
    """The kind of annotation at `path`. Raises M338 (none known), M339 (several)."""
    if not path.exists():
        raise MslmError(Errors.M701.format(path=path))
    kinds: Counter[str] = Counter()
    if path.is_dir():
        kinds[BRAT] += bool(ann_files(path))
        kinds[DOCBIN] += any(path.rglob(f"*{SUFFIX}"))
        kinds.update(map(_kind_of_json, _json_files(path)))
    elif path.suffix.lower() == SUFFIX:
        kinds[DOCBIN] += 1
    elif path.suffix.lower() in _JSON:
        kinds[_kind_of_json(path)] += 1
    found = sorted(kind for kind, n in kinds.items() if n)
    if len(found) > 1:
        raise MslmError(Errors.M339.format(path=path, kinds=", ".join(found)))
    if not found:
        raise MslmError(Errors.M338.format(path=path))
    return found[0]


def _kind_of_json(path: Path) -> str:
    """The kind of a JSON file, by its first object."""
    rows = json_objects if path.suffix.lower() == ".json" else json_rows
    first: Mapping[str, Any] = next(rows(path), (0, {}))[1]
    if label_studio.is_task(first):
        return LABEL_STUDIO
    if "note_id" in first or "gold" in first:
        return JSONL
    if prodigy.is_task(first):
        return PRODIGY
    raise MslmError(Errors.M338.format(path=path))


def _json_files(path: Path) -> list[Path]:
    """The JSON files of a folder (not below it), our own manifest left out."""
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in _JSON and file.name[:1] != "."
        if file.name != MANIFEST
    )


def annotation_files(path: Path, form: str) -> list[Path]:
    """The files that say what the annotation is, for its hash."""
    if path.is_file():
        return [path]
    if form == BRAT:
        anns = ann_files(path)
        return [*anns, *(ann.with_suffix(".txt") for ann in anns)]
    if form == DOCBIN:
        return sorted(path.rglob(f"*{SUFFIX}"))
    return _json_files(path)


# One reader a kind


def _brat(path: Path, drops: DropCounts) -> Iterator[Note]:
    return read_brat(path, drops=drops, ids=_document_ids(path))


def _document_ids(path: Path) -> dict[str, tuple[str, str]]:
    """Note and patient of each brat file, where `annotate` left its list of them."""
    tables = sorted((path / DOCUMENTS).glob("part-*.jsonl"))
    ids = {}
    for table in tables:
        for row, item in json_rows(table):
            name, note_id, patient_id = (
                field_of(table, row, item, key, str, None)
                for key in ("file", "note_id", "patient_id")
            )
            ids[name] = note_id, patient_id
    return ids


def _prodigy(path: Path, drops: DropCounts) -> Iterator[Note]:
    for file in _json_files(path):
        yield from read_prodigy(file, drops=drops)


def _label_studio(path: Path, drops: DropCounts) -> Iterator[Note]:
    for file in _json_files(path):
        yield from read_label_studio(file, drops=drops)


def _jsonl(path: Path, drops: DropCounts) -> Iterator[Note]:
    for file in _json_files(path):
        for row, line in text_lines(file):
            note = parse_row(file, row, line)
            if not (note.gold or note.meta.get("gold") or note.meta.get("synthetic")):
                drops[NOT_ANNOTATED] += 1
                continue
            ids = {"note_id": note.note_id, "patient_id": note.patient_id}
            made = make_note(note.text, ids, note.gold, f"row-{row}", drops)
            meta = {**note.meta, "gold": True}
            yield replace(made, category=note.category, meta=meta)


def _docbin(path: Path, drops: DropCounts) -> Iterator[Note]:
    vocab = spacy.blank("en").vocab
    parts = {name: path / name for name in SPLITS if (path / name).is_dir()}
    for split, part in (parts or {"": path}).items():
        for doc in read_docs(part, vocab):
            if GOLD in doc.spans or not len(doc.spans):
                yield from _doc_note(doc, split, drops)
            else:
                # Entities beside span groups are of whoever made the groups: a
                # labeller's, or predictions.
                made = SCORES_KEY in doc.spans
                drops[PREDICTED if made else NOT_ANNOTATED] += 1


def _doc_note(doc: Doc, split: str, drops: DropCounts) -> Iterator[Note]:
    """The gold of a Doc: its span group, with what did not fit its tokens, or else its
    entities; nothing where it has neither."""
    group = doc.spans.get(GOLD)
    if group is None and not doc.has_annotation("ENT_IOB"):
        drops[NOT_ANNOTATED] += 1
        return
    found = group if group is not None else doc.ents
    gold = [
        CharSpan(s.start_char, s.end_char, s.label_, "gold", s.kb_id_) for s in found
    ]
    if group is not None:
        lost = group.attrs.get("misaligned") or ()
        gold += [CharSpan(start, end, label, "gold") for start, end, label in lost]
    elif missing := sum(token.ent_iob == 0 for token in doc):
        drops[MISSING] += missing
    known = doc.user_data
    meta = {k: known.get(k) for k in ("note_id", "patient_id", "category")}
    meta["split"] = split_name(split)
    yield make_note(doc.text, meta, gold, "", drops)


_READERS: Mapping[str, Callable[[Path, DropCounts], Iterator[Note]]] = {
    BRAT: _brat,
    PRODIGY: _prodigy,
    LABEL_STUDIO: _label_studio,
    DOCBIN: _docbin,
    JSONL: _jsonl,
}
