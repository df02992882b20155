"""Many documents in little memory, for training on more text than objects fit."""

import hashlib
from array import array

import numpy as np

from ...types import IntArray, Masker
from ..batch import Batch, make_batch
from ..documents import Annotation, WordDoc
from ..pieces import PieceTokenizer

# Documents to take at once where nothing is learnt.
AT_ONCE = 64


class Shelf:
    """Documents with their terms; each distinct word is stored once, a word of a
    document takes 5 bytes.

    `sizes` (D,): words of each document. `n_terms`: terms of all. `digest`: a hash of
    all that was added, in order.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._lexicon: list[str] = []
        self._words = array("I")
        self._placeholders = bytearray()
        self._sentence_ends = array("I")
        self._term_edges = array("I")
        self._text_hashes = array("Q")
        # Ends of each document's part of the arrays above.
        self._ends = array("Q", (0, 0, 0))
        self._digest = hashlib.sha256()

    def __len__(self) -> int:
        return len(self._text_hashes)

    @property
    def sizes(self) -> IntArray:
        ends = np.array(self._ends, dtype=np.int64).reshape(-1, 3)
        return np.diff(ends[:, 0])

    @property
    def n_terms(self) -> int:
        return len(self._term_edges) // 2

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def add(self, doc: WordDoc, terms: tuple[tuple[int, int], ...]) -> None:
        """Keep a document and its terms: half-open word ranges, disjoint, in order."""
        for word in doc.words:
            number = self._numbers.setdefault(word, len(self._lexicon))
            if number == len(self._lexicon):
                self._lexicon.append(word)
            self._words.append(number)
        self._placeholders += doc.placeholders.tobytes()
        self._sentence_ends.extend(end for _, end in doc.sentences)
        self._term_edges.extend(edge for term in terms for edge in term)
        self._text_hashes.append(doc.text_hash)
        self._ends.extend(
            (len(self._words), len(self._sentence_ends), len(self._term_edges))
        )
        content = (doc.words, doc.sentences, doc.placeholders.tolist(), terms)
        self._digest.update(repr((*content, doc.text_hash)).encode())

    def __getitem__(self, index: int) -> tuple[WordDoc, Annotation]:
        """A document, and its terms as spans of which nothing is known."""
        first, last = (self._ends[3 * i : 3 * i + 3] for i in (index, index + 1))
        words, sentences, terms = map(slice, first, last)
        ends = self._sentence_ends[sentences]
        edges = self._term_edges[terms]
        doc = WordDoc(
            words=tuple(self._lexicon[i] for i in self._words[words]),
            sentences=tuple(zip((0, *ends), ends, strict=False)),
            placeholders=np.frombuffer(bytes(self._placeholders[words]), dtype=bool),
            text_hash=self._text_hashes[index],
        )
        spans = tuple((s, e, 0) for s, e in zip(edges[::2], edges[1::2], strict=True))
        return doc, Annotation(spans, np.zeros(len(doc.words), dtype=bool))


def draw_batch(
    tokenizer: PieceTokenizer,
    shelf: Shelf,
    documents: IntArray,
    masker: Masker,
    key: tuple[int, int],
) -> Batch:
    """The documents with their masks of `key`, (seed, update)."""
    pairs = [shelf[i] for i in documents.tolist()]
    return make_batch(
        tokenizer,
        [doc for doc, _ in pairs],
        [annotation for _, annotation in pairs],
        masker,
        seed=key[0],
        update=key[1],
    )
