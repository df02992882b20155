"""Notes and IOB sentences as spaCy Docs, and Docs in and out of DocBin shards.

The only module of this room that needs spaCy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .iob import IobSentence

GOLD = "gold"
SUFFIX = ".spacy"
# Why a span is left out, as counted: "medcat span with an edge inside a word".
INSIDE_WORD = "span with an edge inside a word"
OUTSIDE = "span outside the text"
BLANK = "span of white space only"
OVERLAPPING = "span overlapping an entity"
# The source of a span that is in no group: sources' votes made it (`weak.agreement`).
CUT = "majority"
# What a shard keeps of a token beside its text and space: the entities.
STORED_ATTRS = ("ENT_IOB", "ENT_TYPE", "ENT_KB_ID")

Range = tuple[int, int]
Marks = Mapping[Range, tuple[bool, bool]]


def make_doc(
    make_doc: Callable[[str], Doc],
    note: Note,
    spans: Mapping[str, Sequence[CharSpan]],
    *,
    entities_from: str,
    drops: DropCounts,
    resolve: Callable[[Sequence[CharSpan]], Sequence[CharSpan]] = tuple,
    entities: Sequence[CharSpan] | None = None,
    missing: Sequence[Range] = (),
    marks: Marks | None = None,
) -> Doc:
    """The Doc of one note, tokenised by `make_doc`.

    Each source in `spans` becomes `doc.spans[source]` (label, kb_id; scores aligned
    in `.attrs["scores"]`), overlaps kept; so does `note.gold` under "gold", which is
    there, if empty, wherever the note is known to be annotated (`meta["gold"]` or
    `meta["synthetic"]` true). `doc.ents` are the spans of `entities_from` after
    `resolve`, the first of what still overlaps; where `entities` are given it is these
    instead. `doc.user_data` holds note_id, patient_id, category.

    `missing`: characters that nobody annotated; tokens that touch them and are in no
    entity are *missing*. `marks`: of a span by its offsets whether it is negated, and a
    relative's, kept in `.attrs["negated"]` and `.attrs["family"]` of the groups that it
    is in.

    White space at the edges of a span is trimmed. A span with an edge inside a token
    is not moved to the token's edge: it names a part of a word, which the whole word
    mostly does not mean. It is left out, counted in `drops` by source, and kept as
    [start, end, label] in `.attrs["misaligned"]`, so that gold which no system can
    find still counts as missed. Where such a span would have been an entity, its
    tokens are *missing*, as nobody said that they are O; all other tokens outside
    entities are O. Spans outside the text or of white space only, and entities that
    overlap an earlier one, are counted too.
    """
    doc = make_doc(note.text)
    doc.user_data.update(
        note_id=note.note_id, patient_id=note.patient_id, category=note.category
    )
    sources = dict(spans)
    if note.gold or note.meta.get("gold") or note.meta.get("synthetic"):
        sources[GOLD] = note.gold
    for source in sorted(sources):
        add_span_group(doc, source, sources[source], drops, marks)
    own = sources.get(entities_from, ()) if entities is None else entities
    _set_entities(doc, resolve(tuple(own)), missing, drops)
    return doc


def add_span_group(
    doc: Doc,
    source: str,
    spans: Iterable[CharSpan],
    drops: DropCounts,
    marks: Marks | None = None,
) -> None:
    """Set `doc.spans[source]` from character spans; see `make_doc` for the rules."""
    kept: list[Span] = []
    scores: list[float] = []
    misaligned: list[list[Any]] = []
    flags: list[tuple[bool, bool]] = []
    for span in sorted(spans):
        found = _aligned(doc, span)
        if isinstance(found, Span):
            kept.append(found)
            scores.append(float(span.score))
            flags.append((marks or {}).get((span.start, span.end), (False, False)))
        else:
            drops[f"{source} {found}"] += 1
            if found == INSIDE_WORD:
                misaligned.append([span.start, span.end, span.label])
    attrs: dict[str, Any] = {"scores": scores, "misaligned": misaligned}
    if marks is not None and source != GOLD:
        attrs["negated"] = [negated for negated, _ in flags]
        attrs["family"] = [family for _, family in flags]
    doc.spans[source] = SpanGroup(doc, name=source, spans=kept, attrs=attrs)


def _aligned(doc: Doc, span: CharSpan) -> Span | str:
    """The token span of `span`, or the reason why there is none."""
    text = doc.text
    start, end = span.start, span.end
    if not 0 <= start < end <= len(text):
        return OUTSIDE
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start == end:
        return BLANK
    found = doc.char_span(start, end, label=span.label, kb_id=span.concept_id)
    return found if found is not None else INSIDE_WORD


def _set_entities(
    doc: Doc,
    spans: Iterable[CharSpan],
    missing: Iterable[Range],
    drops: DropCounts,
) -> None:
    entities: list[Span] = []
    unsure = [token for place in missing for token in _touched(doc, *place)]
    for span in sorted(spans, key=lambda s: (s.start, -s.end, s)):
        found = _aligned(doc, span)
        if found == INSIDE_WORD:
            unsure += _touched(doc, span.start, span.end)
            if span.source == CUT:  # those of a source were counted with its group
                drops[f"{CUT} {found}"] += 1
        elif isinstance(found, str):
            continue
        elif entities and found.start < entities[-1].end:
            drops[f"{span.source} {OVERLAPPING}".strip()] += 1
        else:
            entities.append(found)
    taken = {i for entity in entities for i in range(entity.start, entity.end)}
    unknown = {span.start: span for span in unsure if span.start not in taken}
    doc.set_ents(entities, missing=list(unknown.values()), default="outside")


def _touched(doc: Doc, start: int, end: int) -> list[Span]:
    """The tokens that share a character with a range, each as a span."""
    start, end = max(0, start), min(len(doc.text), end)
    if start >= end:
        return []
    touched = doc.char_span(start, end, alignment_mode="expand")
    return [doc[token.i : token.i + 1] for token in touched or ()]


def iob_to_doc(vocab: Vocab, sentence: IobSentence) -> Doc:
    """The Doc of one IOB sentence. No spaces are given, so that its tokens are kept
    (`doc.has_unknown_spaces`); gold is both `doc.ents` and `doc.spans["gold"]`."""
    doc = Doc(vocab, words=list(sentence.words))
    entities = [Span(doc, *span) for span in sentence.spans()]
    doc.set_ents(entities, default="outside")
    doc.spans[GOLD] = SpanGroup(doc, name=GOLD, spans=entities)
    return doc


class DocBinWriter:
    """Writes Docs into `folder` as shards 0000.spacy, 0001.spacy … of `shard_size`.

    Same Docs, same bytes. At least one shard is written, if of no Docs. Raises M306
    where `folder` already holds shards, which would mix with the new ones.
    """

    def __init__(self, folder: str | Path, *, shard_size: int) -> None:
        self.folder = Path(folder)
        self.shard_size = shard_size
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.glob(f"*{SUFFIX}")):
            raise MslmError(Errors.M306.format(path=self.folder))
        self.count = 0
        self._shards = 0
        self._bin = _new_bin()

    def add(self, doc: Doc) -> None:
        self._bin.add(doc)
        self.count += 1
        if len(self._bin) >= self.shard_size:
            self._flush()

    def _flush(self) -> None:
        path = self.folder / f"{self._shards:04d}{SUFFIX}"
        path.write_bytes(self._bin.to_bytes())
        self._shards += 1
        self._bin = _new_bin()

    def __enter__(self) -> "DocBinWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and (len(self._bin) or not self._shards):
            self._flush()


def _new_bin() -> DocBin:
    return DocBin(attrs=STORED_ATTRS, store_user_data=True)


def write_docbins(
    folder: str | Path, docs: Iterable[Doc], *, shard_size: int = 1000
) -> int:
    """Write `docs` into `folder` with a `DocBinWriter`; the number of Docs written.

    Not atomic: a stage gives a folder that it moves into place afterwards.
    """
    with DocBinWriter(folder, shard_size=shard_size) as writer:
        for doc in docs:
            writer.add(doc)
    return writer.count


def read_docs(
    path: str | Path, vocab: Vocab, *, words_only: bool = False
) -> Iterator[Doc]:
    """The Docs of a .spacy file, or of every one in a folder (one shard in memory).

    With `words_only` without span groups and user data, which take most of the time.

    Raises M701 (nothing there), M307 (no .spacy file in the folder), M308 (a file
    cut short or of another kind).
    """
    for shard in docbin_paths(path):
        try:
            docs = DocBin().from_bytes(shard.read_bytes())
        except (ValueError, KeyError, TypeError) as err:
            raise MslmError(Errors.M308.format(path=shard)) from err
        if words_only:
            docs.span_groups = [b""] * len(docs)
            docs.user_data = [None] * len(docs)
        yield from docs.get_docs(vocab)


def docbin_paths(path: str | Path) -> list[Path]:
    """The .spacy files that `read_docs` reads, in order."""
    path = Path(path)
    if not path.exists():
        raise MslmError(Errors.M701.format(path=path))
    paths = [path] if path.is_file() else sorted(path.glob(f"**/*{SUFFIX}"))
    if not paths:
        raise MslmError(Errors.M307.format(path=path))
    return paths
