"""The encoder as it predicts in bfloat16: its weights cast once, not at every call."""

import copy
from typing import Any

import torch


class Served:
    """Keeps a copy in bfloat16 until the weights change.

    Costs half the encoder's memory again. The weights themselves stay float32: they
    are what is trained and stored. Torch's fused optimizers change weights without a
    trace in their version, so whoever trains says so (`forget`).
    """

    def __init__(self) -> None:
        self._state: tuple[tuple[int, int], ...] = ()
        self._copy: Any = None

    def __call__(self, encoder: Any) -> Any:
        """The encoder's copy, made anew if a weight was changed or moved since."""
        state = tuple((p.data_ptr(), p._version) for p in encoder.parameters())
        served = self._copy
        if state != self._state or served is None:
            self._copy = served = None  # never two at once
            served = copy.deepcopy(encoder).to(torch.bfloat16)
            served.requires_grad_(False).eval()
            self._copy, self._state = served, state
        return served

    def forget(self) -> None:
        """The weights are about to change: make a new copy when one is asked for."""
        self._copy = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "Served":
        return Served()
