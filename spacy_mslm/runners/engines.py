"""Where shards are made: in this process, in several, or on Ray.

Every engine gives the same folder, byte for byte, and goes on with what another left.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any

from ..errors import Errors, MslmError
from .folder import Shard
from .tasks import Plan, make_shard
from .work import begin

IN_PROCESS, PROCESSES, RAY = "process", "processes", "ray"
ENGINES = (IN_PROCESS, PROCESSES, RAY)


Making = Generator[Shard, None, None]


class Engine(ABC):
    """Makes the shards of a plan, `parallel` of them at once."""

    parallel = 1

    @abstractmethod
    def run(self, plan: Plan[Any]) -> Making:
        """Yield the shards in order, whole on disk; memory holds a bounded number.

        Closing the iterator stops the work and leaves no process behind. Raises
        MslmError; what was made is kept.
        """


class InProcess(Engine):
    """One shard after the other, here. A note that ends the process ends the run."""

    def run(self, plan: Plan[Any]) -> Making:
        work = plan.job.shard_work
        begun = False
        for task in plan.tasks():
            if isinstance(task, Shard):
                yield task
                continue
            if not begun:
                begin(work)
                begun = True
            yield make_shard(task, work)


def engine_of(
    name: str = "",
    *,
    processes: int = 0,
    address: str = "",
    note_timeout: float = 0,
) -> Engine:
    """The engine that options ask for. "" is "processes" where a number of them or a
    `note_timeout` (seconds; 0 means none) is given, "ray" where an `address` is, else
    "process". Raises M759 (no such engine) and M760 (options that do not fit)."""
    asked = bool(processes or note_timeout)
    name = name or (RAY if address else PROCESSES if asked else IN_PROCESS)
    if name not in ENGINES:
        raise MslmError(Errors.M759.format(got=name, known=", ".join(ENGINES)))
    if address and name != RAY:
        raise MslmError(Errors.M760.format(option="--address", engine=RAY))
    if name == IN_PROCESS:
        if asked:
            options = "--processes and --note-timeout"
            raise MslmError(Errors.M760.format(option=options, engine=PROCESSES))
        return InProcess()
    workers = processes or 2
    if name == PROCESSES:
        from .processes import ProcessEngine

        return ProcessEngine(workers, note_timeout=note_timeout)
    from .ray_engine import RayEngine

    return RayEngine(address, workers=workers, note_timeout=note_timeout)
