"""Works for tests of the engines: what each does to an item stands in the item."""

import ctypes
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy_mslm.errors import MslmError
from spacy_mslm.runners.work import Failed, Outcome, ShardWork, Steps


@dataclass
class Obedient:
    """Does what the item's first word says; `loads`: a file that counts the loading."""

    loads: str = ""

    def prepare(self) -> None:
        if self.loads:
            with open(self.loads, "a") as file:
                file.write(f"{os.getpid()}\n")

    def __call__(self, item: str) -> Outcome:
        word = item.partition(" ")[0]
        act(word, item)
        return Outcome(item.upper(), Counter({"letters": len(item)}))


def act(word: str, item: str) -> None:
    sys.stderr.write(f"printed {item}\n")
    if word == "segfault":
        ctypes.string_at(0)
    if word == "exit":
        os._exit(0)
    if word == "abort":
        os.abort()
    if word == "quit":
        sys.exit(item)
    if word == "raise":
        raise RuntimeError(item)
    if word == "memory":
        raise MemoryError(item)
    if word == "mend":
        raise MslmError("[M000] mend this.")
    if word == "sleep":
        time.sleep(3600)
    if word == "loop":
        # Within C, all signals that Python handles shut out.
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
        sum(iter(lambda: 1, 0))
    if word == "slow":
        time.sleep(0.3)
    if word.startswith("once:"):
        once(Path(word.removeprefix("once:")))


def once(path: Path) -> None:
    """Killed by somebody, the first time."""
    if not path.exists():
        path.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)


class Text(str):
    """A text that can be watched."""


@dataclass
class Unloadable:
    """Fails while it loads, in the way that `how` says."""

    how: str

    def prepare(self) -> None:
        act(self.how, "")

    def __call__(self, item: str) -> Outcome:
        return Outcome(item)


class Pairs(ShardWork[str]):
    """Takes two items at once, and fails as `act` does; "crowd" ends the process when
    it is not alone."""

    def attempt(self, item: str) -> None:
        self._take([item])

    def make(
        self, number: int, items: Sequence[str], steps: Steps
    ) -> Iterator[Outcome | Failed]:
        size = 1 if steps.singly else 2
        kept = [index for index in range(len(items)) if index not in steps.skip]
        made: dict[int, Outcome | Failed] = {
            index: Failed(reason) for index, reason in steps.skip.items()
        }
        for first in range(0, len(kept), size):
            pair = kept[first : first + size]
            steps.at(pair[0], pair[-1] + 1)
            for index, outcome in zip(
                pair, self._take([items[index] for index in pair]), strict=True
            ):
                made[index] = outcome
        yield from (made[index] for index in range(len(items)))

    def _take(self, items: list[str]) -> list[Outcome]:
        for item in items:
            act(item.partition(" ")[0], item)
        if "crowd" in items and len(items) > 1:
            os._exit(1)
        return [Outcome(item) for item in items]
