"""Counts of each document, from which any micro statistic of any documents follows.

`intervals` draws documents from them, and as text they are short enough to be kept
beside a result, so that an interval needs no second run.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ..errors import Errors, MslmError
from .strict import Span, check_lengths
from .unseen import GoldMention, surface

Ints = npt.NDArray[np.int64]

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, eq=False)
class DocCounts:
    """True positives, false positives and false negatives of each document: (D,).

    Raises M611 for anything but flat arrays of whole numbers from 0, M609 where they
    differ in length.
    """

    tp: Ints
    fp: Ints
    fn: Ints

    def __post_init__(self) -> None:
        for name, counts in self._arrays().items():
            whole = counts.ndim == 1 and np.issubdtype(counts.dtype, np.integer)
            if not whole or (counts < 0).any():
                raise MslmError(Errors.M611.format(name=name))
            if counts.size != self.tp.size:
                raise MslmError(
                    Errors.M609.format(expected=self.tp.size, got=counts.size)
                )

    @classmethod
    def of(
        cls, gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
    ) -> Self:
        """Strict counts; they add up to `strict.score(...).micro`. Raises M601."""
        check_lengths(gold, predicted)
        both = [(set(g), set(p)) for g, p in zip(gold, predicted, strict=True)]
        return cls._made((len(g & p), len(p - g), len(g - p)) for g, p in both)

    @classmethod
    def of_unseen(
        cls,
        gold: Sequence[Collection[GoldMention]],
        predicted: Sequence[Collection[Span]],
        train_surfaces: Iterable[str],
    ) -> Self:
        """Counts of the gold mentions that `unseen.em_by_seen` calls unseen: tp those
        found, fn those missed, and fp 0, for the statistic "em" alone. Raises M601."""
        check_lengths(gold, predicted)
        known = {surface(text) for text in train_surfaces}
        rows = []
        for mentions, spans in zip(gold, predicted, strict=True):
            true = {m[:3]: m[3] for m in mentions}
            unseen = {span for span, text in true.items() if surface(text) not in known}
            found = len(unseen & set(spans))
            rows.append((found, 0, len(unseen) - found))
        return cls._made(rows)

    @classmethod
    def from_text(cls, texts: Mapping[str, str]) -> Self:
        """What `to_text` gave. Raises M609 and M611 for anything else."""
        return cls(*(_unpacked(texts, name) for name in ("tp", "fp", "fn")))

    def to_text(self) -> dict[str, str]:
        """One digit a document, base 36; an array with a count above 35 is written as
        decimal numbers, a comma after each."""
        return {name: _packed(counts) for name, counts in self._arrays().items()}

    @classmethod
    def _made(cls, rows: Iterable[tuple[int, int, int]]) -> Self:
        table = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
        return cls(*table.T)

    def _arrays(self) -> dict[str, Ints]:
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn}


def _packed(counts: Ints) -> str:
    if (counts >= len(DIGITS)).any():
        return "".join(f"{n}," for n in counts.tolist())
    return "".join(DIGITS[n] for n in counts.tolist())


def _unpacked(texts: Mapping[str, str], name: str) -> Ints:
    try:
        text = texts[name]
        numbers = text.removesuffix(",").split(",") if "," in text else text
        base = 10 if "," in text else len(DIGITS)
        return np.array([int(n, base) for n in numbers], dtype=np.int64)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise MslmError(Errors.M611.format(name=name)) from None
