"""Paired bootstrap intervals over documents and seeds.

How large is a difference beside the chance of which documents were tested on and which
seeds trained with? One resample draws as many seeds and as many documents as there are,
with replacement. Counts are summed over the drawn documents to one micro statistic a
drawn seed, and these are averaged. Intervals are percentile intervals (Efron and
Tibshirani 1993, "An introduction to the bootstrap", chapter 13).

A difference is paired (Koehn 2004, "Statistical significance tests for machine
translation evaluation"): both systems get the same documents and the same seeds, run i
of one being paired with run i of the other. All runs of a resample share its documents,
as they share the test set: both of two crossed factors are drawn (Owen 2007, "The
pigeonhole bootstrap"). Of one seed, documents alone are drawn, and the interval says
nothing about another seed; of S seeds, it holds 1 - 1 / S of the variance between them,
too little where S is small.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import Errors, MslmError
from .doc_counts import DocCounts

Floats = npt.NDArray[np.float64]
# Of summed tp, fp and fn, arrays of any one shape; gives an array of that shape.
Measure = Callable[[Floats, Floats, Floats], Floats]
Statistic = Measure | Literal["f1", "em", "precision"]

# Drawn documents held at once: 4 MB an array, whatever the number of resamples.
CELLS = 500_000


@dataclass(frozen=True, slots=True)
class Interval:
    """`mean` is the observed value, of all documents and seeds, and no mean of
    resamples; `p_positive` the share of resamples above 0, a tie not being above."""

    mean: float
    low: float
    high: float
    p_positive: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def difference(
    a: Sequence[DocCounts],
    b: Sequence[DocCounts],
    *,
    statistic: Statistic = "f1",
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """How much higher `a` is than `b`, each one entry a seed.

    statistic: a share is 0 where its denominator is 0.
    seed: of the resamples; the same one gives the same interval.
    Raises M607 for no seeds or documents, M608 and M609 where the systems differ in
    seeds or documents, M610 for options out of range.
    """
    return _interval([(a, b)], statistic, resamples, seed, level)


def average_difference(
    pairs: Sequence[tuple[Sequence[DocCounts], Sequence[DocCounts]]],
    *,
    statistic: Statistic = "f1",
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Mean of the `difference` of several data sets, each counting the same and drawn
    independently; the data sets themselves are not drawn, so that the interval is
    about these and no others. Raises as `difference`, and M607 for no data sets."""
    return _interval(pairs, statistic, resamples, seed, level)


def mean_interval(
    a: Sequence[DocCounts],
    *,
    statistic: Statistic = "f1",
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The mean statistic of one system over its seeds. Raises as `difference`."""
    return _interval([(a,)], statistic, resamples, seed, level)


def _interval(
    sets: Sequence[Sequence[Sequence[DocCounts]]],
    statistic: Statistic,
    resamples: int,
    seed: int,
    level: float,
) -> Interval:
    """`sets` holds one system a data set, or two to be compared."""
    if resamples < 1:
        raise _out_of_range("resamples", "1 or more", resamples)
    if not 0 < level < 1:
        raise _out_of_range("level", "between 0 and 1", level)
    if not sets:
        raise MslmError(Errors.M607.format(what="data sets"))
    measure, rng = _measure(statistic), np.random.default_rng(seed)
    parts = [_resampled(_table(s), measure, resamples, rng) for s in sets]
    drawn = np.mean([values for _, values in parts], axis=0)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(
        mean=fmean(observed for observed, _ in parts),
        low=float(low),
        high=float(high),
        p_positive=float((drawn > 0).mean()),
    )


def _table(systems: Sequence[Sequence[DocCounts]]) -> Floats:
    """(systems, seeds, 3, D). Raises M607 to M609."""
    for system in systems:
        if not system:
            raise MslmError(Errors.M607.format(what="seeds"))
        if len(system) != len(systems[0]):
            raise MslmError(Errors.M608.format(a=len(systems[0]), b=len(system)))
    docs = systems[0][0].tp.size
    for run in (run for system in systems for run in system):
        if run.tp.size != docs:
            raise MslmError(Errors.M609.format(expected=docs, got=run.tp.size))
    if not docs:
        raise MslmError(Errors.M607.format(what="documents"))
    runs = [[(run.tp, run.fp, run.fn) for run in system] for system in systems]
    return np.array(runs, dtype=np.float64)


def _resampled(
    table: Floats, measure: Measure, resamples: int, rng: np.random.Generator
) -> tuple[float, Floats]:
    """The observed value and that of each resample (R,)."""
    _, seeds, _, docs = table.shape
    observed = _by_seed(table, measure, np.ones((1, docs))).mean()
    seed = rng.integers(seeds, size=(resamples, seeds))
    chunks = _weights(docs, resamples, rng)
    values = np.concatenate([_by_seed(table, measure, w) for w in chunks])
    return float(observed), np.take_along_axis(values, seed, axis=1).mean(axis=1)


def _weights(docs: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """How often each document is drawn, (rows, D), some resamples at a time: rows of a
    multinomial, counted from draws, which is faster than to draw the counts."""
    most = max(1, CELLS // docs)
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        drawn = rng.integers(docs, size=(rows, docs)) + docs * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * docs)
        yield counts.reshape(rows, docs).astype(np.float64)


def _by_seed(table: Floats, measure: Measure, weights: Floats) -> Floats:
    """(rows, seeds): the statistic of the first system, less that of the second one
    where there is one. Equal systems differ by exactly 0."""
    sums = weights @ table.reshape(-1, table.shape[-1]).T
    tp, fp, fn = np.moveaxis(sums.reshape(-1, *table.shape[:-1]), -1, 0)
    values = measure(tp, fp, fn)
    less: Floats = values[:, 0] - values[:, 1:].sum(axis=1)
    return less


def _measure(statistic: Statistic) -> Measure:
    if callable(statistic):
        return statistic
    if statistic not in MEASURES:
        raise _out_of_range("statistic", f"one of {', '.join(MEASURES)}", statistic)
    return MEASURES[statistic]


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


MEASURES: dict[str, Measure] = {
    "f1": lambda tp, fp, fn: _share(2 * tp, 2 * tp + fp + fn),
    "em": lambda tp, fp, fn: _share(tp, tp + fn),
    "precision": lambda tp, fp, fn: _share(tp, tp + fp),
}


def _out_of_range(name: str, expected: str, got: object) -> MslmError:
    return MslmError(Errors.M610.format(name=name, expected=expected, got=got))
