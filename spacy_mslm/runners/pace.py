"""How fast a run goes, and how long many more notes would take."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .folder import Shard

MIMIC_III = 2_083_180


@dataclass
class Pace:
    """Counts notes as their shards come; begin it when the run begins.

    Shards that were there before count as `notes`, and not towards the rate. Nor does
    the first one that each of `parallel` workers made, once there are more: what loads
    while it is made (a model pack may take a minute) says nothing of the rest.
    """

    clock: Callable[[], float] = time.monotonic
    parallel: int = 1
    notes: int = 0
    made: int = 0
    shards: int = 0
    since: float = field(init=False)
    last: float = field(init=False)
    _first: tuple[int, float] = field(init=False, default=(0, 0.0))

    def __post_init__(self) -> None:
        self.since = self.last = self.clock()

    def add(self, shard: Shard) -> None:
        rows = shard.rows + len(shard.quarantined)
        self.notes += rows
        self.last = self.clock()
        if not shard.resumed:
            self.made += rows
            self.shards += 1
            if self.shards == self.parallel:
                self._first = self.made, self.last
        elif not self.made:
            self.since = self.last

    @property
    def rate(self) -> float:
        """Notes a second up to the last shard, loading left out once all workers have
        loaded; 0 before the first."""
        loaded = self.shards > self.parallel
        rows, since = self._first if loaded else (0, self.since)
        return (self.made - rows) / max(self.last - since, 1e-9)

    def estimate(self, notes: int = MIMIC_III) -> str:
        """A line for the user, "" where too little was made to tell."""
        if self.shards <= self.parallel:
            return ""
        what = f"{notes:,} notes like these (as many as MIMIC-III has)"
        rate = f"{self.rate:.0f}" if self.rate >= 10 else f"{self.rate:.2g}"
        return f"at {rate} notes/s {what} take {duration(notes / self.rate)}"


def duration(seconds: float) -> str:
    """As a person says it: "40 s", "12 min", "3 h 5 min", "2 d 4 h"."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24} h"
