"""What stands around a name in a note, as far as it says that the name is not meant.

Rules on a few characters before and after, of linear time; none of them looks a name
up. They are evidence for people to judge by, no decision.
"""

import re
from dataclasses import dataclass

_BEFORE, _AFTER = 60, 80


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After one of these a substance or a body part is measured, not given or ill.
MEASURES = _words(
    """
    level levels count counts test tests testing culture cultures pressure pressures
    saturation saturations sat sats panel screen screens screening value values study
    studies ratio result results titer titers assay assays concentration
    concentrations reading readings gradient index clearance smear stain antibody
    antibodies antigen
    """
)
# After one of these a word belongs to the running of a hospital.
OFFICE = _words(
    """
    summary summaries instruction instructions home date dates time planning plan
    disposition medication medications diagnosis diagnoses department unit clinic
    service services room form forms consent note notes report chart record records
    order orders appointment education team nurse office
    """
)
# Words that tell nothing about the name before them.
_FUNCTION = _words(
    """
    a about after all also an and any are as at be been before but by can could did do
    does due during for from had has have he her his if in into is it its may no nor
    not of off on or per s she since so than that the their then there these they this
    those to until was we were when where which while who will with without would
    """
)
_NEXT = re.compile(r"[ \t]+([^\W\d_][\w'-]*)")
# Words in capitals and a colon, or the colon at once: a field's name, a heading.
_FIELD = re.compile(r"(?:[ \t]+[A-Z][A-Z/&-]*){0,5}[ \t]*:")
_TITLE_WORDS = 8
_DOSE = (
    r"(?:mg|mcg|µg|μg|ug|g|gm|gms|grams?|kg|ml|mls|cc|l|units?|u|iu|meq|mmol|tabs?|"
    r"tablets?|caps?|capsules?|puffs?|drops?|gtts?|sprays?|patch|x|times|daily|days?|"
    r"weeks?|months?|years?|hours?|po|iv|im|q\w*|b\.?i\.?d|t\.?i\.?d)\b(?!\s*/)"
)
# A number that is no dose and no length of time. Possessive: it is taken whole or not
# at all. Without a word or sign before it, it must not number the next list item.
_NUMBER = rf"[<>]?[ \t]*+\d++(?:[.,/-]\d++)*+(?![ \t-]*{_DOSE})"
_VALUE = re.compile(
    rf"[ \t]*+(?:(?:[:=]|(?:of|was|is|at)\b)[ \t]*+{_NUMBER}"
    rf"|{_NUMBER}(?![.)](?:\s|$)))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Context:
    """`after`: the next word, lower-cased, "" where none follows or it tells nothing.

    `capitals`: the name is in capitals. `heading`: it stands in a heading or names a
    field ("NAME ...:"). `measure`: a word of measuring or a value follows. `office`: a
    word of the hospital's business follows.
    """

    after: str = ""
    capitals: bool = False
    heading: bool = False
    measure: bool = False
    office: bool = False


def context(text: str, start: int, end: int) -> Context:
    """The surroundings of `text[start:end]`."""
    rest = text[end : end + _AFTER]
    found = _NEXT.match(rest)
    word = found[1].lower() if found else ""
    return Context(
        after="" if word in _FUNCTION else word,
        capitals=text[start:end].isupper(),
        heading=bool(_FIELD.match(rest)) or _in_title(text, start, end),
        measure=word in MEASURES or bool(_VALUE.match(rest)),
        office=word in OFFICE,
    )


def _in_title(text: str, start: int, end: int) -> bool:
    """Whether the line is short and in capitals, or ends in a colon."""
    first = text.rfind("\n", max(0, start - _BEFORE), start) + 1
    last = text.find("\n", end, end + _AFTER)
    last = len(text) if last < 0 else last
    if start - first > _BEFORE or last - end > _AFTER:
        return False
    line = text[first:last].strip()
    if (first == 0 and last == len(text)) or len(line.split()) > _TITLE_WORDS:
        return False
    return line.endswith(":") or (line.isupper() and line[-1] not in ".,;!?")
