"""Run a function over a stream, shard by shard, so that it can be stopped anywhere.

Run again over the same input, a shard whose record still holds is not made again; any
other is. The folder then has the same bytes as after one unbroken run, whatever
happened before, and whichever engine made it.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .engines import Engine, InProcess
from .folder import SEAL, Shard, held, remove_others
from .tasks import Job, Plan
from .work import Outcome

__all__ = ["SEAL", "Job", "Outcome", "Run", "Shard", "run_shards"]
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """All shards of a finished run."""

    shards: list[Shard]

    @property
    def resumed(self) -> int:
        """How many of them were there before."""
        return sum(shard.resumed for shard in self.shards)

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
    engine: Engine | None = None,
) -> Run:
    """Run `job` over `items` into the folder `out`, shards made by `engine`, or here.

    An item whose work raises is left out and listed in its shard's `quarantined`, by
    name and type of the error: its message might quote the item. MslmError is the
    user's to mend and ends the run. `manifest.json` marks a folder as complete: it is
    removed before the first change; writing it is the caller's. Only files that this
    function names are touched. Raises MslmError when another run holds the folder.
    """
    out = out.absolute()
    shards: list[Shard] = []
    with held(out) as run:
        plan = Plan(items, job, out, run)
        with contextlib.closing((engine or InProcess()).run(plan)) as making:
            for shard in making:
                shards.append(shard)
                on_shard(shard)
        remove_others(out, {shard.file for shard in shards})
    return Run(shards)
