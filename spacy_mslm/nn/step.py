"""One training step: two views of a batch in one encoder pass, three losses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..types import ALL_MASKED, Corruption, IntArray, MaskWeights
from .batch import Batch, Kinds, sample_non_entities
from .bio import MISSING
from .chained import chain_lengths, chain_loss
from .corrupt import corrupt
from .documents import Annotation, WordDoc
from .loss import (
    LossParts,
    LossWeights,
    classification_loss,
    detection_loss,
    mslm_loss,
)
from .network import MslmNetwork
from .pieces import DocPieces
from .windows import Window, cut, windows_of

DetectionView = Literal["clean", "masked", "both"]
Reduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class Objective:
    """Settings of the objective.

    `max_pieces`: pieces a window, specials included. `max_batch_pieces`: padded
    pieces that go through the encoder at once. `detection_view`: what L_ED and L_EL
    read; without masks it is always the clean view. `reduction`: each part as a mean
    over its units, or ("sum") as its equation is written: a sum, unscaled weights,
    averaged over sentences. `masked_share`: of the rows with a masked piece, how many
    the masked view holds; drawn anew in each update, so that all are read in time.
    """

    mask_weights: MaskWeights
    loss_weights: LossWeights
    max_pieces: int
    max_batch_pieces: int
    detection_view: DetectionView = "clean"
    reduction: Reduction = "mean"
    corruption: Corruption = ALL_MASKED
    masked_share: float = 1.0


def step(network: MslmNetwork, batch: Batch, objective: Objective) -> LossParts:
    """The losses of one batch, with gradients, in training mode.

    Nothing is encoded that teaches nothing: of the masked view, rows without a masked
    piece (unless entities are read there too); of the clean view, documents without
    annotation. Documents whose annotation is missing take part in L_MSLM alone.
    """
    network.train()
    reads_masked = objective.detection_view != "clean" and batch.kinds is not None
    reads_clean = objective.detection_view != "masked" or batch.kinds is None
    masked = _masked_view(network, batch, objective, whole=reads_masked)
    clean = _clean_view(
        network, batch, objective, offset=len(masked.kinds), read=reads_clean
    )
    # (n, H): the scored pieces of both views, one encoder pass.
    vectors = network.encode(
        [*masked.windows, *clean.windows], max_batch_pieces=objective.max_batch_pieces
    )
    readings = [*masked.readings, *clean.readings]
    n_sentences = max(sum(len(doc.sentences) for doc in batch.docs), 1)
    divisor = float(n_sentences) if objective.reduction == "sum" else None
    return LossParts(
        mslm=_mslm(network, masked, vectors, objective.mask_weights, divisor),
        detection=_detection(network, readings, vectors, divisor),
        classification=_classification(network, readings, vectors, batch.key, divisor),
    )


@dataclass(frozen=True)
class _Reading:
    """A document with known annotation; its pieces lie at `offset` of the vectors."""

    doc: WordDoc
    annotation: Annotation
    pieces: DocPieces
    offset: int


@dataclass(frozen=True)
class _View:
    """Rows of one view. `targets` and `kinds` (n,): original id and kind of each of
    its scored pieces; `readings`: the documents in which entities are read."""

    windows: list[Window]
    readings: list[_Reading]
    targets: IntArray
    kinds: Kinds


def _masked_view(
    network: MslmNetwork, batch: Batch, objective: Objective, *, whole: bool
) -> _View:
    """With `whole`, all rows of annotated documents: entities are read there."""
    most = objective.max_pieces
    windows: list[Window] = []
    readings: list[_Reading] = []
    targets: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    kinds: list[Kinds] = [np.zeros(0, dtype=np.int8)]
    offset = 0
    for doc, annotation, pieces, drawn in zip(
        batch.docs,
        batch.annotations,
        batch.pieces,
        batch.kinds or (),
        strict=bool(batch.kinds),
    ):
        # One key beyond those of the sentences' masks and of the sampled spans.
        rng, chance = _rng(batch.key, doc, 1), _rng(batch.key, doc, 2)
        ids = corrupt(pieces.ids, drawn, network.tokenizer, objective.corruption, rng)
        reads = whole and bool(annotation.known.any())
        if reads:
            readings.append(_Reading(doc, annotation, pieces, offset))
        rows = windows_of(
            doc, pieces, network.tokenizer.specials, max_pieces=most, ids=ids
        )
        ranges = cut(doc, pieces, max_pieces=most)
        for row, (_, _, first, last) in zip(rows, ranges, strict=True):
            hidden = drawn[first:last].any()
            if reads or (hidden and chance.random() < objective.masked_share):
                windows.append(row)
                targets.append(pieces.ids[first:last])
                kinds.append(drawn[first:last])
                offset += last - first
    return _View(windows, readings, np.concatenate(targets), np.concatenate(kinds))


def _clean_view(
    network: MslmNetwork, batch: Batch, objective: Objective, *, offset: int, read: bool
) -> _View:
    """The text as it is, of the documents that have any known annotation; none of it
    where it is not read. Its pieces come after `offset` others."""
    specials, most = network.tokenizer.specials, objective.max_pieces
    windows: list[Window] = []
    readings: list[_Reading] = []
    for doc, annotation, pieces in zip(
        batch.docs, batch.annotations, batch.pieces, strict=True
    ):
        if read and annotation.known.any():
            windows += windows_of(doc, pieces, specials, max_pieces=most)
            readings.append(_Reading(doc, annotation, pieces, offset))
            offset += len(pieces.ids)
    nothing = np.zeros(0, dtype=np.int64)
    return _View(windows, readings, nothing, nothing.astype(np.int8))


def _rng(key: tuple[int, int], doc: WordDoc, beyond: int) -> np.random.Generator:
    """Randomness of a document, apart from that of its sentences' masks."""
    return np.random.default_rng((*key, doc.text_hash, len(doc.sentences) + beyond))


