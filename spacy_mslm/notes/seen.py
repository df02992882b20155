"""Which note ids have come by: eight bytes a slot, for files of millions of notes."""

import zlib
from array import array
from hashlib import blake2b

_START = 1 << 10


def hash64(*parts: str) -> int:
    """A 64-bit number from text, the same on every machine and in every run."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big")


class SeenIds:
    """An open-addressing table of note ids, each with a check byte of its text.

    A slot holds 56 bits of the id's hash and 8 of the text's, 0 is an empty slot.
    Two million notes take 32 MiB; the chance that two of their ids meet is 3e-5.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _START))
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, note_id: str, text: str) -> str:
        """RETURNS (str): "new", "copy" (id and text seen) or "clash" (other text)."""
        key = hash64(note_id) >> 8 or 1
        check = zlib.crc32(text.encode("utf-8", "surrogatepass")) & 0xFF
        index = self._find(key)
        found = self._slots[index]
        if found:
            return "copy" if found & 0xFF == check else "clash"
        self._slots[index] = key << 8 | check
        self._used += 1
        if 2 * self._used > len(self._slots):
            self._grow()
        return "new"

    def _find(self, key: int) -> int:
        mask = len(self._slots) - 1
        index = key & mask
        while (found := self._slots[index]) and found >> 8 != key:
            index = (index + 1) & mask
        return index

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(16 * len(old)))
        for value in old:
            if value:
                self._slots[self._find(value >> 8)] = value
