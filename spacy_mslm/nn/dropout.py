"""Dropout whose masks cost little on a processor."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# Masks are drawn from 16 random bits a value: shares are exact to 1 in 65,536.
STEPS = 1 << 16


class Dropout(nn.Dropout):
    """`nn.Dropout`, its masks drawn by a vectorised generator on a CPU.

    torch draws them one value after another there, which takes a good part
    of a step. The seed of each mask comes from torch's generator, so that a run repeats
    and what is computed again for its gradient has the same mask.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.p == 0 or input.device.type != "cpu":
            return super().forward(input)
        seed = int(torch.randint(2**62, ()))
        bits = np.random.SFC64(seed).random_raw(-(-input.numel() // 4))  # 64 each
        drawn = bits.view(np.uint16)[: input.numel()]
        kept = torch.from_numpy(drawn >= round(self.p * STEPS)).view(input.shape)
        # The mask is a byte a value, as torch's own.
        return input * kept * (1 / (1 - self.p))


def with_cheap_dropout(encoder: Any) -> Any:
    """Put this dropout in the place of the encoder's own, the rates as they are."""
    for module in encoder.modules():
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p))
    return encoder
