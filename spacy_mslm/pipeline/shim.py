"""The network under thinc: devices, and one optimizer step for all parameters."""

import os
from typing import Any

import torch
from thinc.api import Model, Optimizer
from thinc.shims import Shim

from ..nn import MslmNetwork


class MslmShim(Shim):
    """Holds the network (None until initialised or loaded) and torch's AdamW.

    thinc's optimizer says how (learning rate and its schedule, betas, eps, decay,
    clipping: one home, `[training.optimizer]`), torch's fused AdamW does it. The
    heads learn at `heads_learn_rate` times the encoder's rate. Clipping is by the
    norm of all gradients together; biases and norms do not decay.
    """

    def __init__(self, *, heads_learn_rate: float) -> None:
        super().__init__(None)
        self.heads_learn_rate = heads_learn_rate

    @property
    def network(self) -> MslmNetwork | None:
        return self._model

    @network.setter
    def network(self, network: MslmNetwork) -> None:
        self._model = network
        self._optimizer = None

    def finish_update(self, optimizer: Optimizer) -> None:
        """One step with the gradients at hand; none leaves all as it is."""
        network = self._model
        parameters = [p for p in network.parameters() if p.grad is not None]
        if not parameters:
            return
        if self._optimizer is None:
            self._optimizer = torch.optim.AdamW(self._groups(network), fused=True)
        for group in self._optimizer.param_groups:
            group["lr"] = optimizer.learn_rate * group["rate"]
            group["betas"] = (optimizer.b1, optimizer.b2)
            group["eps"] = optimizer.eps
            group["weight_decay"] = optimizer.L2 if group["decays"] else 0.0
        if optimizer.grad_clip:
            torch.nn.utils.clip_grad_norm_(parameters, optimizer.grad_clip)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def _groups(self, network: MslmNetwork) -> list[dict[str, Any]]:
        heads = {id(p) for p in network.heads()}
        groups: dict[tuple[bool, bool], dict[str, Any]] = {}
        for parameter in network.parameters():
            in_heads, decays = id(parameter) in heads, parameter.ndim > 1
            rate = self.heads_learn_rate if in_heads else 1.0
            group = {"params": [], "rate": rate, "decays": decays}
            groups.setdefault((in_heads, decays), group)["params"].append(parameter)
        return list(groups.values())

    def to_device(self, device_type: str, device_id: int) -> None:
        if self._model is not None:
            device = "cpu" if device_type == "cpu" else f"cuda:{device_id}"
            self._model.to(device)


def shim_of(model: Model) -> MslmShim:
    """The shim that an `MslmNer` model was built with."""
    return next(shim for shim in model.shims if isinstance(shim, MslmShim))


def _one_thread() -> None:
    """In a forked worker (`nlp.pipe(n_process=2)`) torch's threads of the parent do
    not exist: with more than one, the first large operation waits for ever."""
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_one_thread)
