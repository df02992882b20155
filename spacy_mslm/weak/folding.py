"""Letters without their marks: notes write Sjögren, terminologies Sjogren."""

import unicodedata


def folded(text: str) -> str:
    """`text` with the plain letter in place of each Latin one with marks (é: e).

    Of the same length, so that offsets stay; what has no plain letter of its own (ß, β)
    stays as it is. A mark that is a character of its own stays too: such text comes
    decomposed, and is better composed before.
    """
    return text if text.isascii() else text.translate(_PLAIN)


class _Plain(dict[int, int]):
    """Character -> its plain letter, worked out when it first comes."""

    def __missing__(self, code: int) -> int:
        whole = unicodedata.normalize("NFKD", chr(code))
        first, marks = whole[0], whole[1:]
        bare = marks and all(map(unicodedata.combining, marks))
        plain = ord(first) if bare and first.isascii() and first.isalpha() else code
        self[code] = plain
        return plain


_PLAIN = _Plain()
