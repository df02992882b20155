"""The network under thinc: devices, and one optimizer step for all parameters."""

import os

import torch
from thinc.api import Model, Optimizer
from thinc.shims import Shim
from torch import Tensor

from ..errors import Errors, MslmError
from ..nn import MslmNetwork, parameter_groups
from .settings import at_least


class MslmShim(Shim):
    """Holds the network (None until initialised or loaded) and torch's AdamW.

    thinc's optimizer says how (learning rate and its schedule, betas, eps, decay,
    clipping: one home, `[training.optimizer]`), torch's fused AdamW does it. The
    heads learn at `heads_learn_rate` times the encoder's rate, each of its layers at
    `layer_decay` times the rate of the layer above. Clipping is by the norm of all
    gradients together; biases and norms do not decay. Gradients that were accumulated
    over several batches are averaged.
    Raises MslmError (M408) for a negative heads_learn_rate, M401 for a layer_decay
    outside [0, 1].
    """

    def __init__(self, *, heads_learn_rate: float, layer_decay: float) -> None:
        super().__init__(None)
        at_least("heads_learn_rate", heads_learn_rate, 0)
        if not 0 <= layer_decay <= 1:
            raise MslmError(Errors.M401.format(name="layer_decay", value=layer_decay))
        self.heads_learn_rate = heads_learn_rate
        self.layer_decay = layer_decay
        self._accumulated = 0

    @property
    def network(self) -> MslmNetwork | None:
        return self._model

    @network.setter
    def network(self, network: MslmNetwork) -> None:
        self._model = network
        self.forget()

    def forget(self) -> None:
        """Drop the optimizer's state: parameters are others than they were."""
        self._optimizer = None
        self._accumulated = 0

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of one batch to those at hand."""
        loss.backward()
        self._accumulated += 1

    def finish_update(self, optimizer: Optimizer) -> None:
        """One step with the gradients at hand; none leaves all as it is."""
        network = self._model
        parameters = [p for p in network.parameters() if p.grad is not None]
        if not parameters:
            return
        if self._optimizer is None:
            groups = parameter_groups(
                network,
                heads_learn_rate=self.heads_learn_rate,
                layer_decay=self.layer_decay,
            )
            self._optimizer = torch.optim.AdamW(groups, fused=True)
        for group in self._optimizer.param_groups:
            group["lr"] = optimizer.learn_rate * group["rate"]
            group["betas"] = (optimizer.b1, optimizer.b2)
            group["eps"] = optimizer.eps
            group["weight_decay"] = optimizer.L2 if group["decays"] else 0.0
        if self._accumulated > 1:
            for parameter in parameters:
                parameter.grad /= self._accumulated
        if optimizer.grad_clip:
            torch.nn.utils.clip_grad_norm_(parameters, optimizer.grad_clip)
        self._optimizer.step()
        network.served.forget()
        self._optimizer.zero_grad(set_to_none=True)
        self._accumulated = 0

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
