"""Shards made on Ray: the one module that imports it.

Ray Data runs the plan as a stream: one task reads the notes and yields shard tasks, a
pool of actors makes them, each with a worker process that has loaded the work once
(`Station`: a note that crashes or hangs costs a worker, never an actor). The actors
write the shards themselves; what comes back are records. Notes, what labels them, and
the folder must be reachable from every node by the same paths.
"""

import contextlib
import logging
import os
import pickle
import socket
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError
from .engines import Engine, Making
from .folder import Shard
from .private import private_folder
from .processes import check_numbers
from .station import Station
from .tasks import Plan, ShardTask, Source

# The shared memory that a Ray of our own may use; a shard takes some megabytes of it.
_STORE = 512 << 20
_COLUMN = "pickled"
_PREFIX = "mslm-ray-"
# Of the path of a folder: Ray makes sockets in it, and theirs have 107 characters.
_SHORT = 38
# Seconds in which a Ray must answer.
_ANSWER = 10
_EXTRA = "spacy-mslm[scale]"
Rows = dict[str, Any]


class RayEngine(Engine):
    """`workers` actors on the Ray at `address`, or on one of our own ("") that lives
    for the run: without dashboard and usage reports, its files in a private folder
    that goes with it. Raises M758 (Ray is not installed), M765 (numbers), M766 (Ray
    fails) and M767 (none answers)."""

    def __init__(
        self, address: str = "", *, workers: int = 2, note_timeout: float = 0
    ) -> None:
        check_numbers(workers, note_timeout)
        self.address = address
        self.workers = self.parallel = workers
        self.note_timeout = note_timeout

    def run(self, plan: Plan[Any]) -> Making:
        with contextlib.ExitStack() as stack:
            rows = stack.enter_context(self._stream(plan, stack))
            while (row := _next(rows)) is not None:
                if isinstance(row, Shard):
                    yield row
                elif isinstance(row, Exception):
                    raise row
                elif isinstance(plan.items, Source):
                    plan.items.learn(row.what)

    @contextlib.contextmanager
    def _stream(
        self, plan: Plan[Any], stack: contextlib.ExitStack
    ) -> Iterator[Iterator[Any]]:
        """What the actors and the reader send back, in order of the shards."""
        with _coded():
            ray = stack.enter_context(_connected(self.address, self.workers))
            dataset = self._dataset(ray, plan)
            rows = iter(dataset.iter_rows())
        try:
            yield (pickle.loads(row[_COLUMN]) for row in rows)
        finally:
            # Where it is not read to its end, this stops the stream.
            getattr(rows, "close", lambda: None)()

    def _dataset(self, ray: Any, plan: Plan[Any]) -> Any:
        from ray import cloudpickle

        work = pickle.dumps(plan.job.shard_work)
        with _context(ray):
            source = ray.data.from_items([{_COLUMN: cloudpickle.dumps(plan)}])
            # No processor of its own: reading takes little, and differing from the
            # actors in what it asks for keeps it a task of its own.
            tasks = source.map_batches(
                _read, batch_size=1, num_cpus=0, fn_args=(sys.path,)
            )
            return tasks.map_batches(
                _Bench,
                batch_size=1,
                num_cpus=1,
                compute=ray.data.ActorPoolStrategy(size=self.workers),
                fn_constructor_args=(work, self.note_timeout, sys.path),
            )


class _Learnt:
    """The last row of a source: what reading it taught."""

    def __init__(self, what: Any) -> None:
        self.what = what


def _read(rows: Rows, path: list[str]) -> Iterator[Rows]:
    """The tasks of a plan, and whatever else comes of reading, each a row."""
    sys.path.extend(entry for entry in path if entry not in sys.path)
    try:
        plan = pickle.loads(rows[_COLUMN][0])
        for task in plan.tasks():
            yield _row(task)
        if isinstance(plan.items, Source):
            yield _row(_Learnt(plan.items.learnt()))
    except Exception as err:
        yield _row(_without_text(err, "reading"))


