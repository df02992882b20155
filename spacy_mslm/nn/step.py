"""One training step: two views of a batch in one encoder pass, three losses."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..types import IntArray, MaskKind, MaskWeights
from .batch import Batch, Kinds, piece_offsets, sample_non_entities
from .loss import (
    LossParts,
    LossWeights,
    classification_loss,
    detection_loss,
    mslm_loss,
)
from .network import MslmNetwork
from .windows import Window, cut, windows_of


@dataclass(frozen=True)
class Objective:
    """Settings of the objective.

    `max_pieces`: pieces a window, specials included. `max_batch_pieces`: padded
    pieces that go through the encoder at once.
    """

    mask_weights: MaskWeights
    loss_weights: LossWeights
    max_pieces: int
    max_batch_pieces: int


def step(network: MslmNetwork, batch: Batch, objective: Objective) -> LossParts:
    """The losses of one batch, with gradients, in training mode.

    The masked view serves L_MSLM alone; L_ED and L_EL read the clean view. Masked
    rows without a masked piece, and clean rows of documents without annotation,
    would teach nothing and are not encoded.
    """
    network.train()
    masked = _masked_view(network, batch, objective.max_pieces)
    labelled = _labelled(batch)
    clean = _clean_view(network, labelled, objective.max_pieces)
    # (n + N, H): the scored pieces of both views, one encoder pass.
    vectors = network.encode(
        [*masked.windows, *clean], max_batch_pieces=objective.max_batch_pieces
    )
    masked_vectors, clean_vectors = vectors.tensor_split([len(masked.kinds)])
    return LossParts(
        mslm=_mslm(network, masked, masked_vectors, objective.mask_weights),
        detection=_detection(network, labelled, clean_vectors),
        classification=_classification(network, labelled, clean_vectors),
    )


@dataclass(frozen=True)
class _MaskedView:
    """`targets` and `kinds` (n,): original id and kind of each scored piece."""

    windows: list[Window]
    targets: IntArray
    kinds: Kinds


def _masked_view(network: MslmNetwork, batch: Batch, max_pieces: int) -> _MaskedView:
    specials = network.tokenizer.specials
    windows: list[Window] = []
    targets: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    kinds: list[Kinds] = [np.zeros(0, dtype=np.int8)]
    for doc, pieces, drawn in zip(
        batch.docs, batch.pieces, batch.kinds or (), strict=bool(batch.kinds)
    ):
        ids = np.where(drawn == MaskKind.NONE, pieces.ids, specials.mask)
        ranges = cut(doc, pieces, max_pieces=max_pieces)
        rows = windows_of(doc, pieces, specials, max_pieces=max_pieces, ids=ids)
        for row, (_, _, first, last) in zip(rows, ranges, strict=True):
            if drawn[first:last].any():
                windows.append(row)
                targets.append(pieces.ids[first:last])
                kinds.append(drawn[first:last])
    return _MaskedView(windows, np.concatenate(targets), np.concatenate(kinds))


def _labelled(batch: Batch) -> Batch:
    """The documents of the batch that have any known annotation."""
    keep = [i for i, a in enumerate(batch.annotations) if a.known.any()]
    return Batch(
        docs=[batch.docs[i] for i in keep],
        annotations=[batch.annotations[i] for i in keep],
        pieces=[batch.pieces[i] for i in keep],
        kinds=None,
        key=batch.key,
    )


def _clean_view(network: MslmNetwork, batch: Batch, max_pieces: int) -> list[Window]:
    specials = network.tokenizer.specials
    return [
        window
        for doc, pieces in zip(batch.docs, batch.pieces, strict=True)
        for window in windows_of(doc, pieces, specials, max_pieces=max_pieces)
    ]


def _mslm(
    network: MslmNetwork, view: _MaskedView, vectors: Tensor, weights: MaskWeights
) -> Tensor:
    if not view.windows:
        return vectors.sum() * 0.0
    positions = np.flatnonzero(view.kinds)
    by_kind = np.array([0.0, weights.base, weights.entity], dtype=np.float32)
    device = vectors.device
    logits = network.reconstruct(vectors[torch.from_numpy(positions).to(device)])
    return mslm_loss(
        logits,
        torch.from_numpy(view.targets[positions]).to(device),
        torch.from_numpy(by_kind[view.kinds[positions]]).to(device),
    )


def _detection(network: MslmNetwork, batch: Batch, vectors: Tensor) -> Tensor:
    firsts: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    tags: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    offsets = piece_offsets(batch.pieces)
    for annotation, pieces, offset in zip(
        batch.annotations, batch.pieces, offsets, strict=False
    ):
        words = np.flatnonzero(pieces.has_pieces)
        firsts.append(pieces.starts[words] + offset)
        tags.append(annotation.tags(pieces.has_pieces)[words])
    device = vectors.device
    first = torch.from_numpy(np.concatenate(firsts)).to(device)
    logits = network.detect(vectors[first])
    return detection_loss(logits, torch.from_numpy(np.concatenate(tags)).to(device))


def _classification(network: MslmNetwork, batch: Batch, vectors: Tensor) -> Tensor:
    none = len(network.labels)
    spans: list[tuple[int, int, int]] = []
    offsets = piece_offsets(batch.pieces)
    for doc, annotation, pieces, offset in zip(
        batch.docs, batch.annotations, batch.pieces, offsets, strict=False
    ):
        # One key beyond the document's sentences, whose keys the masks use.
        key = (*batch.key, doc.text_hash, len(doc.sentences))
        rng = np.random.default_rng(key)
        others = sample_non_entities(annotation, pieces.has_pieces, rng)
        starts = pieces.starts + offset
        spans += [(starts[s], starts[e], t) for s, e, t in annotation.spans]
        spans += [(starts[s], starts[e], none) for s, e in others]
    table = np.array([s for s in spans if s[1] > s[0]], dtype=np.int64).reshape(-1, 3)
    columns = torch.from_numpy(table).to(vectors.device)
    logits = network.classify(vectors, columns[:, 0], columns[:, 1])
    return classification_loss(logits, columns[:, 2])
