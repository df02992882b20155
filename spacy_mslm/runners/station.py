"""One worker process and whoever watches it: makes shards whatever the notes do.

A worker that dies or hangs at a note is replaced, and its shard made again without
that note, once the note has ended two workers, the second time tried alone, or five
where a signal from outside did it: somebody may have killed the worker, or the machine
when it ran out of memory.
"""

import contextlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from ..errors import Errors, MslmError
from .folder import Shard
from .progress import Progress
from .tasks import ShardTask
from .worker import Answer, Order

T = TypeVar("T")
CRASH, TIMEOUT = "crash", "timeout"
# Workers lost where no note can be blamed before the run is given up.
_PATIENCE = 5
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT)
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from spacy_mslm.runners.worker import main; main(*map(int, sys.argv[2:]))"
)
# Several threads in each of several processes only wait for each other.
_THREADS = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB", "RAYON")


@dataclass(eq=False)
class Lost(Exception):
    """A worker is gone: why, at which items, and by which exit status."""

    reason: str
    items: range
    status: int

    @property
    def strikes(self) -> int:
        """How often this must happen at one item for the item to be blamed."""
        return 5 if self.status in _FROM_OUTSIDE and self.reason == CRASH else 2

    @property
    def how(self) -> str:
        if self.status < 0:
            return signal.strsignal(-self.status) or f"signal {-self.status}"
        return f"exit status {self.status}"


class Worker:
    """A running worker process that has been given its work."""

    def __init__(self, work: bytes, path: list[str]) -> None:
        ours, theirs = socket.socketpair()
        self._progress = Progress()
        numbers = (theirs.fileno(), self._progress.descriptor, os.getpid())
        command = [sys.executable, "-c", _BOOT, json.dumps(path), *map(str, numbers)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=numbers[:2],
            env={**os.environ, **{f"{name}_NUM_THREADS": "1" for name in _THREADS}},
        )
        theirs.close()
        self._link = Connection(ours.detach())
        self._send(work)

    def make(self, order: Order[Any], note_timeout: float) -> Answer:
        """Have an order done. Raises Lost."""
        self._send(pickle.dumps(order))
        try:
            self._wait(note_timeout)
            answer = self._link.recv()
        except (EOFError, OSError):
            raise self._lost(CRASH) from None
        assert isinstance(answer, Answer)
        return answer

    def kill(self) -> int:
        """End it, whatever it is at. RETURNS (int): its exit status."""
        self._process.kill()
        return self._process.wait()

    def close(self) -> None:
        self.kill()
        self._link.close()
        self._progress.close()

    def _send(self, data: bytes) -> None:
        try:
            self._link.send_bytes(data)
        except OSError:
            return  # It is gone; what it said last, if anything, is still to be read.

    def _wait(self, note_timeout: float) -> None:
        """Until there is an answer, or the end of it. Raises Lost (TIMEOUT)."""
        pause = min(1.0, note_timeout / 4) or 1.0
        seen, since = (0, 0), time.monotonic()
        while not self._link.poll(pause):
            if self._process.poll() is not None and not self._link.poll():
                raise EOFError
            if not note_timeout:
                continue
            now = self._progress.get()
            if now != seen:
                seen, since = now, time.monotonic()
            elif range(*now) and time.monotonic() - since >= note_timeout:
                raise self._lost(TIMEOUT)

    def _lost(self, reason: str) -> Lost:
        if reason == CRASH:
            # It has closed its end, and is about to be gone.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
        items = range(*self._progress.get())
        status = self.kill()
        return Lost(reason, items, status)


@dataclass
class _Case:
    """What has happened to the workers at one shard."""

    skip: dict[int, str] = field(default_factory=dict)
    suspects: range = range(0)
    singly: bool = False
    losses: list[range] = field(default_factory=list)
    unexplained: int = 0

    def order(self, task: ShardTask[T]) -> Order[T]:
        return Order(task, self.skip, self.suspects, self.singly)

    def note(self, lost: Lost) -> None:
        """Draw the conclusion from a lost worker."""
        items = lost.items
        if not items:
            self.unexplained += 1
            return
        self.unexplained = 0
        self.losses.append(items)
        strikes = sum(items[0] in among for among in self.losses)
        blamed = strikes >= lost.strikes
        self.suspects = range(0) if blamed else items
        if blamed and len(items) == 1:
            self.skip[items[0]] = lost.reason
        elif blamed:
            # Each alone did no harm.
            self.singly = True


class Station(Generic[T]):
    """Makes shards in a worker process of its own, started at the first of them.

    `work`: pickled. `note_timeout`: seconds that a note may take, 0 for any number.
    Not to be used by two threads at once, but for `stop`.
    """

    def __init__(self, work: bytes, *, note_timeout: float, path: list[str]) -> None:
        self._start: Callable[[], Worker] = lambda: Worker(work, path)
        self._note_timeout = note_timeout
        self._worker: Worker | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def make(self, task: ShardTask[T]) -> Shard:
        """Make a shard, as often as it takes. Raises MslmError, M756 and M757 too."""
        case = _Case()
        while True:
            worker = self._get(task)
            try:
                answer = worker.make(case.order(task), self._note_timeout)
            except Lost as lost:
                self._drop()
                case.note(lost)
                if case.unexplained >= _PATIENCE:
                    raise MslmError(
                        Errors.M757.format(path=task.out, times=_PATIENCE, how=lost.how)
                    ) from None
                continue
            return _shard(answer, task)

    def stop(self) -> None:
        """End the worker, in the middle of its work too; no other is started."""
        with self._lock:
            self._stopped = True
            if self._worker:
                self._worker.kill()

    def close(self) -> None:
        """`stop`, and free what is held."""
        self.stop()
        self._drop()

    def _get(self, task: ShardTask[T]) -> Worker:
        with self._lock:
            if self._stopped:
                raise InterruptedError
            try:
                self._worker = self._worker or self._start()
            except OSError as err:
                answer = Answer(failed=type(err).__name__)
                raise _error(answer, task) from err
            return self._worker

    def _drop(self) -> None:
        with self._lock:
            if self._worker:
                self._worker.close()
            self._worker = None


def _shard(answer: Answer, task: ShardTask[Any]) -> Shard:
    if not isinstance(answer.value, Shard):
        raise _error(answer, task)
    return answer.value


def _error(answer: Answer, task: ShardTask[Any]) -> MslmError:
    said = Errors.M756.format(path=task.out, reason=answer.failed)
    return MslmError(answer.coded or said)
