"""`corpus check-brat`: what a brat folder holds, what a flat view of it loses, and
whether it comes back the same when it is written and read again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, DocBin

from ...corpus.brat import Located, gold_of, locate, texts_alone
from ...corpus.brat_out import FRAGMENTS
from ...corpus.brat_rows import BratDocument, ann_files, parse_rows, read_document
from ...corpus.docs import GOLD, STORED_ATTRS, make_doc
from ...corpus.offsets import BLANKS, DIFFERENT, UTF16
from ...corpus.textfiles import BOM, exact_text
from ...errors import Errors, MslmError
from ...pipeline.tokenizer import ClinicalTokenizer
from ...types import DropCounts, Note
from ...weak.policy import POLICIES, check_policy
from .brat_docs import BRAT, FATES, KEPT, Losses, add_brat_group, fates

# Beside those of a gold span: T rows that are none.
NOT_THERE, REPEATED = "not at its offsets", "repeated"
ALL_FATES = (*FATES, NOT_THERE, REPEATED)
OVERLAPS = ("pairs", "of one label", "of one place", "of covering spans")
CONTIGUOUS, BY_SPACE, PARTED = "in one piece", "parted by white space", "discontinuous"


@dataclass
class _Found:
    """Counts over documents; no text."""

    tokenizer: ClinicalTokenizer
    chosen: Mapping[str, str] | None
    losses: dict[str, Losses]
    documents: int = 0
    characters: int = 0
    empty: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    parted: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    overlaps: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    drops: DropCounts = field(default_factory=DropCounts)

    def renamed(self, label: str) -> str:
        """The label in the flat view; "" where it is left out."""
        return label if self.chosen is None else self.chosen.get(label, "")

    def doc(self, note: Note) -> Doc:
        """The note as a Doc; what it drops is counted as fates."""
        drops = DropCounts()
        return make_doc(self.tokenizer, note, {}, entities_from=GOLD, drops=drops)


def check_brat(
    folder: Path,
    *,
    policy: str = "longest",
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Counts of a brat folder, of every document that can be read, and by name what is
    wrong with the others.

    policy (str): whose flat view is reported by label; the totals of all are given.
    labels (Optional[Mapping]): other names for labels, for the flat view alone; spans
        of a label that is no key of it take no part. None keeps all as they are.
    RETURNS (dict): plain values without any text of the documents; "same" says whether
        every document was read, and was the same when it was written and read again.
    Raises M231 (no such policy), M701 (no such folder), M332 (no .ann file).
    """
    check_policy(policy)
    if not folder.is_dir():
        raise MslmError(Errors.M701.format(path=folder))
    files = ann_files(folder)
    if not files:
        raise MslmError(Errors.M332.format(path=folder))
    tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
    found = _Found(tokenizer, labels, {name: {} for name in sorted(POLICIES)})
    problems: dict[str, str] = {}
    for path in files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        try:
            _add_document(found, path, name)
        except MslmError as err:
            problems[name] = str(err)
    return {
        "files": {
            "ann": len(files),
            "ann_empty": found.empty,
            "txt_without_ann": len(texts_alone(folder, files)),
            "unreadable": len(problems),
        },
        **_counts(found),
        "flat": _flat(found, policy),
        "problems": problems,
        "same": not problems and not found.again["differs"],
    }


def _add_document(found: _Found, path: Path, name: str) -> None:
    document = read_document(path, name)
    located = list(locate(path, document))  # raises before anything is counted
    note = _note(path, document, found.drops)
    found.documents += 1
    found.characters += len(document.text)
    found.empty += not document.rows
    found.rows.update(row.id[0] for row in document.rows)
    _add_ids(found, document)
    _add_spans(found, document, located)
    _add_overlaps(found, [spot for spot in located if spot.kind != DIFFERENT])
    _add_round_trip(found, path, document, note)
    _add_flat(found, located, note)


def _note(path: Path, document: BratDocument, drops: DropCounts) -> Note:
    gold, fragments = gold_of(path, document, drops)
    meta = {"gold": True, FRAGMENTS: [[list(r) for r in f] for f in fragments]}
    return Note(document.name, document.name, document.text, meta=meta, gold=gold)


def _add_ids(found: _Found, document: BratDocument) -> None:
    ids = Counter(row.id for row in document.rows if row.id != "*")
    found.ids["repeated"] += sum(n - 1 for n in ids.values())
    named = [name for row in document.others() for name in row.named()]
    found.ids["named, not there"] += sum(name not in ids for name in named)


def _add_spans(
    found: _Found, document: BratDocument, located: Sequence[Located]
) -> None:
    text = document.text
    for row, kind, pieces in located:
        found.labels[row.label] += 1
        if kind in (BLANKS, UTF16, DIFFERENT):
            found.texts[kind] += 1
        parted = len(pieces) > 1
        found.parted[row.label] += parted
        several = BY_SPACE if len(row.ranges) > 1 else CONTIGUOUS
        found.forms[PARTED if parted else several] += 1
        if kind == DIFFERENT:
            continue
        edges = [at for piece in pieces for at in piece]
        inside = sum(_inside_word(text, at) for at in edges)
        found.edges["edges"] += inside
        found.edges["spans"] += inside > 0