def _mslm(
    network: MslmNetwork,
    view: _View,
    vectors: Tensor,
    weights: MaskWeights,
    divisor: float | None,
) -> Tensor:
    positions = np.flatnonzero(view.kinds)
    if not len(positions):
        return vectors.sum() * 0.0
    by_kind = np.array([0.0, weights.base, weights.entity], dtype=np.float32)
    device = vectors.device
    logits = network.reconstruct(vectors[torch.from_numpy(positions).to(device)])
    return mslm_loss(
        logits,
        torch.from_numpy(view.targets[positions]).to(device),
        torch.from_numpy(by_kind[view.kinds[positions]]).to(device),
        divisor=divisor,
    )


def _detection(
    network: MslmNetwork,
    readings: Sequence[_Reading],
    vectors: Tensor,
    divisor: float | None,
) -> Tensor:
    typed = network.head_settings.typed
    firsts: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    tags: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for reading in readings:
        has_pieces = reading.pieces.has_pieces
        words = np.flatnonzero(has_pieces)
        firsts.append(reading.pieces.starts[words] + reading.offset)
        tags.append(reading.annotation.tags(has_pieces, typed=typed)[words])
    device = vectors.device
    first = torch.from_numpy(np.concatenate(firsts)).to(device)
    logits = network.detect(vectors[first])
    known = np.concatenate(tags)
    wanted = torch.from_numpy(known).to(device)
    if network.crf is None:
        return detection_loss(logits, wanted, divisor=divisor)
    lengths = [
        length
        for reading in readings
        for length in chain_lengths(
            reading.doc,
            np.flatnonzero(reading.pieces.has_pieces),
            reading.annotation.spans,
        )
    ]
    n_known = int((known != MISSING).sum())
    return chain_loss(
        network.crf, logits, wanted, lengths, n_known=n_known, divisor=divisor
    )


def _classification(
    network: MslmNetwork,
    readings: Sequence[_Reading],
    vectors: Tensor,
    key: tuple[int, int],
    divisor: float | None,
) -> Tensor:
    if network.classification is None:
        return vectors.sum() * 0.0
    none = len(network.labels)
    spans: list[tuple[int, int, int]] = []
    for reading in readings:
        starts = reading.pieces.starts + reading.offset
        spans += [
            (starts[s], starts[e], t)
            for s, e, t in reading.annotation.spans
            if reading.annotation.known[s:e].all()
        ]
        if network.head_settings.none_class:
            others = sample_non_entities(
                reading.annotation, reading.pieces.has_pieces, _rng(key, reading.doc, 0)
            )
            spans += [(starts[s], starts[e], none) for s, e in others]
    table = np.array([s for s in spans if s[1] > s[0]], dtype=np.int64).reshape(-1, 3)
    columns = torch.from_numpy(table).to(vectors.device)
    logits = network.classify(vectors, columns[:, 0], columns[:, 1])
    return classification_loss(logits, columns[:, 2], divisor=divisor)
