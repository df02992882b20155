"""Prediction on clean text: documents in, scored spans out. No gold can enter."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .batch import piece_offsets
from .bio import OUTSIDE, LogProbs, decode, span_probability
from .chained import detected
from .documents import ScoredSpan, WordDoc
from .network import MslmNetwork
from .pieces import DocPieces
from .sections import Section, grouped
from .windows import windows_of

# Pieces of a document and (N, H) their vectors.
DocVectors = tuple[DocPieces, npt.NDArray[np.float32]]
# Pieces that a processor reads at once: what stays in its cache is read fastest.
CACHED_PIECES = 1024


def predict(
    network: MslmNetwork,
    docs: Sequence[WordDoc],
    *,
    max_pieces: int,
    max_batch_pieces: int,
    outside_bias: float = 0.0,
    vectors: list[DocVectors] | None = None,
) -> list[list[ScoredSpan]]:
    """The spans of each document in order, disjoint, with P(span) x P(type).

    A detected span that the classifier takes for no entity is left out.
    `outside_bias` is added to the logit of O when spans are decoded: above 0 fewer are
    found, below 0 more. Scores are the network's own probabilities, without it.
    `vectors`: a list to which each document's pieces and their vectors are added.
    """
    network.eval()
    most = max_batch_pieces
    if network.device.type == "cpu":
        most = min(most, CACHED_PIECES)
    pieces = network.tokenizer(docs)
    results: list[list[ScoredSpan]] = [[] for _ in docs]
    kept: list[list[npt.NDArray[np.float32]]] = [[] for _ in docs]
    with torch.inference_mode():
        for group in grouped(docs, pieces):
            encoded = _encoded(network, group, max_pieces, most)
            found = read_vectors(network, group, encoded, outside_bias)
            for section, spans in zip(group, found, strict=True):
                results[section.index] += (_moved(s, section.first) for s in spans)
            if vectors is not None:
                sizes = [len(section.pieces.ids) for section in group]
                for section, part in zip(group, encoded.split(sizes), strict=True):
                    kept[section.index].append(part.cpu().numpy())
    if vectors is not None:
        for of_doc, parts in zip(pieces, kept, strict=True):
            whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
            vectors.append((of_doc, whole))
    return results


def _encoded(
    network: MslmNetwork, group: Sequence[Section], max_pieces: int, most: int
) -> Tensor:
    """(N, H) vectors of the pieces of all sections."""
    specials = network.tokenizer.specials
    windows = [
        window
        for section in group
        for window in windows_of(
            section.doc, section.pieces, specials, max_pieces=max_pieces
        )
    ]
    return network.encode(windows, max_batch_pieces=most)


def _moved(span: ScoredSpan, by: int) -> ScoredSpan:
    return replace(span, start=span.start + by, end=span.end + by) if by else span


def read_vectors(
    network: MslmNetwork,
    group: Sequence[Section],
    vectors: Tensor,
    outside_bias: float,
) -> list[list[ScoredSpan]]:
    """The spans of each section, from (N, H) the vectors of all its pieces."""
    pieces = [section.pieces for section in group]
    offsets = piece_offsets(pieces)
    words = [np.flatnonzero(p.has_pieces) for p in pieces]
    firsts = [p.starts[w] + o for p, w, o in zip(pieces, words, offsets, strict=False)]
    # (W, L) over the words with pieces of all documents
    logits = network.detect(vectors[torch.from_numpy(np.concatenate(firsts))])
    docs = [(section.doc, w) for section, w in zip(group, words, strict=True)]
    if network.crf is not None:
        found = detected(network.crf, logits, docs, outside_bias)
    else:
        log_probs = logits.double().log_softmax(-1).cpu().numpy()
        per_doc = np.split(log_probs, np.cumsum([len(w) for w in words])[:-1])
        found = [
            _detected(doc, w, scores, outside_bias)
            for (doc, w), scores in zip(docs, per_doc, strict=True)
        ]
    if network.classification is None:
        return found
    types = _types(network, pieces, offsets, found, vectors)
    return [
        [
            ScoredSpan(span.start, span.end, label, span.score * p_label)
            for span, (label, p_label) in zip(spans, kinds, strict=True)
            if label < len(network.labels)
        ]
        for spans, kinds in zip(found, types, strict=True)
    ]


def _detected(
    doc: WordDoc, words: np.ndarray, log_probs: LogProbs, outside_bias: float
) -> list[ScoredSpan]:
    """Ranges of words, with P(span); a placeholder is never inside one."""
    placeholders = doc.placeholders[words]
    log_probs[placeholders] = -np.inf
    log_probs[placeholders, OUTSIDE] = 0.0
    biased = log_probs
    if outside_bias:
        biased = log_probs.copy()
        biased[:, OUTSIDE] += outside_bias
    return [
        # Words without pieces within a span belong to it, those at its edge do not.
        ScoredSpan(
            int(words[start]),
            int(words[end - 1]) + 1,
            kind,
            span_probability(log_probs, (start, end, kind)),
        )
        for start, end, kind in decode(biased)
    ]


def _types(
    network: MslmNetwork,
    pieces: Sequence[DocPieces],
    offsets: np.ndarray,
    found: Sequence[Sequence[ScoredSpan]],
    vectors: Tensor,
) -> list[list[tuple[int, float]]]:
    """Most probable type and its probability for each detected span."""
    ranges = [
        (p.starts[span.start] + offset, p.starts[span.end] + offset)
        for p, offset, spans in zip(pieces, offsets, found, strict=False)
        for span in spans
    ]
    table = torch.tensor(np.array(ranges, dtype=np.int64).reshape(-1, 2))
    logits = network.classify(vectors, *table.to(vectors.device).unbind(1))
    best = logits.double().softmax(-1).max(-1)
    flat = iter(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    return [[next(flat) for _ in spans] for spans in found]
