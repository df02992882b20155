"""Shared vocabulary of the rooms: what passes between them (no spaCy, no torch).

Axis letters used in shapes: B windows in a batch, P pieces, W words, N scored
pieces, M masked pieces, V vocabulary, L labels, H width, S spans.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .errors import Errors, MslmError

# The one form in which the encoder sees any de-identification placeholder.
PLACEHOLDER_FORM = "_"

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class CharSpan:
    """A weak or gold span: `text[start:end]` carries `label`.

    `start` and `end` are character offsets into the note's text as in the source,
    `source` names who says so ("medcat", "gold"), `score` is that source's own
    score in [0, 1] and need not be a probability.
    """

    start: int
    end: int
    label: str
    source: str = ""
    concept_id: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Note:
    """One record, text exactly as in the source.

    `gold` holds spans that came with the record (synthetic or annotated notes), so
    that they travel with the text; weak spans never go there. `meta` may hold
    "split" ("train" | "dev" | "test"), which `corpus` honours.
    """

    note_id: str
    patient_id: str
    text: str
    category: str = ""
    meta: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    gold: tuple[CharSpan, ...] = ()

    def __reduce__(self) -> tuple[type["Note"], tuple[Any, ...]]:
        """Notes go to other processes, where a `MappingProxyType` cannot."""
        ids = self.note_id, self.patient_id, self.text, self.category
        return Note, (*ids, dict(self.meta), self.gold)


class DropCounts(Counter[str]):
    """Counts of everything dropped, by reason: no lossy step is silent."""


class MaskKind(IntEnum):
    """Why a piece is masked (never recovered from its weight)."""

    NONE = 0
    BASE = 1
    ENTITY = 2


@dataclass(frozen=True)
class MaskPlan:
    """`kinds` (P,): the `MaskKind` of each piece of one sentence."""

    kinds: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        if self.kinds.ndim != 1 or self.kinds.dtype != np.int8:
            raise TypeError("MaskPlan.kinds must be a one-dimensional int8 array")

    def count(self, kind: MaskKind) -> int:
        return int((self.kinds == kind).sum())


@dataclass(frozen=True)
class SentencePieces:
    """What a masking strategy may know of one sentence.

    `piece_word` (P,): index of the word that each piece belongs to, from 0.
    `words` (W,): the words' texts. `terms`: half-open word ranges of DS-terms, in
    order and disjoint. `maskable` (W,): False for de-identification placeholders.
    """

    words: tuple[str, ...]
    piece_word: IntArray
    terms: tuple[tuple[int, int], ...]
    maskable: BoolArray


class Masker(Protocol):
    """Draws the plan of one sentence: a pure function of sentence and key."""

    def draw(self, sentence: SentencePieces, key: Sequence[int]) -> MaskPlan: ...


@dataclass(frozen=True, slots=True)
class MaskWeights:
    """Weight of a masked piece's error by its kind; the two sum to 1."""

    base: float
    entity: float


@dataclass(frozen=True, slots=True)
class Corruption:
    """How a masked piece is shown: as the mask piece, as a random piece, or as it is.

    Shares of the masked pieces, drawn piece by piece; BERT's are .8, .1, .1, the
    paper masks all. Raises MslmError (M430) unless they are shares that sum to 1.
    """

    mask: float = 1.0
    random: float = 0.0
    keep: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.mask, self.random, self.keep)
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
            got = ", ".join(f"{share:g}" for share in shares)
            raise MslmError(Errors.M430.format(got=got))


ALL_MASKED = Corruption()
