"""The released evaluation of Abaho et al. 2024, to show what it measures. Not a score.

Their test set goes through the same masking as their training set, with its gold
entities: the model is shown `[MASK]` where an entity is. So the task is to tell which
runs of `[MASK]` are entities, and no reading of text is measured. Here and nowhere else
in this package does gold annotation decide what an encoder sees in prediction. Beside
it stand a system without any model, which calls every run of `[MASK]` an entity, and
the same network on the text as it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ..masking import JointMasking, TermMasking, TokenMasking
from ..nn import MslmNetwork, make_batch
from ..nn.batch import Kinds
from ..nn.pieces import DocPieces
from ..nn.predict import read_vectors
from ..nn.sections import Section
from ..nn.windows import windows_of
from ..scoring.strict import Span, score
from .data import Sentence
from .masks import terms_alone
from .training import MAX_BATCH_PIECES, MAX_PIECES

# Their batch: EM is a mean over batches of this size.
BATCH = 8
SEED = 0


def gold_masked_scores(
    network: MslmNetwork,
    sentences: Sequence[Sentence],
    *,
    entity_rate: float,
    base_rate: float,
) -> dict[str, Any]:
    """`network` and `no_model`, each with strict scores and `released_em`: the share of
    gold mentions found, a mean of the ratios of batches of 8, in which false alarms
    cost nothing. Types are left out: a run of masks has none."""
    masker = JointMasking(
        entity=TermMasking(rate=entity_rate), base=TokenMasking(rate=base_rate)
    )
    found: list[list[Span]] = []
    guessed: list[list[Span]] = []
    for chunk in _chunks(sentences, 64 * BATCH):
        batch = make_batch(
            network.tokenizer,
            [s.doc for s in chunk],
            [terms_alone(s) for s in chunk],
            masker,
            seed=SEED,
            update=0,
        )
        assert batch.kinds is not None
        found += _read(network, chunk, batch.pieces, batch.kinds)
        guessed += [
            list(_runs(p, k)) for p, k in zip(batch.pieces, batch.kinds, strict=True)
        ]
    gold = [[(s, e, "") for s, e, _ in sentence.spans] for sentence in sentences]
    return {
        "entity_rate": entity_rate,
        "base_rate": base_rate,
        "network": _scored(gold, found),
        "no_model": _scored(gold, guessed),
    }


def _read(
    network: MslmNetwork,
    sentences: Sequence[Sentence],
    pieces: Sequence[DocPieces],
    kinds: Sequence[Kinds],
) -> list[list[Span]]:
    """What the network finds where it sees the masks instead of the text."""
    network.eval()
    specials = network.tokenizer.specials
    group = [
        Section(i, 0, s.doc, p)
        for i, (s, p) in enumerate(zip(sentences, pieces, strict=True))
    ]
    windows = [
        window
        for section, of in zip(group, kinds, strict=True)
        for window in windows_of(
            section.doc,
            section.pieces,
            specials,
            max_pieces=MAX_PIECES,
            ids=np.where(of > 0, specials.mask, section.pieces.ids),
        )
    ]
    with torch.inference_mode():
        vectors = network.encode(windows, max_batch_pieces=MAX_BATCH_PIECES)
        spans = read_vectors(network, group, vectors, 0.0)
    return [[(s.start, s.end, "") for s in of] for of in spans]


def _runs(pieces: DocPieces, kinds: Kinds) -> Iterator[Span]:
    """Every run of masked words."""
    masked = np.zeros(pieces.n_words + 2, dtype=np.int8)
    masked[1 + pieces.word[kinds > 0]] = 1
    edges = np.flatnonzero(np.diff(masked)).tolist()
    yield from ((s, e, "") for s, e in zip(edges[::2], edges[1::2], strict=True))


def _scored(
    gold: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]]
) -> dict[str, float]:
    counts = score(gold, found).micro
    return {
        "p": counts.precision,
        "r": counts.recall,
        "f": counts.f1,
        "released_em": _released_em(gold, found),
    }


def _released_em(
    gold: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]]
) -> float:
    ratios = []
    for true, spans in zip(_chunks(gold, BATCH), _chunks(found, BATCH), strict=True):
        n_gold = sum(len(set(of)) for of in true)
        hits = sum(len(set(a) & set(b)) for a, b in zip(true, spans, strict=True))
        if n_gold:
            ratios.append(hits / n_gold)
    return sum(ratios) / len(ratios) if ratios else 0.0


def _chunks(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[i : i + size] for i in range(0, len(rows), size))
