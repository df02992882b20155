"""What is done with the items of a shard, wherever that is: here, in a worker process,
on another machine."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

from ..errors import Errors, MslmError

T = TypeVar("T")
NOTHING: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True)
class Outcome:
    """What the work makes of one item: a line without its line end, and counts."""

    line: str
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Failed:
    """An item that no line was made of; `reason` is a type of error or "crash" or
    "timeout", never a message: that might quote the item."""

    reason: str


class Steps:
    """Where a work is, told to whoever watches it, and what it must leave out.

    `skip`: positions in the shard that failed before, with the reason. `singly`: take
    no two items at once.
    """

    def __init__(self, skip: Mapping[int, str] = NOTHING, singly: bool = False) -> None:
        self.skip = skip
        self.singly = singly

    def at(self, start: int, stop: int) -> None:
        """The items `start` up to `stop` are next, none where these are equal. Nobody
        watches in one process."""


class ShardWork(ABC, Generic[T]):
    """Makes lines of the items of a shard. It is pickled to where it works, and loads
    what is heavy there, in `prepare`."""

    def prepare(self) -> None:
        """Load what is heavy, before the clock of the first item starts."""

    @abstractmethod
    def attempt(self, item: T) -> None:
        """Try one item alone, for whether that ends well; it may raise."""

    @abstractmethod
    def make(
        self, number: int, items: Sequence[T], steps: Steps
    ) -> Iterator[Outcome | Failed]:
        """Yield what came of each item of shard `number`, in order.

        Calls `steps.at` before each. MslmError ends the run.
        """


@dataclass
class EachItem(ShardWork[T]):
    """A function of one item; where it has a method `prepare`, that loads for it."""

    work: Callable[[T], Outcome]

    def prepare(self) -> None:
        getattr(self.work, "prepare", lambda: None)()

    def attempt(self, item: T) -> None:
        self.work(item)

    def make(
        self, number: int, items: Sequence[T], steps: Steps
    ) -> Iterator[Outcome | Failed]:
        for index, item in enumerate(items):
            if index in steps.skip:
                yield Failed(steps.skip[index])
                continue
            steps.at(index, index + 1)
            try:
                yield self.work(item)
            except MslmError:
                raise
            except Exception as err:
                yield Failed(type(err).__name__)


def begin(work: ShardWork[T]) -> None:
    """Let the work load what it needs. Raises M755, and what is the user's to mend."""
    try:
        work.prepare()
    except MslmError:
        raise
    except Exception as err:
        raise MslmError(Errors.M755.format(reason=type(err).__name__)) from err
