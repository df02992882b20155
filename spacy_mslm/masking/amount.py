"""How much is masked: a share of the units, or as much as another strategy masks."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ..errors import Errors, MslmError
from ..types import MaskKind, MaskPlan, SentencePieces
from .strategy import Strategy

Unit = Literal["word", "piece"]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """What can be masked in a sentence, each whole: words, or single pieces.

    `ids` (U,): their words (or pieces), ascending, none of a placeholder and none
    without pieces. `sizes` (U,): pieces of each.
    """

    ids: Indices
    sizes: Indices

    @classmethod
    def of(cls, sentence: SentencePieces, unit: Unit) -> "Units":
        pieces = np.bincount(sentence.piece_word, minlength=len(sentence.words))
        if unit == "word":
            ids = np.flatnonzero(sentence.maskable & (pieces > 0))
            return cls(ids, pieces[ids])
        ids = np.flatnonzero(sentence.maskable[sentence.piece_word])
        return cls(ids, np.ones(len(ids), dtype=np.int64))


class Amount:
    """`rate` of the units, or the number of pieces that `budget` masks; one of them.

    The count rate x units is rounded up or down at random in proportion to its
    fraction, so that short sentences are masked at the stated rate on average. A
    budget is what the other strategy masks in the same sentence with the same key,
    which makes strategies comparable: not how much is masked differs, but what.
    Raises MslmError (M401, M402, M412) for a rate outside [0, 1], an unknown unit,
    and for both or none of rate and budget.
    """

    def __init__(
        self, *, rate: float | None, budget: Strategy | None, unit: Unit
    ) -> None:
        if (rate is None) == (budget is None):
            raise MslmError(Errors.M412)
        if rate is not None and not 0 <= rate <= 1:
            raise MslmError(Errors.M401.format(name="rate", value=rate))
        if unit not in get_args(Unit):
            raise MslmError(Errors.M402.format(value=unit))
        self.rate = rate
        self.budget = budget

    def fill(
        self, units: Units, groups: Iterable[Sequence[int]], limit: int
    ) -> Indices:
        """Positions (in `units`) of the first groups that fit into `limit`.

        A group is taken whole or not at all, and never a unit twice; so the limit is
        never passed, and is reached where a group of any smaller size remains.
        """
        by_pieces = self.budget is not None
        sizes = units.sizes.tolist() if by_pieces else [1] * len(units.sizes)
        room, taken = limit, set[int]()
        for group in groups:
            if room <= 0:
                break
            fresh = [i for i in group if i not in taken]
            size = sum(sizes[i] for i in fresh)
            if fresh and size <= room:
                taken.update(fresh)
                room -= size
        return np.array(sorted(taken), dtype=np.int64)

    def limit(
        self, sentence: SentencePieces, units: Units, rng: np.random.Generator
    ) -> int:
        """Most that may be masked: units by rate, pieces by budget."""
        if self.budget is not None:
            kinds = self.budget.plan(sentence, rng=rng).kinds
            return int(np.count_nonzero(kinds))
        assert self.rate is not None
        count = math.floor(self.rate * len(units.ids) + rng.random())
        return min(count, len(units.ids))


class DrawnMasking(Strategy):
    """Masks groups of units in a random order until the amount is reached.

    What the groups are, and their order, is all in which such strategies differ.
    Raises MslmError (M401, M402, M412), see `Amount`.
    """

    def __init__(
        self,
        *,
        rate: float | None = None,
        budget: Strategy | None = None,
        unit: Unit = "word",
    ) -> None:
        self.amount = Amount(rate=rate, budget=budget, unit=unit)
        self.unit: Unit = unit

    @abstractmethod
    def groups(
        self, sentence: SentencePieces, units: Units, rng: np.random.Generator
    ) -> Iterable[Sequence[int]]:
        """Positions in `units`, group by group, in the order in which to mask them."""

    def plan(self, sentence: SentencePieces, *, rng: np.random.Generator) -> MaskPlan:
        units = Units.of(sentence, self.unit)
        limit = self.amount.limit(sentence, units, rng)
        groups = self.groups(sentence, units, rng)
        chosen = self.amount.fill(units, groups, limit)
        return base_plan(sentence, units, chosen, self.unit)


def base_plan(
    sentence: SentencePieces, units: Units, chosen: Indices, unit: Unit
) -> MaskPlan:
    """Mask the chosen units, all their pieces, as BASE."""
    ids = units.ids[chosen]
    if unit == "piece":
        kinds = np.zeros(len(sentence.piece_word), dtype=np.int8)
        kinds[ids] = MaskKind.BASE
        return MaskPlan(kinds)
    masked = np.zeros(len(sentence.words), dtype=bool)
    masked[ids] = True
    kinds = np.where(masked[sentence.piece_word], MaskKind.BASE, MaskKind.NONE)
    return MaskPlan(kinds.astype(np.int8))
