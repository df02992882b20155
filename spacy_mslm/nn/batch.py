"""What one training step reads: documents, pieces, labels and mask plans."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import IntArray, Masker, MaskKind, SentencePieces
from .documents import Annotation, WordDoc
from .pieces import DocPieces, PieceTokenizer

Kinds = npt.NDArray[np.int8]  # (N,) MaskKind of each piece of a document


@dataclass(frozen=True)
class Batch:
    """Parallel sequences, one entry a document. `kinds` is None without a masked view.

    `key` is (seed, update): what the randomness of this step starts from.
    """

    docs: Sequence[WordDoc]
    annotations: Sequence[Annotation]
    pieces: Sequence[DocPieces]
    kinds: Sequence[Kinds] | None
    key: tuple[int, int]


def make_batch(
    tokenizer: PieceTokenizer,
    docs: Sequence[WordDoc],
    annotations: Sequence[Annotation],
    masker: Masker | None,
    *,
    seed: int,
    update: int,
) -> Batch:
    """Cut words into pieces and draw this update's masks, sentence by sentence."""
    pieces = tokenizer(docs)
    key = (seed, update)
    kinds = None
    if masker is not None:
        kinds = [
            draw_kinds(doc, annotation, doc_pieces, masker, key=key)
            for doc, annotation, doc_pieces in zip(
                docs, annotations, pieces, strict=True
            )
        ]
    return Batch(docs, annotations, pieces, kinds, key)


def draw_kinds(
    doc: WordDoc,
    annotation: Annotation,
    pieces: DocPieces,
    masker: Masker,
    *,
    key: tuple[int, int],
) -> Kinds:
    """(N,) kinds of a whole document, each sentence drawn by its own key."""
    kinds = np.zeros(len(pieces.ids), dtype=np.int8)
    for index, (sentence, piece_range) in enumerate(
        _sentences(doc, annotation, pieces)
    ):
        plan = masker.draw(sentence, (*key, doc.text_hash, index))
        kinds[piece_range] = plan.kinds
    return kinds


def _sentences(
    doc: WordDoc, annotation: Annotation, pieces: DocPieces
) -> Iterator[tuple[SentencePieces, slice]]:
    # Spans are disjoint and in order, so those of a sentence are found by look-up.
    firsts = [s for s, _, _ in annotation.spans]
    lasts = [e for _, e, _ in annotation.spans]
    for start, end in doc.sentences:
        piece_range = slice(int(pieces.starts[start]), int(pieces.starts[end]))
        touching = slice(bisect_right(lasts, start), bisect_left(firsts, end))
        terms = tuple(
            (max(s, start) - start, min(e, end) - start)
            for s, e, _ in annotation.spans[touching]
        )
        yield (
            SentencePieces(
                words=doc.words[start:end],
                piece_word=pieces.word[piece_range] - start,
                terms=terms,
                maskable=~doc.placeholders[start:end],
            ),
            piece_range,
        )


def count_kinds(batch: Batch) -> tuple[int, int]:
    """(entity, base): masked pieces of each kind, N_ELM and N_BLM of eq. 2."""
    counts = np.zeros(len(MaskKind), dtype=int)
    for kinds in batch.kinds or ():
        counts += np.bincount(kinds, minlength=len(MaskKind))
    return int(counts[MaskKind.ENTITY]), int(counts[MaskKind.BASE])


def sample_non_entities(
    annotation: Annotation, has_pieces: npt.NDArray[np.bool_], rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Spans that are no entities, for the classifier's "no entity" class.

    For each entity one neighbour of it (an edge moved by one or two words) and one
    random span of one to six words; at least one random span a document. Spans that
    are entities, hold words with missing annotation or hold no piece are left out.
    """
    n_words = len(annotation.known)
    if not n_words:
        return []
    entities = {(start, end) for start, end, _ in annotation.spans}
    drawn = []
    for start, end in sorted(entities):
        moved = (start + int(rng.integers(-2, 3)), end + int(rng.integers(-2, 3)))
        drawn.append(moved)
    for start in rng.integers(0, n_words, size=max(1, len(entities))).tolist():
        drawn.append((start, start + int(rng.integers(1, 7))))
    return [
        (start, end)
        for start, end in dict.fromkeys(drawn)
        if 0 <= start < end <= n_words
        and (start, end) not in entities
        and annotation.known[start:end].all()
        and has_pieces[start:end].any()
    ]


def piece_offsets(pieces: Sequence[DocPieces]) -> IntArray:
    """Where each document's pieces start when all are laid end to end."""
    return np.cumsum([0] + [len(p.ids) for p in pieces])
