"""BIO tags, untyped or typed: valid decoding and the probability of a span.

Tag 0 is O; type t has B = 1 + 2t and I = 2 + 2t. Untyped tags are those of one type.
"""

from math import inf

import numpy as np
import numpy.typing as npt

OUTSIDE, BEGIN, INSIDE = 0, 1, 2
# Annotation missing, or a word without pieces: no part in any entity loss. The
# value is torch's default ignore_index.
MISSING = -100

LogProbs = npt.NDArray[np.float64]  # (W, 1 + 2T) log P(tag | word)
TypedRange = tuple[int, int, int]  # start, end (half-open), type


def n_tags(n_types: int) -> int:
    return 1 + 2 * n_types


def decode(log_probs: LogProbs) -> list[TypedRange]:
    """The spans of the most probable valid tag sequence of one document.

    Invalid is an I that does not follow B or I of its type. Where each word's best
    tag already gives a valid sequence, that sequence is the optimum; otherwise an
    exact Viterbi search runs over the document.
    """
    if not len(log_probs):
        return []
    tags = log_probs.argmax(axis=1)
    previous = np.concatenate(([OUTSIDE], tags[:-1]))
    follows = (previous == tags) | (previous == tags - 1)
    if (_is_inside(tags) & ~follows).any():
        tags = np.asarray(viterbi(log_probs))
    return spans_of(tags)


def viterbi(log_probs: LogProbs) -> list[int]:
    """The best tags under the constraint that an I follows B or I of its type.

    `gap[t]`: how much the best path to this word that ends in type t falls behind the
    best path of all. It is all that the next word needs to know, O(W T) in all.
    """
    n_types = (log_probs.shape[1] - 1) // 2
    gap = [inf] * n_types
    steps: list[tuple[int, list[int]]] = []  # best tag of all, best tag of each type
    for row in log_probs.tolist():
        begins = row[BEGIN::2]
        insides = [i - g for i, g in zip(row[INSIDE::2], gap, strict=True)]
        ends = [max(b, i) for b, i in zip(begins, insides, strict=True)]
        tags = [
            2 * t + (INSIDE if i > b else BEGIN)
            for t, (b, i) in enumerate(zip(begins, insides, strict=True))
        ]
        best = max(ends)
        steps.append((OUTSIDE if row[0] >= best else tags[ends.index(best)], tags))
        best = max(best, row[0])
        gap = [best - end for end in ends]
    tag = steps[-1][0]
    path = [tag]
    for any_tag, of_type in reversed(steps[:-1]):
        inside = tag != OUTSIDE and tag % 2 == 0
        tag = of_type[tag // 2 - 1] if inside else any_tag
        path.append(tag)
    return path[::-1]


def spans_of(tags: npt.NDArray[np.int64]) -> list[TypedRange]:
    """Half-open ranges and types of the spans of a valid sequence."""
    starts = np.flatnonzero(tags % 2 == 1)
    # A span ends where the next tag is not I.
    following = np.concatenate((tags[1:], [OUTSIDE]))
    ends = np.flatnonzero((tags != OUTSIDE) & ~_is_inside(following)) + 1
    types = (tags[starts] - BEGIN) // 2
    return list(zip(starts.tolist(), ends.tolist(), types.tolist(), strict=True))


def span_probability(log_probs: LogProbs, span: TypedRange) -> float:
    """P(exactly this span) under independent words: B, then I ..., then no I."""
    start, end, kind = span
    begin, inside = BEGIN + 2 * kind, INSIDE + 2 * kind
    stop = 1.0
    if end < len(log_probs):
        stop = 1 - float(np.exp(log_probs[end, inside]))
    total = log_probs[start, begin] + log_probs[start + 1 : end, inside].sum()
    return min(max(float(np.exp(total)) * stop, 0.0), 1.0)


def _is_inside(tags: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (tags != OUTSIDE) & (tags % 2 == 0)
