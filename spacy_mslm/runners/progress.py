"""Where a worker is, in memory that it shares with who watches it.

The memory has no name and no file: nothing is left of it, whoever is killed.
"""

import mmap
import os
from collections.abc import Mapping

from .work import NOTHING, Steps

_CELLS = 2
_SIZE = _CELLS * 8
NOWHERE = (0, 0)


class Progress:
    """The positions `start` up to `stop` of the items under work, `NOWHERE` where none
    are: loading, writing, waiting."""

    def __init__(self, descriptor: int | None = None) -> None:
        if descriptor is None:
            descriptor = os.memfd_create("progress")
            os.ftruncate(descriptor, _SIZE)
        self.descriptor = descriptor
        self._cells = memoryview(mmap.mmap(descriptor, _SIZE)).cast("q")
        if len(self._cells) != _CELLS:
            raise ValueError(len(self._cells))
        self.set(*NOWHERE)

    def set(self, start: int, stop: int) -> None:
        # The stop first: who reads in between sees too many items, never too few.
        self._cells[1] = stop
        self._cells[0] = start

    def get(self) -> tuple[int, int]:
        return self._cells[0], self._cells[1]

    def close(self) -> None:
        os.close(self.descriptor)


class WatchedSteps(Steps):
    """Steps that are shown as progress."""

    def __init__(
        self,
        progress: Progress,
        skip: Mapping[int, str] = NOTHING,
        singly: bool = False,
    ) -> None:
        super().__init__(skip, singly)
        self.progress = progress

    def at(self, start: int, stop: int) -> None:
        self.progress.set(start, stop)
