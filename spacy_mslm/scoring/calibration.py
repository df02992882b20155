"""Do confidences mean what they say, and what does a threshold on them cost?

A confidence is calibrated where of all spans with confidence p a share p is right,
exact boundaries and type (Guo et al. 2017, "On calibration of modern neural networks",
section 2). One temperature T divides the logarithm of a span's confidence, p^(1/T)
(their section 4.2 divides logits, of which a span has none of its own). A confidence is
a product over the words and the type of a span, so that it is too low or too high as a
whole, more so the longer the span: T above 1 raises all, T below 1 lowers all. It works
for any decoder and changes neither the spans nor their order. (To divide log-odds
instead moves no confidence across a half and made the error worse on NCBI-disease.)
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import Errors, MslmError
from .strict import Counts

# Where a temperature is looked for, and the bins of every table and plot.
COLDEST, HOTTEST = 0.05, 20.0
BINS = 10
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
# A confidence of exactly 0 or 1 that is wrong would cost an infinite log loss.
EDGE = 1e-15
# exp of more overflows; a slope that far out is 0 in any case.
MOST = 700.0
# Halvings of the range: its width ends far below a float's last place.
HALVINGS = 100

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """Spans with low <= confidence < high (the last bin holds 1 as well): their mean
    confidence and the share that is right, both 0 in an empty bin."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Point:
    """What is left where spans below `threshold` are left out; `precision` is None
    where none is left: nothing found is not the same as nothing right."""

    threshold: float
    found: int
    precision: float | None
    recall: float
    f1: float


def tempered(p: float, temperature: float) -> float:
    """p^(1 / temperature): 0 and 1 stay, as does every p at T = 1.

    Rises with p; above T = 1 it raises every confidence, below it lowers every one.
    Raises M602 for a temperature, M603 for a confidence out of range.
    """
    if not 0 < temperature < math.inf:
        raise MslmError(Errors.M602.format(value=temperature))
    if not 0 <= p <= 1:
        raise MslmError(Errors.M603.format(value=p))
    return p if temperature == 1 else float(p ** (1 / temperature))


def fit_temperature(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """The temperature between `COLDEST` and `HOTTEST` of the least log loss.

    The loss is convex in 1 / T, so halving the range by the sign of its slope finds
    the optimum. 1.0 where there is nothing to fit on: no spans, all right or all
    wrong. A result at an end of the range means that the optimum lies beyond.
    Raises M603 and M604 for malformed input.
    """
    p, hit = _arrays(confidences, right)
    if hit.all() or not hit.any():
        return 1.0
    log_p = np.log(np.clip(p, EDGE, 1 - EDGE))
    low, high = 1 / HOTTEST, 1 / COLDEST
    if _slope(log_p, hit, low) >= 0:
        return HOTTEST
    if _slope(log_p, hit, high) <= 0:
        return COLDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _slope(log_p, hit, middle) < 0:
            low = middle
        else:
            high = middle
    return 2 / (low + high)


def _slope(log_p: Floats, hit: Bools, inverse: float) -> float:
    """Derivative of the mean log loss by s = 1 / T: a right span costs -s log p, a
    wrong one -log(1 - p^s)."""
    wrong = log_p / np.expm1(np.minimum(-inverse * log_p, MOST))
    return float(np.where(hit, -log_p, wrong).mean())


def log_loss(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean negative log likelihood, natural logarithm; 0 for no spans.

    Confidences are held `EDGE` away from 0 and 1. Raises M603 and M604.
    """
    p, hit = _arrays(confidences, right)
    if not p.size:
        return 0.0
    p = np.clip(p, EDGE, 1 - EDGE)
    return float(-np.where(hit, np.log(p), np.log1p(-p)).mean())


def reliability(
    confidences: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> list[Bin]:
    """`bins` bins of equal width over [0, 1], empty ones too. Raises M603, M604."""
    p, hit = _arrays(confidences, right)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    made = []
    for number in range(bins):
        inside = place == number
        count = int(inside.sum())
        made.append(
            Bin(
                low=number / bins,
                high=(number + 1) / bins,
                count=count,
                confidence=float(p[inside].mean()) if count else 0.0,
                right=float(hit[inside].mean()) if count else 0.0,
            )
        )
    return made


def expected_calibration_error(
    confidences: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> float:
    """ECE: sum over equal-width bins of n_b / n |right_b - confidence_b| (Guo et al.,
    eq. 3); 0 for no spans. Raises M603 and M604."""
    made = reliability(confidences, right, bins)
    total = sum(b.count for b in made)
    gaps = sum(b.count * abs(b.right - b.confidence) for b in made)
    return gaps / total if total else 0.0


def adaptive_calibration_error(
    confidences: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> float:
    """The same over bins of equal counts, as far as equal confidences, which stay
    together, let them be: where nearly all confidences are high, equal widths put
    nearly all spans into one bin. 0 for no spans. Raises M603, M604."""
    p, hit = _arrays(confidences, right)
    if not p.size:
        return 0.0
    rank = np.searchsorted(np.sort(p), p)
    gaps = np.bincount(rank * bins // p.size, weights=hit - p)
    return float(np.abs(gaps).sum() / p.size)


def operating_points(
    confidences: Sequence[float],
    right: Sequence[bool],
    n_gold: int,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Point]:
    """Precision, recall and F1 where only spans of at least each threshold are kept.

    n_gold (int): how many spans the reference holds, found or not.
    Raises M603 and M604 for malformed input, M605 where more spans are right than the
    reference holds.
    """
    p, hit = _arrays(confidences, right)
    if hit.sum() > n_gold:
        raise MslmError(Errors.M605.format(right=int(hit.sum()), gold=n_gold))
    points = []
    for threshold in thresholds:
        kept = p >= threshold
        true = int((kept & hit).sum())
        found = int(kept.sum())
        counts = Counts(true, found - true, n_gold - true)
        precision = counts.precision if found else None
        points.append(Point(threshold, found, precision, counts.recall, counts.f1))
    return points


def measure(
    confidences: Sequence[float],
    right: Sequence[bool],
    n_gold: int,
    temperature: float,
) -> dict[str, Any]:
    """Everything above before (T = 1) and after `temperature`, as plain values: no
    text. `thresholds` are operating points of the confidences after it.

    confidences: as the pipeline gives them at T = 1 and threshold 0.
    Raises M602 to M605.
    """
    after = [tempered(p, temperature) for p in confidences]
    both = {"before": list(confidences), "after": after}
    return {
        "spans": len(after),
        "right": sum(map(bool, right)),
        "reference_spans": n_gold,
        "log_loss": {k: log_loss(p, right) for k, p in both.items()},
        "ece": {k: expected_calibration_error(p, right) for k, p in both.items()},
        "ece_adaptive": {
            k: adaptive_calibration_error(p, right) for k, p in both.items()
        },
        "bins": {
            k: [asdict(b) for b in reliability(p, right)] for k, p in both.items()
        },
        "thresholds": [asdict(p) for p in operating_points(after, right, n_gold)],
    }


def _arrays(
    confidences: Sequence[float], right: Sequence[bool]
) -> tuple[Floats, Bools]:
    """Both as arrays (N,). Raises M604 for other lengths, M603 beyond [0, 1]."""
    p = np.asarray(confidences, dtype=np.float64)
    hit = np.asarray(right, dtype=np.bool_)
    if p.shape != hit.shape or p.ndim != 1:
        raise MslmError(Errors.M604.format(confidences=len(p), right=len(hit)))
    bad = p[~((p >= 0) & (p <= 1))]
    if bad.size:
        raise MslmError(Errors.M603.format(value=bad[0]))
    return p, hit
