"""A labeller's offsets against the text that they are about."""

import re

# MedCAT 2.9 stops a name at "." and ":" where that is a token of its own and the name
# has none, but skips every longer run of marks: "syndrome.,2" would be one name. It
# skips semicolons, list marks on a new line and closing brackets as well.
_END = re.compile(
    r"[^a-zA-Z0-9\s]*(?:[.:][^a-zA-Z0-9\s]|[^a-zA-Z0-9\s][.:]|;)"
    r"|[\r\n]\s*[-*+•#]"
    r"|^[^(]*\)"
)


def crosses_an_end(span: str) -> bool:
    """Whether a sentence, a list item or a bracket ends inside the text of a span.

    Single stops ("E. coli", "1.5"), slashes and commas end nothing.
    """
    return _END.search(span) is not None


def word_edges(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Offsets inside the text, without outer white space and at word edges.

    An offset inside a word is moved outwards; None where nothing is left.
    """
    start, end = max(0, start), min(len(text), end)
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start >= end:
        return None
    while _inside_word(text, start):
        start -= 1
    while _inside_word(text, end):
        end += 1
    return start, end


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
