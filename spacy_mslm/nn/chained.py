"""Documents as chains of a CRF: a sentence is a chain."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from ..types import IntArray
from .bio import OUTSIDE, spans_of
from .crf import Chains, LinearChainCrf
from .documents import ScoredSpan, WordDoc
from .shapes import Float, Int

# Words, padding included, of the chains that are decoded at once.
AT_ONCE = 1 << 17
# The score of any other tag where a word can only be O.
NEVER = -1e4


def chain_lengths(
    doc: WordDoc, words: IntArray, spans: Iterable[tuple[int, int, int]] = ()
) -> list[int]:
    """How many of `words` (the words that have pieces) each sentence has; none where it
    has none. Sentences that an annotated span runs over are one chain."""
    ends = np.array([end for _, end in doc.sentences], dtype=np.int64)
    marks = np.ones(len(ends), dtype=bool)
    for start, stop, _ in spans:
        marks[np.searchsorted(ends, start, "right") : np.searchsorted(ends, stop)] = 0
    counts = np.diff(np.searchsorted(words, ends[marks]), prepend=0)
    return [int(count) for count in counts if count]


def chain_loss(
    crf: LinearChainCrf,
    logits: Float[Tensor, "W L"],
    tags: Int[Tensor, " W"],
    lengths: Sequence[int],
    *,
    n_known: int,
    divisor: float | None,
) -> Float[Tensor, ""]:
    """-log P of the known tags of all chains, a mean over the `n_known` words whose tag
    is known. With a `divisor` the sum is divided by it instead."""
    if not lengths:
        return logits.sum() * 0.0
    costs = crf.neg_log_likelihood(logits, tags, Chains.of(lengths, logits.device))
    return costs.sum() / (max(n_known, 1) if divisor is None else divisor)


def chained_spans(
    crf: LinearChainCrf,
    logits: Float[Tensor, "W L"],
    lengths: Sequence[int],
    outside_bias: float,
) -> list[list[tuple[int, int, int, float]]]:
    """Of each chain (start, end, type, P(span)) by its own words. Decoded are the most
    probable tags, with `outside_bias` added to the score of O; P is without it."""
    found: list[list[tuple[int, int, int, float]]] = [[] for _ in lengths]
    firsts = np.cumsum([0, *lengths])
    for group in _alike(lengths):
        sizes = [lengths[i] for i in group]
        words = np.concatenate([np.arange(firsts[i], firsts[i + 1]) for i in group])
        scores = logits[torch.from_numpy(words).to(logits.device)]
        chains = Chains.of(sizes, logits.device)
        biased = scores.clone()
        biased[:, OUTSIDE] += outside_bias
        tags = crf.decode(biased, chains).cpu().numpy()
        if not (tags != OUTSIDE).any():
            continue
        marginals = crf.marginals(scores, chains)
        parts = np.split(tags, np.cumsum(sizes)[:-1])
        for row, (i, part) in enumerate(zip(group, parts, strict=True)):
            found[i] = [
                (start, end, kind, marginals.span(row, start, end, kind))
                for start, end, kind in spans_of(part)
            ]
    return found


def detected(
    crf: LinearChainCrf,
    logits: Float[Tensor, "W L"],
    docs: Iterable[tuple[WordDoc, IntArray]],
    outside_bias: float,
) -> list[list[ScoredSpan]]:
    """The spans of each document, of which the words that have pieces are given; a
    placeholder is never inside one."""
    docs = list(docs)
    closed = np.concatenate([doc.placeholders[words] for doc, words in docs])
    logits = logits.clone()
    outside = logits[:, OUTSIDE].clone()
    logits[torch.from_numpy(closed).to(logits.device)] = NEVER
    logits[:, OUTSIDE] = outside
    lengths = [chain_lengths(doc, words) for doc, words in docs]
    flat = iter(chained_spans(crf, logits, [*chain(*lengths)], outside_bias))
    found: list[list[ScoredSpan]] = []
    for (_, words), sizes in zip(docs, lengths, strict=True):
        spans: list[ScoredSpan] = []
        first = 0
        for size in sizes:
            for start, end, kind, score in next(flat):
                # Words without pieces within a span belong to it.
                low, high = int(words[first + start]), int(words[first + end - 1]) + 1
                spans.append(ScoredSpan(low, high, kind, min(score, 1.0)))
            first += size
        found.append(spans)
    return found


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Chains of like length together, so that little is padded, and few enough at once
    that memory stays bounded."""
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if group and (len(group) + 1) * lengths[i] > AT_ONCE:
            yield group
            group = []
        group.append(i)
    if group:
        yield group
