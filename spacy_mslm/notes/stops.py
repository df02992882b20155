"""Where sentences end inside a passage: full stops that are stops, inner headings,
inner lists."""

import re
from collections.abc import Iterator

from .lines import MARK
from .words import (
    BEFORE_CLASS,
    CAPITAL_STARTERS,
    GOES_ON_AFTER,
    LAST_DOTTED,
    NEVER_LAST,
    SECTIONS,
    SHORTENED,
    SMALL_STARTERS,
    STARTERS,
)

_STOP = re.compile(r"(?P<stop>[.!?…]+)(?P<close>[\"'”’)\]]{0,4})(?P<comma>,?)")
_SPACE = re.compile(r"\s*")
_DOTTED = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+")
_LETTERS = re.compile(r"[^\W\d_]+")
_OPENING = "\"'“‘([{-–—*•#>"
_INNER_ITEM = re.compile(
    rf"(?:^|(?<=[\s,:]))(?P<number>\d{{1,2}})[.)](?=\s+[\"“(]?[^\W\d_a-z]|\s+{MARK})"
)
# What stands before the dot of a list marker: `3`, `A`, `iv`, `#2`.
_MARKER = re.compile(r"(?:#\s?)?(?:\d{1,2}|[A-Za-z]|[ivxIVX]{1,4})$")
_NAME = r"[A-Z][\w/&'’()#-]{0,24}(?: [\w/&'’()#-]{1,25}){0,4}"
_COLON = rf":(?=[\s,{MARK}]|$)"
_SECTION = "|".join(re.escape(name) for name in sorted(SECTIONS, key=len)[::-1])
# A well-known section name after one blank.
_INNER_SECTION = re.compile(rf"(?<=\S)\s(?=({_SECTION}|{_SECTION.upper()}){_COLON})")
_BREAKS = (
    # Columns: `Sex: M    Service: MEDICINE`
    re.compile(rf"(?<=\S)(?:[ \t]{{2,}}|\t)(?={_NAME}{_COLON})"),
    # Line breaks that became commas: `clear.,HEART:` and `daily,2.  Lisinopril`
    re.compile(r",(?=[A-Z][A-Z /&()-]{3,40}:)"),
    re.compile(r"(?<=[^\d\s]),(?=\d{1,2}\.\s+[A-Z])"),
    # A bullet is never anything else
    re.compile(r"(?<=\S)\s+(?=[•●▪◦‣]\s?\S)"),
    # A page break that shares its line
    re.compile(r"(?<=\S)\s{2,}(?=\((?:Over|Cont)\))|(?<=\(Over\)|\(Cont\))\s+"),
)


def breaks(passage: str) -> list[int]:
    """Positions in a masked passage at which a new sentence begins, in order."""
    found = {match.end() for rule in _BREAKS for match in rule.finditer(passage)}
    found.update(_inner_sections(passage))
    markers: set[int] = set()
    for before, dot in _inner_items(passage):
        markers.add(dot)
        found.add(before)
    found.discard(0)
    _add_stops(passage, found, markers)
    return sorted(found)


def _inner_sections(passage: str) -> Iterator[int]:
    """Where a section name begins, unless the word before is part of the heading
    (`CURRENT MEDICATIONS:`)."""
    for match in _INNER_SECTION.finditer(passage):
        before = passage[max(0, match.start() - 30) : match.start()].split()[-1]
        alike = before.isupper() == match[1].isupper() and before[0].isupper()
        if not before[-1].isalpha() or not (alike or before in GOES_ON_AFTER):
            yield match.end()


def _inner_items(passage: str) -> Iterator[tuple[int, int]]:
    """For markers counted in turn (1, 2, 3 …): where each begins (0 for a first one,
    which may stay with its heading) and where its dot stands."""
    expected = 1
    for match in _INNER_ITEM.finditer(passage):
        number, first = int(match["number"]), match.start() == 0
        if first or number in (1, expected):
            yield (0 if first or number == 1 else match.start()), match.end() - 1
            expected = number + 1


