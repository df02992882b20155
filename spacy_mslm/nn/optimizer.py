"""Parameters in groups, each with its share of the learning rate and its decay."""

import math
import re
from typing import Any

from .network import MslmNetwork

# The rate stops falling here, so that the last updates still learn.
SMALLEST_SHARE = 0.01
_LAYER = re.compile(r"\blayers?\.(\d+)\.")


def parameter_groups(
    network: MslmNetwork, *, heads_learn_rate: float, layer_decay: float
) -> list[dict[str, Any]]:
    """Groups for a torch optimizer: `params`, `rate`, `decays`.

    `rate`: multiple of the learning rate. The encoder's topmost layer has 1, each layer
    below `layer_decay` times that of the layer above it, embeddings below all; heads
    have `heads_learn_rate`. `decays`: False for biases and norms, which do not decay.
    """
    encoder = {id(p): name for name, p in network.encoder.named_parameters()}
    depths = _depths(list(encoder.values()))
    top = max(depths.values(), default=0)
    groups: dict[tuple[float, bool], dict[str, Any]] = {}
    for parameter in network.parameters():
        name = encoder.get(id(parameter))
        rate = heads_learn_rate
        if name is not None:
            rate = layer_decay ** (top - depths[name])
        decays = parameter.ndim > 1
        group = {"params": [], "rate": rate, "decays": decays}
        groups.setdefault((rate, decays), group)["params"].append(parameter)
    return list(groups.values())


def _depths(names: list[str]) -> dict[str, int]:
    """0 for embeddings, n for the n-th layer; what stands outside is topmost."""
    found = {name: _LAYER.search(name) for name in names}
    layers = {name: int(m[1]) + 1 for name, m in found.items() if m is not None}
    top = max(layers.values(), default=0)
    return {name: layers.get(name, 0 if "embedding" in name else top) for name in names}


def warmup_linear(update: int, *, warmup: float, total: int) -> float:
    """The share of the highest rate at an update (from 0): up over a share `warmup` of
    the `total` updates, then down to 0, which the last update does not reach."""
    rising = math.ceil(warmup * total)
    if update < rising:
        return (update + 1) / rising
    share = (total - update) / max(total - rising, 1)
    return max(share, SMALLEST_SHARE)
