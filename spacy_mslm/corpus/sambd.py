"""SamBD: of the training sentences without an entity only a share is kept.

Belkadi et al. 2022 (arXiv 2210.12770): every sentence with an entity is kept, an empty
one with probability `keep`, 8 % in the paper, where three of four sentences were empty.
They name no seed. Here the draw is a hash of the seed, the document, the place of the
sentence in it and, where a document comes more than once, which time this is. So it
depends neither on the order of the documents nor on how they are cut into shards, what
is kept at one share is kept at every higher one, and repeated sentences are drawn one
by one.
"""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby

from ..errors import Errors, MslmError
from .iob import IobSentence
from .offsets import Range

SHARE = 0.08
# What stands where sentences were left out: a paragraph's end, so that no two sentences
# from different places are read as one.
GAP = "\n\n"
WIDEST = 120


@dataclass
class SambdCounts:
    """`documents` came in; of `left_out` of them nothing was kept."""

    documents: int = 0
    left_out: int = 0
    sentences: int = 0
    empty: int = 0
    kept: int = 0
    empty_kept: int = 0

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass
class Sambd:
    """Draws which sentences stay. One object for all documents of a training set, in
    any order. Raises M360 unless `keep` is a share from 0 to 1."""

    keep: float = SHARE
    seed: int = 0
    counts: SambdCounts = field(default_factory=SambdCounts)
    _seen: Counter[tuple[bytes, tuple[bool, ...]]] = field(
        default_factory=Counter, repr=False
    )

    def __post_init__(self) -> None:
        if not 0 <= self.keep <= 1:
            raise MslmError(Errors.M360.format(value=self.keep))

    def choose(self, document: str, filled: Sequence[bool]) -> list[bool]:
        """Which sentences of a document are kept.

        document: what tells it from others: its id, or its text where it has none.
        filled: of each sentence whether it holds an entity, or words of which nobody
            knows; such a sentence is always kept.
        """
        name = hashlib.sha256(document.encode("utf-8", "surrogatepass")).digest()
        # Copies of which one has an entity and one has none are no copies: which of
        # them came first must say nothing.
        copies = name, tuple(filled)
        time = self._seen[copies]
        self._seen[copies] += 1
        kept = [
            full or self._draw(name, time, index) for index, full in enumerate(filled)
        ]
        counts = self.counts
        counts.documents += 1
        counts.left_out += not any(kept)
        counts.sentences += len(kept)
        counts.empty += len(kept) - sum(filled)
        counts.kept += sum(kept)
        counts.empty_kept += sum(kept) - sum(filled)
        return kept

    def _draw(self, name: bytes, time: int, index: int) -> bool:
        key = f"{self.seed}\n{time}\n{index}\n".encode() + name
        drawn = int.from_bytes(hashlib.sha256(key).digest()[:8])
        return drawn < self.keep * 2**64


def thin_sentences(
    sentences: Iterable[IobSentence], sambd: Sambd
) -> Iterator[IobSentence]:
    """The sentences that are kept, each a document of its own, in their order."""
    for sentence in sentences:
        [kept] = sambd.choose(words_key(sentence.words), [bool(sentence.spans())])
        if kept:
            yield sentence


def words_key(words: Sequence[str]) -> str:
    """What `Sambd.choose` knows a sentence without id by."""
    return "\t".join(words)


@dataclass(frozen=True, slots=True)
class Thinned:
    """A text of which sentences were left out. `pieces`: (start here, start in the
    source, length) of what stayed, in order, `GAP` and blanks between them."""

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def here(self, start: int, end: int) -> Range | None:
        """A range of the source in this text; None unless one piece holds all of it."""
        return _moved([(old, new, n) for new, old, n in self.pieces], start, end)

    def source(self, start: int, end: int) -> Range | None:
        """A range of this text in the source; None unless one piece holds all of it."""
        return _moved(self.pieces, start, end)


def thin_text(text: str, sentences: Sequence[Range], kept: Sequence[bool]) -> Thinned:
    """`text` without the sentences that are not `kept`.

    sentences: their ranges, in order, disjoint, without outer white space, as
        `sentence_spans` gives them.
    Sentences that followed each other stay as they stood. What begins in the middle of
    a line begins in the same column, after blanks, as the width of a line tells whether
    it was wrapped. A text of which all are kept is the same text.
    """
    places = zip(sentences, kept, strict=True)
    runs = [list(run) for stays, run in groupby(places, key=_stays) if stays]
    ranges = [(run[0][0][0], run[-1][0][1]) for run in runs]
    if all(kept):
        ranges = [(0, len(text))]
    made = ""
    pieces: list[tuple[int, int, int]] = []
    for start, end in ranges:
        made += (GAP if made else "") + " " * _column(text, start)
        pieces.append((len(made), start, end - start))
        made += text[start:end]
    return Thinned(made, tuple(pieces))


def _stays(place: tuple[Range, bool]) -> bool:
    return place[1]


def _column(text: str, start: int) -> int:
    """How far in its line a place is; 0 in a line that no page wrapped."""
    column = start - text.rfind("\n", 0, start) - 1
    return column if column <= WIDEST else 0


def _moved(
    pieces: Sequence[tuple[int, int, int]], start: int, end: int
) -> Range | None:
    place = bisect_right(pieces, start, key=lambda piece: piece[0]) - 1
    if place < 0:
        return None
    origin, target, length = pieces[place]
    if end > origin + length:
        return None
    return start - origin + target, end - origin + target
