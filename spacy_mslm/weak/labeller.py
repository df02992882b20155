"""What a weak source is: a name and one generator of spans."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from ..types import CharSpan, Note


class Labeller(ABC):
    """A weak source. Its spans carry `name` as their source.

    `find` yields spans with character offsets into `note.text`, in order of start;
    they may overlap, `policy.resolve` decides. It reads the text alone: never
    `note.gold`, so that labels and gold stay independent.
    """

    name: str

    @abstractmethod
    def find(self, note: Note) -> Iterator[CharSpan]:
        """Yield the spans of one note."""