def _inside_word(text: str, at: int) -> bool:
    """Whether letters or digits stand on both sides of an offset."""
    return text[:at][-1:].isalnum() and text[at : at + 1].isalnum()


def _add_overlaps(found: _Found, located: Sequence[Located]) -> None:
    """Pairs of different spans (label, fragments) that share a character, and pairs
    whose covering spans do."""
    spans = sorted({(spot.fragments, spot.row.label) for spot in located})
    for i, (one, label) in enumerate(spans):
        for other, other_label in spans[i + 1 :]:
            if other[0][0] >= one[-1][1]:
                break
            found.overlaps["of covering spans"] += 1
            if any(max(a, c) < min(b, d) for a, b in one for c, d in other):
                found.overlaps["pairs"] += 1
                found.overlaps["of one label"] += label == other_label
                found.overlaps["of one place"] += one == other
                found.pairs[" + ".join(sorted((label, other_label)))] += 1


def _add_round_trip(
    found: _Found, path: Path, document: BratDocument, note: Note
) -> None:
    """The rows written and read again, and the spans in a Doc, stored and read."""
    written = document.annotation()
    same = parse_rows(path, written, document.text) == document.rows
    doc = found.doc(note)
    add_brat_group(doc, note)
    held = _held(doc)
    same = same and len(held) == len(note.gold) and held == _held(_through_docbin(doc))
    found.again["same" if same else "differs"] += 1
    found.again["same bytes"] += written == exact_text(path).removeprefix(BOM)


def _add_flat(found: _Found, located: Sequence[Located], note: Note) -> None:
    """What becomes of every T row in a flat view, by label and policy."""
    rows: dict[str, Counter[str]] = {}
    for spot in located:
        if label := found.renamed(spot.row.label):
            fate = NOT_THERE if spot.kind == DIFFERENT else REPEATED
            rows.setdefault(label, Counter())[fate] += 1
    gold = {
        replace(span, label=label)
        for span in note.gold
        if (label := found.renamed(span.label))
    }
    for span in gold:
        rows[span.label][REPEATED] -= 1
    note = replace(note, gold=tuple(sorted(gold)))
    doc = found.doc(note)
    for policy, losses in found.losses.items():
        for label, counts in rows.items():
            losses.setdefault(label, Counter()).update(counts)
        for span, fate in fates(doc, note.gold, policy):
            losses[span.label][fate] += 1


def _through_docbin(doc: Doc) -> Doc:
    made = DocBin(attrs=STORED_ATTRS, store_user_data=True, docs=[doc]).to_bytes()
    (again,) = DocBin().from_bytes(made).get_docs(doc.vocab)
    return again


def _held(doc: Doc) -> list[tuple[Any, ...]]:
    """What `doc.spans["brat"]` holds, with what fits no tokens."""
    group = doc.spans[BRAT]
    spans: list[tuple[Any, ...]] = [
        (s.start_char, s.end_char, s.label_, parts)
        for s, parts in zip(group, group.attrs["fragments"], strict=True)
    ]
    return spans + [tuple(span) for span in group.attrs["misaligned"]]


def _counts(found: _Found) -> dict[str, Any]:
    return {
        "documents": found.documents,
        "characters": found.characters,
        "rows": dict(sorted(found.rows.items())),
        "spans": {
            "total": found.labels.total(),
            "by_label": dict(found.labels.most_common()),
            "forms": {k: found.forms[k] for k in (CONTIGUOUS, BY_SPACE, PARTED)},
            "discontinuous_by_label": dict((+found.parted).most_common()),
        },
        "texts": {
            "differ in white space": found.texts[BLANKS],
            "offsets in UTF-16 units": found.texts[UTF16],
            "not at their offsets": found.texts[DIFFERENT],
        },
        "overlaps": {
            **{k: found.overlaps[k] for k in OVERLAPS},
            "by_labels": dict(found.pairs.most_common()),
        },
        "inside_words": {k: found.edges[k] for k in ("edges", "spans")},
        "ids": {k: found.ids[k] for k in ("repeated", "named, not there")},
        "drops": dict(sorted(found.drops.items())),
        "round_trip": {k: found.again[k] for k in ("same", "differs", "same bytes")},
    }


def _flat(found: _Found, policy: str) -> dict[str, Any]:
    """By label under `policy`, and the totals under every policy."""
    totals = {
        name: _summed(sum(losses.values(), Counter()))
        for name, losses in found.losses.items()
    }
    by_label = {
        label: _summed(counts)
        for label, counts in sorted(
            found.losses[policy].items(), key=lambda item: -_lost(item[1])
        )
    }
    return {"policy": policy, "by_label": by_label, "by_policy": totals}


def _summed(counts: Counter[str]) -> dict[str, int]:
    return {"spans": counts.total(), **{fate: counts[fate] for fate in ALL_FATES}}


def _lost(counts: Counter[str]) -> int:
    return counts.total() - counts[KEPT]
