"""The masked-LM loss of documents without learning from them."""

from dataclasses import astuple, dataclass

import numpy as np
import torch
import torch.nn.functional as F

from ...types import BoolArray, IntArray, Masker
from ..batch import Batch
from ..documents import Annotation
from ..network import MslmNetwork
from ..pieces import DocPieces
from ..windows import Window, windows_of
from .processes import Processes, total
from .shelf import AT_ONCE, Shelf, draw_batch

# (seed, update) of the masks, the same in every run.
KEY = (0, 0)


@dataclass(frozen=True)
class MaskedLoss:
    """Sums of the negative log-likelihoods (nats) of masked pieces, their number, and
    how many the network's best guess recovers: pieces inside terms apart from all
    others."""

    terms: float = 0.0
    n_terms: int = 0
    generic: float = 0.0
    n_generic: int = 0
    right_terms: int = 0
    right_generic: int = 0

    def __add__(self, other: "MaskedLoss") -> "MaskedLoss":
        return MaskedLoss(
            self.terms + other.terms,
            self.n_terms + other.n_terms,
            self.generic + other.generic,
            self.n_generic + other.n_generic,
            self.right_terms + other.right_terms,
            self.right_generic + other.right_generic,
        )


@torch.inference_mode()
def masked_loss(
    network: MslmNetwork, batch: Batch, *, max_pieces: int, max_batch_pieces: int
) -> MaskedLoss:
    """What the network makes of the batch's masked pieces, all shown as the mask
    piece. No weights, no dropout, no gradients."""
    network.eval()
    specials = network.tokenizer.specials
    windows: list[Window] = []
    masked: list[BoolArray] = [np.zeros(0, dtype=bool)]
    inside: list[BoolArray] = [np.zeros(0, dtype=bool)]
    targets: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for doc, annotation, pieces, kinds in zip(
        batch.docs, batch.annotations, batch.pieces, batch.kinds or (), strict=True
    ):
        hidden = kinds > 0
        ids = np.where(hidden, specials.mask, pieces.ids)
        windows += windows_of(doc, pieces, specials, max_pieces=max_pieces, ids=ids)
        masked.append(hidden)
        inside.append(_inside_terms(annotation, pieces))
        targets.append(pieces.ids)
    positions = np.flatnonzero(np.concatenate(masked))
    if not len(positions):
        return MaskedLoss()
    vectors = network.encode(windows, max_batch_pieces=max_batch_pieces)
    logits = network.reconstruct(
        vectors[torch.from_numpy(positions).to(vectors.device)]
    )
    wanted = torch.from_numpy(np.concatenate(targets)[positions]).to(vectors.device)
    errors = F.cross_entropy(logits, wanted, reduction="none").double().cpu().numpy()
    right = (logits.argmax(-1) == wanted).cpu().numpy()
    term = np.concatenate(inside)[positions]
    return MaskedLoss(
        terms=float(errors[term].sum()),
        n_terms=int(term.sum()),
        generic=float(errors[~term].sum()),
        n_generic=int((~term).sum()),
        right_terms=int(right[term].sum()),
        right_generic=int(right[~term].sum()),
    )


def measure(
    network: MslmNetwork,
    shelf: Shelf,
    documents: IntArray,
    masker: Masker,
    processes: Processes,
    *,
    max_pieces: int,
    max_batch_pieces: int,
) -> MaskedLoss:
    """The masked-LM loss of `documents` under fixed masks, each process its share."""
    loss = MaskedLoss()
    mine = documents[processes.rank :: processes.world]
    for first in range(0, len(mine), AT_ONCE):
        chosen = mine[first : first + AT_ONCE]
        batch = draw_batch(network.tokenizer, shelf, chosen, masker, KEY)
        loss += masked_loss(
            network,
            batch,
            max_pieces=max_pieces,
            max_batch_pieces=max_batch_pieces,
        )
    values = torch.tensor(astuple(loss), dtype=torch.float64)
    terms, n_terms, generic, *counts = total(values, processes).tolist()
    return MaskedLoss(terms, int(n_terms), generic, *map(int, counts))


def _inside_terms(annotation: Annotation, pieces: DocPieces) -> BoolArray:
    """(N,): the pieces of words inside terms."""
    inside = np.zeros(pieces.n_words, dtype=bool)
    for start, end, _ in annotation.spans:
        inside[start:end] = True
    found: BoolArray = inside[pieces.word]
    return found
