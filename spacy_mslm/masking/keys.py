"""A stable hash of a text, part of the key of its masks."""

import zlib


def text_hash(text: str) -> int:
    """A hash of the text, the same in every process (unlike `hash`)."""
    return zlib.crc32(text.encode("utf8", "surrogatepass"))
