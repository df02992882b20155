"""Documents in sections, and sections in groups: what prediction holds at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .documents import WordDoc
from .pieces import DocPieces

# Pieces whose vectors are held at once: bounds memory, whatever the batch or document.
GROUP_PIECES = 65_536


@dataclass(frozen=True)
class Section:
    """Whole sentences of the document `index`, from its word `first` on, as a document
    of its own. Only a document of more than `GROUP_PIECES` has several."""

    index: int
    first: int
    doc: WordDoc
    pieces: DocPieces


def grouped(
    docs: Sequence[WordDoc], pieces: Sequence[DocPieces]
) -> Iterator[list[Section]]:
    """All sections in order, at most `GROUP_PIECES` a group; a longer sentence is a
    group of its own. Where a document is cut depends on nothing but the document."""
    group: list[Section] = []
    held = 0
    for index, (doc, doc_pieces) in enumerate(zip(docs, pieces, strict=True)):
        for section in _sections(index, doc, doc_pieces):
            size = len(section.pieces.ids)
            if group and held + size > GROUP_PIECES:
                yield group
                group, held = [], 0
            group.append(section)
            held += size
    if group:
        yield group


def _sections(index: int, doc: WordDoc, pieces: DocPieces) -> Iterator[Section]:
    if len(pieces.ids) <= GROUP_PIECES:
        yield Section(index, 0, doc, pieces)
        return
    first = 0  # of the sentences that are still to come
    for number, (_, end) in enumerate(doc.sentences):
        start = doc.sentences[first][0]
        following = doc.sentences[number + 1 : number + 2]
        reach = following[0][1] if following else end
        full = pieces.starts[reach] - pieces.starts[start] > GROUP_PIECES
        if full or not following:
            yield _section(index, doc, pieces, first, number + 1)
            first = number + 1


def _section(
    index: int, doc: WordDoc, pieces: DocPieces, first: int, last: int
) -> Section:
    """The sentences first:last of a document."""
    sentences = doc.sentences[first:last]
    start, end = sentences[0][0], sentences[-1][1]
    within = slice(pieces.starts[start], pieces.starts[end])
    return Section(
        index,
        start,
        WordDoc(
            words=doc.words[start:end],
            sentences=tuple((s - start, e - start) for s, e in sentences),
            placeholders=doc.placeholders[start:end],
            text_hash=doc.text_hash,
        ),
        DocPieces(pieces.ids[within], pieces.word[within] - start, end - start),
    )
