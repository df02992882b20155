"""Precision and recall at every threshold, as a curve and as its area.

Spans are kept in the order of their confidence, equal ones together: a threshold keeps
all of them or none, and what the input's order happens to be is no part of the curve.
Recall is over the whole reference, so spans that no threshold finds hold the curve and
its area down.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import Errors, MslmError
from .calibration import Floats, _arrays

MOST = 50

CurvePoint = tuple[float, float, float]  # threshold, precision, recall


class _Steps(NamedTuple):
    """One entry a different confidence, the highest first: the threshold, how many
    spans have at least that, and how many of these are right."""

    threshold: Floats
    found: npt.NDArray[np.int64]
    true: npt.NDArray[np.int64]


def precision_recall_curve(
    confidences: Sequence[float],
    right: Sequence[bool],
    n_gold: int,
    most: int = MOST,
) -> list[CurvePoint]:
    """(threshold, precision, recall) where spans of at least the threshold are kept,
    from the highest threshold to the lowest; recall never falls on the way.

    Where there are more than `most` different confidences, the first point and the
    last are kept, and between them those that first reach recalls of even distance;
    every point that is left is exact. No spans are no points; a recall is 0 where
    `n_gold` is. Raises M603 to M605 for malformed input, M610 for `most` below 2.
    """
    if most < 2:
        raise MslmError(Errors.M610.format(name="most", expected="2 or more", got=most))
    steps = _steps(confidences, right, n_gold)
    precision = steps.true / steps.found
    recall = steps.true / max(n_gold, 1)
    return [
        (float(steps.threshold[i]), float(precision[i]), float(recall[i]))
        for i in _even(steps.true, most)
    ]


def average_precision(
    confidences: Sequence[float], right: Sequence[bool], n_gold: int
) -> float:
    """Area under the step curve: sum over thresholds of (R_k - R_(k-1)) P_k, R_0 = 0,
    without interpolation (as scikit-learn's `average_precision_score`, where every
    gold span is found); 0 for an empty reference. Raises M603 to M605."""
    steps = _steps(confidences, right, n_gold)
    gained = np.diff(steps.true, prepend=0) / max(n_gold, 1)
    return float((gained * steps.true / steps.found).sum())


def _steps(confidences: Sequence[float], right: Sequence[bool], n_gold: int) -> _Steps:
    p, hit = _arrays(confidences, right)
    if hit.sum() > n_gold:
        raise MslmError(Errors.M605.format(right=int(hit.sum()), gold=n_gold))
    order = np.argsort(-p, kind="stable")
    p, true = p[order], np.cumsum(hit[order], dtype=np.int64)
    last = np.flatnonzero(np.diff(p, append=-1.0))
    return _Steps(p[last], last + 1, true[last])


def _even(true: npt.NDArray[np.int64], most: int) -> list[int]:
    """At most `most` places, both ends among them, evenly spread in `true`."""
    if len(true) <= most:
        return list(range(len(true)))
    wanted = np.linspace(true[0], true[-1], most)
    inner = np.searchsorted(true, wanted)[1:-1].tolist()
    return sorted({0, *inner, len(true) - 1})
