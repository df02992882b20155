"""Who is told how an adaptation goes."""

from typing import Protocol

from ...nn.adapting.loop import Done


class Listener(Protocol):
    """Whom to tell of what happens."""

    def note(self, message: str) -> None:
        """A message for the user."""

    def document(self) -> None:
        """A document was read."""

    def start(self) -> None:
        """Training begins, or goes on."""

    def done(self, done: Done, updates: int) -> None:
        """An update was made; there are `updates` in all."""


class Silent:
    """A `Listener` that keeps it to itself."""

    def note(self, message: str) -> None:
        pass

    def document(self) -> None:
        pass

    def start(self) -> None:
        pass

    def done(self, done: Done, updates: int) -> None:
        pass
