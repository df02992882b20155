"""The inside of a worker process: takes orders for shards until its parent is gone.

It says nothing on stdout and stderr, which the parent has closed: whatever a labeller
prints may quote a note. Errors go back coded, or by their type.
"""

import contextlib
import ctypes
import os
import pickle
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from ..errors import MslmError
from .progress import NOWHERE, Progress, WatchedSteps
from .tasks import ShardTask, make_shard
from .work import NOTHING, ShardWork, begin

T = TypeVar("T")
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order(Generic[T]):
    """A shard to be made. `skip`: items that are lost, with the reason. `suspects`:
    items to be tried alone first, as something ended a worker at them."""

    task: ShardTask[T]
    skip: Mapping[int, str]
    suspects: range = range(0)
    singly: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of an order: `value`, or the message of a coded error, or the type of
    another. `value` is the shard."""

    value: Any = None
    coded: str = ""
    failed: str = ""


def main(link: int, progress: int, parent: int) -> None:
    """Serve the descriptors `link` and `progress` of the process `parent`."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for descriptor in (link, progress):
        os.set_inheritable(descriptor, False)
    with contextlib.suppress(EOFError, OSError):
        _serve(Connection(link), Progress(progress))


def _die_with(parent: int) -> None:
    """Be killed when the parent is, at whatever work: its folder may be another's."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _serve(link: Connection, progress: Progress) -> None:
    try:
        work = pickle.loads(link.recv_bytes())
        begin(work)
    except BaseException as err:
        link.send(_error(err))
        return
    while True:
        order = pickle.loads(link.recv_bytes())
        try:
            answer = Answer(_obey(order, work, progress))
        except Exception as err:
            answer = _error(err)
        progress.set(*NOWHERE)
        del order
        link.send(answer)


def _obey(order: Order[T], work: ShardWork[T], progress: Progress) -> Any:
    for index in order.suspects:
        if index not in order.skip:
            progress.set(index, index + 1)
            # An error is no surprise: the work will meet it again, and say so.
            with contextlib.suppress(Exception):
                work.attempt(order.task.items[index])
    progress.set(*NOWHERE)
    steps = WatchedSteps(progress, order.skip or NOTHING, order.singly)
    return make_shard(order.task, work, steps)


def _error(err: BaseException) -> Answer:
    if isinstance(err, MslmError):
        return Answer(coded=str(err))
    return Answer(failed=type(err).__name__)
