"""Findings and diseases that only name an instrument: by the words around them.

"Glasgow coma scale", "body mass index", "visual analogue scale of pain", "hepatitis B
serology", "measles vaccine": nobody need have been in a coma.
"""

import re

_SCALE = r"(?:scales?|scores?|ind(?:ex|ices|exes)|inventory|questionnaires?)"
_HEAD = (
    rf"(?:{_SCALE}|screen(?:s|ing)?|tests?|testing|serolog(?:y|ies)|antibod(?:y|ies)"
    r"|antigens?|tit(?:er|re)s?|vaccin\w+|immuni[sz]ations?)"
)
# "depression severity score", "hepatitis B surface antigen", "hepatitis B and C test"
_BETWEEN = (
    r"(?:(?:severity|intensity|rating|symptoms?|surface|core|virus|[A-E])[\s,]+)?"
)
_NEXT = re.compile(
    rf"[\s-]+(?:[A-E]\s+)?(?:(?:and|or|/)\s+[A-E]\s+)?{_BETWEEN}{_HEAD}\b",
    re.IGNORECASE,
)
_OF = re.compile(rf"\b{_SCALE}\s+(?:of|for)\s+$", re.IGNORECASE)
_REACH = 40


def is_in_instrument(text: str, start: int, end: int) -> bool:
    """Whether `start` to `end` is a word of the name of a scale, test or vaccine."""
    before = text[max(0, start - _REACH) : start]
    return bool(_NEXT.match(text[end : end + _REACH]) or _OF.search(before))
