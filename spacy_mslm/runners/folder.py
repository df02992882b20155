"""A folder of shards: who holds it, which shards are finished, and writing them.

Each shard is a file of lines, `part-00000.jsonl`, and a record beside it in `.shards/`
that says from which items and settings it was made.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import Errors, MslmError
from .atomic import (
    atomic_write_bytes,
    atomic_write_text,
    remove_leftovers,
    writable,
)

SEAL = "manifest.json"
RECORDS = ".shards"
_RUN = ".run"
# A killed run's workers let go of the folder a moment after it.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Shard:
    """The record of a finished shard; `made_from` covers its items and the key.

    `resumed`, which no record holds: an earlier run made it.
    """

    file: str
    made_from: str
    sha256: str
    rows: int
    counts: dict[str, int]
    quarantined: list[dict[str, str]]
    resumed: bool = field(default=False, compare=False)


def shard_file(number: int) -> str:
    return f"part-{number:05d}.jsonl"


@contextlib.contextmanager
def held(out: Path) -> Iterator[str]:
    """Hold the folder and give this run's name; the lock goes with the process,
    however that ends.

    Shards are written by workers too, which may outlive a killed run for a moment:
    they write under the name of their run, and not once another run holds the folder.
    Raises M702 (a file), M712 (another run is writing there).
    """
    try:
        with writable(out):
            (out / RECORDS).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except (FileExistsError, NotADirectoryError) as err:
        raise MslmError(Errors.M702.format(path=out)) from err
    try:
        _lock(descriptor, out)
        records, run = out / RECORDS, uuid.uuid4().hex
        atomic_write_text(records / _RUN, run)
        remove_leftovers(out)
        remove_leftovers(records)
        try:
            yield run
        finally:
            (records / _RUN).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, out: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            if time.monotonic() > deadline:
                raise MslmError(Errors.M712.format(path=out)) from err
        time.sleep(0.02)


def write_shard(out: Path, shard: Shard, data: bytes, run: str) -> None:
    """Write lines and record. Raises M712 where `run` holds the folder no more."""
    try:
        holder = (out / RECORDS / _RUN).read_text(encoding="utf-8")
    except OSError:
        holder = ""
    if holder != run:
        raise MslmError(Errors.M712.format(path=out))
    # The record last: without it the shard counts as unfinished.
    atomic_write_bytes(out / shard.file, data)
    about = asdict(shard)
    del about["resumed"]
    record = json.dumps(about, ensure_ascii=False, indent=2, sort_keys=True)
    atomic_write_text(_record(out, shard.file), record + "\n")


def finished(out: Path, file: str, made_from: str) -> Shard | None:
    """The record of `file` if it was made from these items and is still whole."""
    try:
        record = json.loads(_record(out, file).read_text(encoding="utf-8"))
        shard = Shard(**record, resumed=True)
        data = (out / file).read_bytes()
    except (OSError, ValueError, TypeError):
        return None
    whole = hashlib.sha256(data).hexdigest() == shard.sha256
    return shard if whole and shard.made_from == made_from else None


def unseal(out: Path) -> None:
    """Before the first change: the folder is complete no more."""
    (out / SEAL).unlink(missing_ok=True)


def remove_others(out: Path, files: set[str]) -> None:
    """Remove shards of an earlier, longer run."""
    records = {f"{file}.json" for file in files}
    for path in sorted((out / RECORDS).glob("part-*.jsonl.json")):
        if path.name not in records:
            unseal(out)
            (out / path.name.removesuffix(".json")).unlink(missing_ok=True)
            path.unlink()
    for path in sorted(out.glob("part-[0-9][0-9][0-9][0-9][0-9].jsonl")):
        if path.name not in files:
            unseal(out)
            path.unlink()


def _record(out: Path, file: str) -> Path:
    return out / RECORDS / f"{file}.json"
