"""One process or several that train together; the only home of `accelerate`."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

from ...errors import Errors, MslmError

DEVICES = ("auto", "cpu", "cuda")


class Processes(Protocol):
    """This process among those that train together."""

    rank: int
    world: int
    device: torch.device

    def total(self, values: Tensor) -> Tensor:
        """The sum of each process's `values`, the same in all of them."""
        ...


class Alone:
    """The only process."""

    rank = 0
    world = 1

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def total(self, values: Tensor) -> Tensor:
        return values


class Together:
    """One of several, started by `accelerate launch` or `torchrun`."""

    def __init__(self, accelerator: Any) -> None:
        self.accelerator = accelerator
        self.rank: int = accelerator.process_index
        self.world: int = accelerator.num_processes
        self.device: torch.device = accelerator.device

    def total(self, values: Tensor) -> Tensor:
        summed: Tensor = self.accelerator.reduce(values, reduction="sum")
        return summed


@contextlib.contextmanager
def joined(device: str) -> Iterator[Processes]:
    """The processes of this run, until all are done; `device` is one of `DEVICES`.

    Several, where a launcher says so in WORLD_SIZE. "auto" is a GPU where there is
    one. Raises MslmError: M410 for another device, M423 for "cuda" without a GPU, M421
    for several processes without `accelerate`.
    """
    if device not in DEVICES:
        options = ", ".join(DEVICES)
        raise MslmError(
            Errors.M410.format(name="device", options=options, value=device)
        )
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise MslmError(Errors.M423)
    on_cpu = device == "cpu" or not has_gpu
    world = int(os.environ.get("WORLD_SIZE") or 1)
    if world == 1:
        yield Alone(torch.device("cpu" if on_cpu else "cuda"))
        return
    try:
        from accelerate import Accelerator
    except ImportError:
        raise MslmError(Errors.M421.format(world=world)) from None
    accelerator = Accelerator(cpu=on_cpu)
    yield Together(accelerator)
    accelerator.wait_for_everyone()
    accelerator.end_training()


def total(values: Tensor, processes: Processes) -> Tensor:
    """The sum over all processes, on the CPU again."""
    return processes.total(values.to(processes.device)).cpu()
