"""Counts of categories that may be said aloud: a column that was taken for one may
hold text of notes, so long or countless values are counted and never named."""

from collections import Counter

# A category longer than this, or one of more than so many, is no category.
_LONGEST = 60
_MOST = 100


class Categories:
    """Notes by category. Memory stays flat whatever the column holds."""

    def __init__(self) -> None:
        self.notes = 0
        # Notes whose category is too long to be one, or came after too many others.
        self.unnamed = 0
        self._counts: Counter[str] = Counter()

    def add(self, category: str) -> None:
        self.notes += 1
        known = category in self._counts
        short = len(category) <= _LONGEST and len(category.splitlines()) <= 1
        if known or (short and len(self._counts) <= _MOST):
            self._counts[category] += 1
        else:
            self.unnamed += 1

    @property
    def are_categories(self) -> bool:
        """Whether the values look like categories at all: few, short (but for one note
        in a hundred), shared by notes (where there are notes enough to tell)."""
        if 100 * self.unnamed > self.notes or len(self._counts) > _MOST:
            return False
        return self.notes < 50 or 2 * len(self._counts) < self.notes

    def common(self) -> list[tuple[str, int]]:
        """Name and notes of every category, commonest first; none where the values are
        no categories."""
        return self._counts.most_common() if self.are_categories else []

    def listed(self, most: int = 20) -> str:
        """The names of the commonest, for a message."""
        names = [name for name, _ in self.common() if name][:most]
        if names:
            return ", ".join(names)
        return "none at all" if self.are_categories else "too many to be categories"
