"""Masked-LM adaptation: the updates, one after another, alone or with others.

Everything random is a function of the seed and of where it stands: batches of (seed,
epoch), masks of (seed, update, text, sentence), dropout of (seed, update, process). So
a run that goes on from update n does what an unbroken one would have done.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import Errors, MslmError
from ...types import IntArray, Masker, MaskWeights
from ..batch import Batch, count_kinds
from ..network import MslmNetwork
from ..optimizer import parameter_groups, warmup_linear
from ..step import Objective, step
from .epochs import count_updates, updates_from
from .processes import Processes, total
from .shelf import AT_ONCE, Shelf, draw_batch

# A fresh masked-LM head's rate, as a multiple of the encoder's.
FRESH = 10.0


@dataclass(frozen=True)
class AdaptSettings:
    """How to train. An update reads `batch_words` words, by all processes together;
    each takes its part of them in `accumulate` passes, which changes nothing but
    memory. `updates`: 0 for as many as `epochs` make. `warmup`: share of them over
    which the rate rises. `heads_learn_rate`: a multiple of the encoder's; None is 1 for
    a masked-LM head that the checkpoint brought, `FRESH` for a new one.

    Raises MslmError (M401, M408, M424).
    """

    updates: int = 0
    epochs: int = 1
    batch_words: int = 2048
    accumulate: int = 1
    learn_rate: float = 5e-5
    warmup: float = 0.1
    heads_learn_rate: float | None = None
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("warmup", "layer_decay"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise MslmError(Errors.M401.format(name=name, value=value))
        low = {"epochs": 1, "batch_words": 1, "accumulate": 1}
        for name in ("updates", *low, "weight_decay", "clip", "seed"):
            value = getattr(self, name)
            least = low.get(name, 0)
            if not least <= value < 2**31:
                raise MslmError(
                    Errors.M408.format(name=name, low=least, high="2^31", value=value)
                )
        for name in ("learn_rate", "heads_learn_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise MslmError(Errors.M424.format(name=name, value=value))

    def resolved(self, sizes: IntArray, *, pretrained_mlm: bool) -> "AdaptSettings":
        """With the number of updates over documents of `sizes` words, and the rate of
        the head."""
        rate = self.heads_learn_rate
        return replace(
            self,
            updates=self.updates
            or count_updates(
                sizes, epochs=self.epochs, words=self.batch_words, seed=self.seed
            ),
            heads_learn_rate=rate or (1.0 if pretrained_mlm else FRESH),
        )


@dataclass(frozen=True)
class Done:
    """An update that is done: its number from 1, its loss (as weighted), its words."""

    update: int
    loss: float
    words: int


def make_optimizer(network: MslmNetwork, settings: AdaptSettings) -> Any:
    """AdamW over all parameters of the network."""
    groups = parameter_groups(
        network,
        heads_learn_rate=settings.heads_learn_rate or 1.0,
        layer_decay=settings.layer_decay,
    )
    for group in groups:
        group["weight_decay"] = settings.weight_decay if group["decays"] else 0.0
    return torch.optim.AdamW(groups, fused=True)


def adapt(
    network: MslmNetwork,
    optimizer: Any,
    shelf: Shelf,
    documents: IntArray,
    masker: Masker,
    objective: Objective,
    settings: AdaptSettings,
    processes: Processes,
    *,
    start: int = 0,
) -> Iterator[Done]:
    """Train on the `documents` of the shelf, from update `start` on.

    Yields after each update, when network and optimizer stand as they should in a
    checkpoint of it. Each update's gradient is that of one mean over all its masked
    pieces, weighted as in eq. 6, however it was spread over processes and passes.
    """
    network.detection.requires_grad_(False)  # there are no entities to detect here
    learning = [p for p in network.parameters() if p.requires_grad]
    sizes = shelf.sizes[documents]
    order = updates_from(start, sizes, words=settings.batch_words, seed=settings.seed)
    for update, batch in islice(order, settings.updates - start):
        _reseed(settings.seed, update, processes.rank)
        share = warmup_linear(update, warmup=settings.warmup, total=settings.updates)
        for group in optimizer.param_groups:
            group["lr"] = settings.learn_rate * share * group["rate"]
        sums = torch.zeros(2, dtype=torch.float64)
        mine = batch[processes.rank :: processes.world]
        for part in range(settings.accumulate):
            chosen = documents[mine[part :: settings.accumulate]]
            drawn = draw_batch(
                network.tokenizer, shelf, chosen, masker, (settings.seed, update)
            )
            sums += _backward(network, drawn, objective)
        weight, loss = total(sums, processes).tolist()
        if weight:
            _join_gradients(learning, processes, 1 / weight)
            if settings.clip:
                nn.utils.clip_grad_norm_(learning, settings.clip)
            optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        yield Done(
            update + 1, loss / weight if weight else 0.0, int(sizes[batch].sum())
        )


def _backward(network: MslmNetwork, batch: Batch, objective: Objective) -> Tensor:
    """Add this part's gradients; (2,) its weight, and its loss times that."""
    weight = _weight(count_kinds(batch), objective.mask_weights)
    if not weight:
        return torch.zeros(2, dtype=torch.float64)
    loss = step(network, batch, objective).mslm
    (loss * weight).backward()
    return torch.tensor([weight, weight * float(loss.detach())], dtype=torch.float64)


def _weight(counts: tuple[int, int], weights: MaskWeights) -> float:
    """The sum of the weights of masked pieces, by which their mean was divided."""
    return counts[0] * weights.entity + counts[1] * weights.base


def _join_gradients(
    parameters: list[nn.Parameter], processes: Processes, scale: float
) -> None:
    """Sum the gradients over all processes and scale them; none counts as zero."""
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [p.grad for p in parameters if p.grad is not None]
    if processes.world > 1:
        flat = processes.total(torch.cat([g.reshape(-1) for g in gradients]))
        parts = flat.split([g.numel() for g in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
    for gradient in gradients:
        gradient.mul_(scale)


def _reseed(seed: int, update: int, rank: int) -> None:
    """Dropout depends on where training stands, not on how it came there."""
    state = np.random.SeedSequence((seed, update, rank)).generate_state(1, np.uint64)
    torch.manual_seed(int(state[0]))


def count_masks(
    network: MslmNetwork,
    shelf: Shelf,
    documents: IntArray,
    masker: Masker,
    seed: int,
) -> tuple[int, int]:
    """(entity, base): masked pieces of each kind in one pass, N of eq. 2."""
    n_entity = n_base = 0
    for first in range(0, len(documents), AT_ONCE):
        chosen = documents[first : first + AT_ONCE]
        batch = draw_batch(network.tokenizer, shelf, chosen, masker, (seed, 0))
        entity, base = count_kinds(batch)
        n_entity, n_base = n_entity + entity, n_base + base
    return n_entity, n_base
