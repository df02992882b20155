"""Shards made by worker processes of our own.

The parent reads and hands out whole shards; a worker writes its shard itself, so that
text crosses once, in memory. A worker is a fresh interpreter, no fork: a process that
has run torch with several threads must not be forked.
"""

import contextlib
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

from ..errors import Errors, MslmError
from .engines import Engine, Making
from .folder import Shard
from .station import Station
from .tasks import Plan, ShardTask


class ProcessEngine(Engine):
    """`processes` workers of one thread each, which load the work once, at their first
    shard. A note that ends its worker, or takes longer than `note_timeout` seconds (0:
    no limit), is quarantined as "crash" or "timeout". Memory holds two shards of notes
    for each worker. Raises M765 for numbers that make no sense."""

    def __init__(self, processes: int = 2, *, note_timeout: float = 0) -> None:
        check_numbers(processes, note_timeout)
        self.processes = self.parallel = processes
        self.note_timeout = note_timeout

    def run(self, plan: Plan[Any]) -> Making:
        work = pickle.dumps(plan.job.shard_work)
        stations: list[Station[Any]] = [
            Station(work, note_timeout=self.note_timeout, path=sys.path)
            for _ in range(self.processes)
        ]
        idle: SimpleQueue[Station[Any]] = SimpleQueue()
        for station in stations:
            idle.put(station)

        def make(task: ShardTask[Any]) -> Shard:
            station = idle.get()
            try:
                return station.make(task)
            finally:
                idle.put(station)

        with contextlib.ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(self.processes))
            stack.callback(_end, threads, stations)
            yield from _in_order(
                plan.tasks(),
                lambda task: threads.submit(make, task),
                limit=2 * self.processes,
            )


def _end(threads: ThreadPoolExecutor, stations: list[Station[Any]]) -> None:
    """Leave no process behind. The threads last: their end would end the workers."""
    threads.shutdown(wait=False, cancel_futures=True)
    for station in stations:
        station.stop()
    threads.shutdown(wait=True)
    for station in stations:
        station.close()


def _in_order(
    tasks: Iterator[ShardTask[Any] | Shard],
    submit: Callable[[ShardTask[Any]], "Future[Shard]"],
    *,
    limit: int,
) -> Iterator[Shard]:
    """Yield what comes of the tasks in their order, at most `limit` under way. Where
    the tasks break off by an error, what came before them is finished first."""
    waiting: deque[Shard | Future[Shard]] = deque()
    broken: Exception | None = None
    more = True
    while more:
        try:
            task = next(tasks, None)
        except Exception as err:
            task, broken = None, err
        more = task is not None
        if isinstance(task, Shard):
            waiting.append(task)
        elif task is not None:
            waiting.append(submit(task))
        yield from _ready(waiting, limit if more else 1)
    if broken:
        raise broken


def _ready(waiting: "deque[Shard | Future[Shard]]", limit: int) -> Iterator[Shard]:
    """Take from the left what is made, until fewer than `limit` are under way."""
    while waiting:
        first = waiting[0]
        if isinstance(first, Shard):
            waiting.popleft()
            yield first
            continue
        under_way = {f for f in waiting if isinstance(f, Future) and not f.done()}
        if first.done():
            waiting.popleft()
            yield first.result()
        elif len(under_way) >= limit:
            wait(under_way, return_when=FIRST_COMPLETED)
        else:
            return


def check_numbers(workers: int, note_timeout: float) -> None:
    if workers < 1:
        expected = "a whole number from 1 on"
        raise MslmError(
            Errors.M765.format(name="--processes", value=workers, expected=expected)
        )
    if not 0 <= note_timeout < float("inf"):
        expected = "a number of seconds, 0 for no limit"
        raise MslmError(
            Errors.M765.format(
                name="--note-timeout", value=note_timeout, expected=expected
            )
        )
