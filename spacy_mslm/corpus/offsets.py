"""Offsets of other tools: where a quoted text shows that they count UTF-16 units.

Ours are characters (code points). JavaScript counts UTF-16 code units, two for every
character beyond U+FFFF: brat's own page does (nlplab/brat issue 1115), and Label Studio
did before it turned to code points (HumanSignal/label-studio issues 1008 and 1347, and
its own test "Should calculate offsets by code points in text"). Both write the text of
a span beside its offsets, so the unit that is meant can be seen, span by span.
"""

from collections.abc import Callable, Sequence

Range = tuple[int, int]
# How a quoted text compares with the text at its offsets.
EXACT, BLANKS, UTF16, DIFFERENT = "exact", "blanks", "utf16", "different"
FROM_UTF16 = "span with offsets in UTF-16 units (kept, converted)"


def utf16_to_chars(text: str, offset: int) -> int | None:
    """The character offset of a UTF-16 offset; None inside a character or outside."""
    data = text.encode("utf-16-le", "surrogatepass")
    if not 0 <= 2 * offset <= len(data):
        return None
    try:
        return len(data[: 2 * offset].decode("utf-16-le"))
    except UnicodeDecodeError:
        return None


def has_astral(text: str) -> bool:
    """Whether the two ways of counting differ in `text`."""
    return not text.isascii() and max(text) > "\uffff"


def squeezed(text: str) -> str:
    """A text without its white space."""
    return "".join(text.split())


def find_quoted(
    text: str,
    ranges: Sequence[Range],
    quote: str,
    join: Callable[[Sequence[str]], str],
    squeeze: Callable[[str], str] = squeezed,
) -> tuple[str, Sequence[Range]]:
    """How `quote` compares with `join` of the texts at `ranges`, and the ranges that it
    means, in characters: those given, or read as UTF-16 where only that fits.

    BLANKS: the same after `squeeze`, in characters, which any exact fit precedes.
    `ranges` may lie outside `text` where they count UTF-16 units.
    """
    other = _from_utf16(text, ranges) if has_astral(text) else None
    read = ((EXACT, ranges if _inside(text, ranges) else None), (UTF16, other))
    found = [
        (kind, places, join([text[start:end] for start, end in places]))
        for kind, places in read
        if places
    ]
    for kind, places, here in found:
        if here == quote:
            return kind, places
    for kind, places, here in found:
        if squeeze(here) == squeeze(quote):
            return BLANKS if kind == EXACT else kind, places
    return DIFFERENT, ranges


def _inside(text: str, ranges: Sequence[Range]) -> bool:
    return all(0 <= start < end <= len(text) for start, end in ranges)


def _from_utf16(text: str, ranges: Sequence[Range]) -> list[Range] | None:
    found: list[Range] = []
    for start, end in ranges:
        first, last = utf16_to_chars(text, start), utf16_to_chars(text, end)
        if first is None or last is None or first >= last:
            return None
        found.append((first, last))
    return found
