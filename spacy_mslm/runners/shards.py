"""Run a function over a stream, shard by shard, so that it can be stopped anywhere.

Each shard is a file of lines, `part-00000.jsonl`, and a record beside it in `.shards/`
that says from which items and settings it was made. Run again over the same input, a
shard whose record still holds is not made again; any other is. The folder then has
the same bytes as after one unbroken run, whatever happened before.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from ..errors import Errors, MslmError
from .atomic import atomic_write_bytes, atomic_write_text, remove_leftovers

T = TypeVar("T")
SEAL = "manifest.json"
_RECORDS = ".shards"


@dataclass(frozen=True)
class Outcome:
    """What the work makes of one item: a line without its line end, and counts."""

    line: str
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Job(Generic[T]):
    """What to do with each item.

    `work` makes an `Outcome`. `fingerprint` is a text that tells items apart, of all
    that `work` reads; `name` is an id for lists of items that failed. `key` stands for
    everything else that the outcome depends on: settings, versions, models.
    """

    work: Callable[[T], Outcome]
    fingerprint: Callable[[T], str]
    name: Callable[[T], str]
    key: str
    shard_size: int = 1000

    def __post_init__(self) -> None:
        if self.shard_size < 1:
            raise MslmError(Errors.M711.format(got=self.shard_size))


@dataclass(frozen=True)
class Shard:
    """The record of a finished shard; `made_from` covers its items and the key."""

    file: str
    made_from: str
    sha256: str
    rows: int
    counts: dict[str, int]
    quarantined: list[dict[str, str]]


@dataclass(frozen=True)
class Run:
    """All shards of a finished run; `resumed` of them were there before."""

    shards: list[Shard]
    resumed: int

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)

    @property
    def counts(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for shard in self.shards:
            total.update(shard.counts)
        return total

    @property
    def quarantined(self) -> list[dict[str, str]]:
        return [item for shard in self.shards for item in shard.quarantined]


def run_shards(
    items: Iterable[T],
    job: Job[T],
    out: Path,
    *,
    on_shard: Callable[[Shard], None] = lambda shard: None,
) -> Run:
    """Run `job` over `items` into the folder `out`, one shard in memory at a time.

    An item whose work raises is left out and listed in its shard's `quarantined`, by
    name and type of the error: its message might quote the item. MslmError is the
    user's to mend and ends the run. `manifest.json` marks a folder as complete: it is
    removed before the first change; writing it is the caller's. Only files that this
    function names are touched. Raises MslmError when another run holds the folder.
    """
    records = out / _RECORDS
    with _held(out):
        records.mkdir(exist_ok=True)
        remove_leftovers(out)
        remove_leftovers(records)
        shards: list[Shard] = []
        resumed = 0
        for number, batch in enumerate(_batches(items, job.shard_size)):
            file = f"part-{number:05d}.jsonl"
            made_from = _digest([job.key, *map(job.fingerprint, batch)])
            shard = _finished(out, file, made_from)
            if shard is None:
                (out / SEAL).unlink(missing_ok=True)
                shard = _make(batch, job, out, file, made_from)
            else:
                resumed += 1
            shards.append(shard)
            on_shard(shard)
        _remove_others(out, {shard.file for shard in shards})
    return Run(shards, resumed)


def _make(batch: list[T], job: Job[T], out: Path, file: str, made_from: str) -> Shard:
    lines: list[bytes] = []
    counts: Counter[str] = Counter()
    quarantined: list[dict[str, str]] = []
    for item in batch:
        try:
            outcome = job.work(item)
            lines.append(f"{outcome.line}\n".encode())
            counts.update(outcome.counts)
        except MslmError:
            raise
        except Exception as err:
            reason = type(err).__name__
            quarantined.append({"name": job.name(item), "error": reason})
    data = b"".join(lines)
    shard = Shard(
        file=file,
        made_from=made_from,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=len(lines),
        counts=dict(counts),
        quarantined=quarantined,
    )
    # The record last: without it the shard counts as unfinished.
    atomic_write_bytes(out / file, data)
    record = json.dumps(asdict(shard), ensure_ascii=False, indent=2, sort_keys=True)
    atomic_write_text(_record(out, file), record + "\n")
    return shard


def _finished(out: Path, file: str, made_from: str) -> Shard | None:
    """The record of `file` if it was made from these items and is still whole."""
    try:
        shard = Shard(**json.loads(_record(out, file).read_text(encoding="utf-8")))
        data = (out / file).read_bytes()
    except (OSError, ValueError, TypeError):
        return None
    whole = hashlib.sha256(data).hexdigest() == shard.sha256
    return shard if whole and shard.made_from == made_from else None


def _remove_others(out: Path, files: set[str]) -> None:
    """Remove shards of an earlier, longer run."""
    records = {f"{file}.json" for file in files}
    for path in sorted((out / _RECORDS).glob("part-*.jsonl.json")):
        if path.name not in records:
            (out / SEAL).unlink(missing_ok=True)
            (out / path.name.removesuffix(".json")).unlink(missing_ok=True)
            path.unlink()
    for path in sorted(out.glob("part-[0-9][0-9][0-9][0-9][0-9].jsonl")):
        if path.name not in files:
            (out / SEAL).unlink(missing_ok=True)
            path.unlink()


def _record(out: Path, file: str) -> Path:
    return out / _RECORDS / f"{file}.json"


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


@contextlib.contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold the folder; the lock goes with the process, however that ends."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except (FileExistsError, NotADirectoryError) as err:
        raise MslmError(Errors.M702.format(path=out)) from err
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        os.close(descriptor)
        raise MslmError(Errors.M712.format(path=out)) from err
    try:
        yield
    finally:
        os.close(descriptor)
