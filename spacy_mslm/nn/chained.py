"""Documents as chains of a CRF: a sentence is a chain."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..types import IntArray
from .bio import OUTSIDE, spans_of
from .crf import LinearChainCrf
from .documents import ScoredSpan, WordDoc
from .messages import Chains
from .shapes import Float, Int

# Words, padding included, of the chains that are decoded at once: few enough that they
# stay in the cache, so many that a step of them is worth its calls.
AT_ONCE = 1 << 14
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
) -> list[tuple[int, int, int, float]]:
    """(start, end, type, P(span)) by the words of all chains, in their order. Decoded
    are the most probable tags, with `outside_bias` added to the score of O; P is
    without it."""
    biased = logits.clone()
    biased[:, OUTSIDE] += outside_bias
    sizes = np.array(lengths, dtype=np.int64)
    firsts = sizes.cumsum() - sizes
    found: list[tuple[int, int, int, float]] = []
    for group in _alike(lengths):
        # By where they begin, so that spans can be told which chain is theirs.
        group.sort()
        begins, of_group = firsts[group], sizes[group]
        chains = Chains.of(of_group, logits.device, firsts=begins)
        spans = spans_of(crf.decode(biased, chains).cpu().numpy())
        if not spans:
            continue
        table = np.array(spans)
        rows = np.searchsorted(begins, table[:, 0], "right") - 1
        # Nobody asks for probabilities of the other chains.
        kept, row = np.unique(rows, return_inverse=True)
        local = np.column_stack((row, table - np.outer(begins[rows], (1, 1, 0))))
        chains = Chains.of(of_group[kept], logits.device, firsts=begins[kept])
        messages = crf.messages(logits, chains)
        scores = messages.spans(torch.from_numpy(local).to(logits.device)).tolist()
        found += ((*span, p) for span, p in zip(spans, scores, strict=True))
    return sorted(found)


def detected(
    crf: LinearChainCrf,
    logits: Float[Tensor, "W L"],
    docs: Iterable[tuple[WordDoc, IntArray]],
    outside_bias: float,
) -> list[list[ScoredSpan]]:
    """The spans of each document, of which the words that have pieces are given; a
    placeholder is never inside one."""
    docs = list(docs)
    words = np.concatenate([of_doc for _, of_doc in docs])
    closed = np.concatenate([doc.placeholders[of_doc] for doc, of_doc in docs])
    logits = logits.clone()
    outside = logits[:, OUTSIDE].clone()
    logits[torch.from_numpy(closed).to(logits.device)] = NEVER
    logits[:, OUTSIDE] = outside
    lengths = [length for doc, of_doc in docs for length in chain_lengths(doc, of_doc)]
    sizes = np.array([len(of_doc) for _, of_doc in docs])
    firsts = sizes.cumsum() - sizes
    found: list[list[ScoredSpan]] = [[] for _ in docs]
    for start, end, kind, score in chained_spans(crf, logits, lengths, outside_bias):
        # Words without pieces within a span belong to it.
        low, high = int(words[start]), int(words[end - 1]) + 1
        of = int(np.searchsorted(firsts, start, "right")) - 1
        found[of].append(ScoredSpan(low, high, kind, min(score, 1.0)))
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