class _Bench:
    """An actor: makes the shards it is handed, in a worker process of its own."""

    def __init__(self, work: bytes, note_timeout: float, path: list[str]) -> None:
        self._station: Station[Any] = Station(
            work, note_timeout=note_timeout, path=path
        )

    def __call__(self, rows: Rows) -> Rows:
        task = pickle.loads(rows[_COLUMN][0])
        if not isinstance(task, ShardTask):
            return rows
        try:
            return _row(self._station.make(task))
        except Exception as err:
            return _row(_without_text(err, task.out))


def _row(value: Any) -> Rows:
    import numpy as np

    column = np.empty(1, dtype=object)
    column[0] = pickle.dumps(value)
    return {_COLUMN: column}


def _without_text(err: Exception, where: Any) -> MslmError:
    """An error that Ray may log: coded, or by its type."""
    if isinstance(err, MslmError):
        return MslmError(str(err))
    return MslmError(Errors.M756.format(path=where, reason=type(err).__name__))


def _next(rows: Iterator[Any]) -> Any:
    with _coded():
        return next(rows, None)


@contextlib.contextmanager
def _coded() -> Iterator[None]:
    """Ray's own failures as M766, by type: a message might quote what Ray was given."""
    try:
        yield
    except MslmError:
        raise
    except Exception as err:
        raise MslmError(Errors.M766.format(reason=type(err).__name__)) from None


@contextlib.contextmanager
def _connected(address: str, workers: int) -> Iterator[Any]:
    if address:
        _check_address(address)
    else:
        # Its ports are open to all of the machine, but not without this; read once,
        # while Ray is imported.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", uuid.uuid4().hex)
    ray = _import()
    if ray.is_initialized():
        # The caller's: it stays, and is not ours to shut down.
        yield ray
        return
    with contextlib.ExitStack() as stack:
        options: dict[str, Any] = {"address": address}
        if not address:
            options = _own_ray(stack, workers)
        stack.callback(ray.shutdown)
        ray.init(
            **options,
            configure_logging=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        yield ray


def _check_address(address: str) -> None:
    """Raise M767 where nothing answers: Ray itself would try for minutes."""
    if address in ("auto", "local"):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER).close()
    except (OSError, ValueError, OverflowError) as err:
        reason = type(err).__name__
        raise MslmError(Errors.M767.format(address=address, reason=reason)) from err


def _own_ray(stack: contextlib.ExitStack, workers: int) -> dict[str, Any]:
    folder = stack.enter_context(private_folder(_PREFIX))
    short = folder
    if len(str(folder)) > _SHORT:
        short = stack.enter_context(private_folder(_PREFIX, Path("/tmp")))
    # Ray opens what it is given to all users; the folder around it stays closed.
    for path in (short / "ray", folder / "spill"):
        path.mkdir()
    return {
        "address": "local",
        "num_cpus": workers,
        "object_store_memory": _STORE,
        "include_dashboard": False,
        "_temp_dir": str(short / "ray"),
        "object_spilling_directory": str(folder / "spill"),
        "_node_ip_address": "127.0.0.1",
    }


@contextlib.contextmanager
def _context(ray: Any) -> Iterator[None]:
    """Ray Data's settings for data sets made in this block."""
    context = ray.data.DataContext.get_current()
    options = context.execution_options
    before = context.target_max_block_size, context.enable_progress_bars
    order = options.preserve_order
    # A row a block, so that each shard goes to the actor that is free.
    context.target_max_block_size, context.enable_progress_bars = 1, False
    options.preserve_order = True
    try:
        yield
    finally:
        context.target_max_block_size, context.enable_progress_bars = before
        options.preserve_order = order


def _import() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    # Its C++ half logs to stderr, whatever Python's logging is set to.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as err:
        raise MslmError(Errors.M758.format(package="ray", extra=_EXTRA)) from err
    # What it has to say to us is an exception; its logs lie in its folder.
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return ray
