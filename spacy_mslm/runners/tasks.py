"""A run as a row of tasks, a shard each, in order, and how one task is done."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from ..errors import Errors, MslmError
from .folder import Shard, finished, shard_file, unseal, write_shard
from .work import EachItem, Outcome, ShardWork, Steps

T = TypeVar("T")


@dataclass(frozen=True)
class Job(Generic[T]):
    """What to do with each item.

    `work` makes an `Outcome` of an item, or is a `ShardWork` for those of a shard; it
    must be picklable where an engine takes it to other processes. `fingerprint` is a
    text that tells items apart, of all that `work` reads; `name` is an id for lists of
    items that failed. `key` stands for everything else that the outcome depends on:
    settings, versions, models.
    """

    work: Callable[[T], Outcome] | ShardWork[T]
    fingerprint: Callable[[T], str]
    name: Callable[[T], str]
    key: str
    shard_size: int = 1000

    def __post_init__(self) -> None:
        if self.shard_size < 1:
            raise MslmError(Errors.M711.format(got=self.shard_size))

    @property
    def shard_work(self) -> ShardWork[T]:
        return self.work if isinstance(self.work, ShardWork) else EachItem(self.work)


@runtime_checkable
class Source(Protocol):
    """Items that are read elsewhere where an engine reads there: picklable, and what
    reading them taught (counts, hashes) comes back by `learnt` into `learn`."""

    def learnt(self) -> Any: ...

    def learn(self, what: Any) -> None: ...


@dataclass(frozen=True)
class ShardTask(Generic[T]):
    """A shard to be made: picklable, and nothing else is needed beside the work."""

    number: int
    made_from: str
    names: tuple[str, ...]
    items: tuple[T, ...]
    out: Path
    run: str

    @property
    def file(self) -> str:
        return shard_file(self.number)


@dataclass(frozen=True)
class Plan(Generic[T]):
    """A run: the items, what to do with them, the folder, and the run's name."""

    items: Iterable[T]
    job: Job[T]
    out: Path
    run: str

    def tasks(self) -> Iterator[ShardTask[T] | Shard]:
        """The shards in order: a task, or the record of a shard that is there already.

        Holds one shard of items. The folder is unsealed before the first task.
        """
        job, source = self.job, iter(self.items)
        number = 0
        while batch := tuple(islice(source, job.shard_size)):
            made_from = _digest([job.key, *map(job.fingerprint, batch)])
            shard = finished(self.out, shard_file(number), made_from)
            if shard is None:
                unseal(self.out)
                names = tuple(map(job.name, batch))
                yield ShardTask(number, made_from, names, batch, self.out, self.run)
            else:
                yield shard
            number += 1


def make_shard(
    task: ShardTask[T], work: ShardWork[T], steps: Steps | None = None
) -> Shard:
    """Do the work of a task and write its shard. An item that fails is left out and
    listed as quarantined, by name and reason."""
    steps = steps or Steps()
    lines: list[bytes] = []
    counts: Counter[str] = Counter()
    quarantined: list[dict[str, str]] = []
    made = work.make(task.number, task.items, steps)
    for name, outcome in zip(task.names, made, strict=True):
        if isinstance(outcome, Outcome):
            try:
                lines.append(f"{outcome.line}\n".encode())
                counts.update(outcome.counts)
                continue
            except UnicodeEncodeError as err:
                reason = type(err).__name__
        else:
            reason = outcome.reason
        quarantined.append({"name": name, "error": reason})
    steps.at(0, 0)
    data = b"".join(lines)
    digest = hashlib.sha256(data).hexdigest()
    shard = Shard(
        task.file, task.made_from, digest, len(lines), dict(counts), quarantined
    )
    write_shard(task.out, shard, data, task.run)
    return shard


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