def _add_stops(passage: str, found: set[int], markers: set[int]) -> None:
    """Add the positions after full stops; `found` holds those known before.

    A marker (`3.`, `A.`) right at the beginning of a sentence ends nothing.
    """
    for match in _STOP.finditer(passage):
        end = match.end()
        start = _SPACE.match(passage, end).end()  # type: ignore[union-attr]
        if match.start() in markers or start == len(passage):
            continue
        if _is_first_marker(passage, match, found):
            continue
        window = passage[max(0, match.start() - 40) : match.start()]
        following = passage[start : start + 40]
        if start > end and not match["comma"]:
            ends = _ends(window, match["stop"], following)
        else:
            ends = _ends_unspaced(window, match, following, spaced=start > end)
        if ends:
            found.add(start)


def _is_first_marker(passage: str, stop: re.Match[str], found: set[int]) -> bool:
    marker = _MARKER.search(passage, max(0, stop.start() - 6), stop.start())
    return marker is not None and (marker.start() == 0 or marker.start() in found)


def _ends_unspaced(
    window: str, match: re.Match[str], following: str, *, spaced: bool
) -> bool:
    """A stop glued to what follows (`pain.The`), or followed by a comma that was a
    line break (`pain.,  The`)."""
    word = _last_word(window)
    plain = word.isalpha() and word.islower() and len(word) >= 3
    if match["comma"]:
        solid = plain or bool(match["close"]) or word[-1:] == "%" or word.isdigit()
        solid = solid or (len(word) > 3 and word.isalnum()) or word[-1:] == MARK
        return solid and not following[:1].islower() and _ends(window, ".", following)
    name = following[:1].isupper() and following[1:2].islower()
    known = word.endswith(MARK) or (plain and not set("@/") & set(window[-20:]))
    return name and known and match["stop"] == "." and _ends(window, ".", following)


def _ends(window: str, stop: str, following: str) -> bool:
    """Whether a stop ends a sentence, by the word before and the words after."""
    rest = following.lstrip(_OPENING + " ")
    word = _last_word(window)
    if not rest or (not word and not window.strip()):
        return False
    first = rest[0]
    if first.islower():
        return _starts_small(word, rest)
    if stop[-1] in "!?":
        return bool(word)
    low = word.lower()
    if low in NEVER_LAST:
        return False
    if not (first.isalpha() or first == MARK):
        shortened = low in SHORTENED or low in ("no", "nos") or len(word) == 1
        return not shortened and not _DOTTED.fullmatch(word)
    if _DOTTED.fullmatch(word):
        name = first.isupper() and not rest[1:2].isupper()
        return _is_starter(rest) or (low in LAST_DOTTED and name)
    if len(word) == 1 and word.isalpha():
        return _is_starter(rest) or _word_before(window) in BEFORE_CLASS
    return low not in SHORTENED or low == "no" or _is_starter(rest)


def _starts_small(word: str, rest: str) -> bool:
    plain = len(word) >= 4 and word.isalpha()
    known = word.lower() in SHORTENED | NEVER_LAST
    return plain and not known and _first_word(rest) in SMALL_STARTERS


def _is_starter(rest: str) -> bool:
    word = _first_word(rest)
    if word.istitle() or word == "I":
        return word.lower() in CAPITAL_STARTERS
    return word.lower() in STARTERS


def _first_word(text: str) -> str:
    match = _LETTERS.match(text)
    return match[0] if match else ""


def _last_word(window: str) -> str:
    """The word that a stop is glued to, "" where a blank stands between."""
    if not window or window[-1].isspace():
        return ""
    return window.split()[-1].rstrip("\"'”’)]").lstrip(_OPENING)


def _word_before(window: str) -> str:
    words = window.split()
    return words[-2].lower() if len(words) > 1 else ""
