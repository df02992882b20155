"""The lines of a note and what each one is: heading, list item, rule, table, prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from .deid import placeholder_spans

# Stands for each character of a placeholder while rules look at a note: neither
# space nor letter nor stop, so that a placeholder is one unbreakable word.
MARK = "\ue000"


class Kind(Enum):
    """What a line is, seen by itself."""

    BLANK = auto()
    RULE = auto()  # ----- or _____, or (Over) and (Cont) of a page break
    TABLE = auto()  # columns, or a laboratory line with its time stamp
    ITEM = auto()  # begins with a bullet, or with a number or letter (`Line.number`)
    TITLE = auto()  # a heading alone
    HEADED = auto()  # begins with a heading
    PROSE = auto()


_RULE_CHARACTERS = frozenset("-_=*~#.+ \t")
_PAGE = re.compile(r"\((?:over|cont(?:inued|'d|\.)?)\)", re.IGNORECASE)
_COLUMNS = re.compile(r"\S\t+ *\S|(?:\S {3,20}\S.{0,200}?){2}")
_STAMPED = re.compile(
    rf"(?:{MARK}+|\d{{1,4}}[-/]\d{{1,2}}(?:[-/]\d{{2,4}})?)\s+\d{{1,2}}:\d\d"
)
_BULLET = re.compile(
    rf"[•●▪◦‣·]+\s*\S|#+\s*(?=[^\W\d_]|{MARK})|[-*]+(?:\s+\S|(?=[^\W\d_]|{MARK}))"
)
_NUMBER = re.compile(r"(?:#\s?)?(\d{1,2})[.)](?:\s|(?=[A-Z]))")
_WEAK_ITEM = re.compile(
    r"(?:\(\w{1,3}\)|[A-Za-z][.)]|[ivxIVX]{1,4}[.)]|#\d{1,2}|[–—+])\s"
)
# Up to six words before a colon; what follows is a blank, a mark or nothing.
_WORD = r"[\w/&'’()#%.,+-]{1,25}"
_HEADED = re.compile(
    rf"(?=[A-Z0-9*#(])[*#]*{_WORD}(?: {{1,2}}{_WORD}){{0,5}} ?:(?=[\s,{MARK}]|$)"
)
_INNER_STOP = re.compile(r"[a-z]{2}[.,] ")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its outer blanks: `text` is `note[start:start + len(text)]`
    with placeholders masked.

    `indent` and `width` are columns; `width` is the least room the line may have
    taken before de-identification shortened it. `number` is that of a numbered item,
    -1 for a marker that prose may hold as well (`(1)`, `A.`), 0 without one.
    """

    start: int
    text: str
    indent: int
    width: int
    kind: Kind
    number: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def mask_placeholders(text: str) -> str:
    """`text` with every character of a placeholder replaced by `MARK`."""
    pieces, position = [], 0
    for start, end in placeholder_spans(text):
        pieces += [text[position:start], MARK * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def read_lines(masked: str) -> Iterator[Line]:
    """Every line of a masked text, in order."""
    position = 0
    for raw in masked.splitlines(keepends=True):
        text = raw.strip()
        indent = len(raw) - len(raw.lstrip()) if text else 0
        kind, number = _kind(text)
        width = indent + room(text)
        yield Line(position + indent, text, indent, width, kind, number)
        position += len(raw)


def room(text: str) -> int:
    """Columns that `text` may have taken: a short mark may stand for a long name."""
    if MARK not in text:
        return len(text)
    marks = re.findall(f"{MARK}+", text)
    return len(text) + sum(max(0, 12 - len(mark)) for mark in marks)


def is_capitals(text: str) -> bool:
    """Capital letters only, and enough of them to tell."""
    return text.isupper() and sum(map(str.isalpha, text)) >= 3


def _kind(text: str) -> tuple[Kind, int]:
    if not text:
        return Kind.BLANK, 0
    if (len(text) >= 3 and _RULE_CHARACTERS.issuperset(text)) or _PAGE.fullmatch(text):
        return Kind.RULE, 0
    if number := _NUMBER.match(text):
        return Kind.ITEM, int(number[1])
    if _BULLET.match(text):
        return Kind.ITEM, 0
    if _COLUMNS.search(text[:400]) or _STAMPED.match(text):
        return Kind.TABLE, 0
    headed = _HEADED.match(text)
    if headed and not _INNER_STOP.search(headed[0]):
        alone = headed.end() == len(text.rstrip(","))
        return (Kind.TITLE if alone else Kind.HEADED), 0
    if _is_title(text):
        return Kind.TITLE, 0
    return (Kind.ITEM, -1) if _WEAK_ITEM.match(text) else (Kind.PROSE, 0)


def _is_title(text: str) -> bool:
    short = len(text) <= 60 and text.count(" ") < 8
    return short and is_capitals(text) and text[-1] not in ".,;!?-/"
