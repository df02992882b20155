"""Untyped BIO tags: valid decoding and the probability of a span."""

import numpy as np
import numpy.typing as npt

OUTSIDE, BEGIN, INSIDE = 0, 1, 2
N_TAGS = 3
# Annotation missing, or a word without pieces: no part in any entity loss. The
# value is torch's default ignore_index.
MISSING = -100

LogProbs = npt.NDArray[np.float64]  # (W, 3) log P(tag | word)
Range = tuple[int, int]


def decode(log_probs: LogProbs) -> list[Range]:
    """The spans of the most probable valid tag sequence of one document.

    The one invalid transition is O -> I (and I at the start). Where each word's best
    tag already gives a valid sequence, that sequence is the optimum; otherwise an
    exact Viterbi search runs over the document.
    """
    if not len(log_probs):
        return []
    tags = log_probs.argmax(axis=1)
    previous = np.concatenate(([OUTSIDE], tags[:-1]))
    if ((tags == INSIDE) & (previous == OUTSIDE)).any():
        tags = np.asarray(viterbi(log_probs))
    return spans_of(tags)


def viterbi(log_probs: LogProbs) -> list[int]:
    """The best tags under the constraint that I follows B or I."""
    minus = float("-inf")
    outside, begin, inside = 0.0, minus, minus
    backs: list[Range] = []  # best predecessor of (O or B), of I
    for o, b, i in log_probs.tolist():
        best, best_tag = max((outside, OUTSIDE), (begin, BEGIN), (inside, INSIDE))
        span, span_tag = max((begin, BEGIN), (inside, INSIDE))
        backs.append((best_tag, span_tag))
        outside, begin, inside = best + o, best + b, span + i
    tag = max((outside, OUTSIDE), (begin, BEGIN), (inside, INSIDE))[1]
    tags = [tag]
    for any_tag, span_tag in reversed(backs[1:]):
        tag = span_tag if tag == INSIDE else any_tag
        tags.append(tag)
    return tags[::-1]


def spans_of(tags: npt.NDArray[np.int64]) -> list[Range]:
    """Half-open ranges of the spans of a valid sequence."""
    starts = np.flatnonzero(tags == BEGIN)
    # A span ends where the next tag is not I.
    ends = np.flatnonzero(
        (tags != OUTSIDE) & (np.concatenate((tags[1:], [OUTSIDE])) != INSIDE)
    )
    return list(zip(starts.tolist(), (ends + 1).tolist(), strict=True))


def span_probability(log_probs: LogProbs, span: Range) -> float:
    """P(exactly this span) under independent words: B, then I ..., then no I."""
    start, end = span
    inside = log_probs[start + 1 : end, INSIDE].sum()
    stop = 1.0
    if end < len(log_probs):
        stop = 1 - float(np.exp(log_probs[end, INSIDE]))
    probability = float(np.exp(log_probs[start, BEGIN] + inside)) * stop
    return min(max(probability, 0.0), 1.0)
