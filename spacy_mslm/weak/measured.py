"""Chemicals that a note measures or tests for instead of giving them: by context.

"glucose 120 mg/dl", "levels of lactate and pyruvate", "alanine transaminase", "serum
creatinine", "resistant to clindamycin, linezolid": a name of a drug, and no treatment.
"""

import re

_AMOUNT = (
    r"(?:[mµμnpk]?(?:g|mol|eq|osm|U|IU|UI|kat)\s*/\s*[dmµμ]?[lL]"
    r"|mm\s?Hg|[mµμ]mol)"
)
_THING = (
    r"(?:levels?|concentrations?|values?|saturations?|counts?|clearance|cultures?|kinase"
    r"|phospho\w+|dehydrogenase|\w*transferase|\w*transaminases?|gas(?:es)?|tests?|ratio"
    r"|index|profile|antigens?|antibod\w+|receptors?|vessels?|supply|flow|smear|film"
    r"|cells?|loss|stream|transfusions?|pressure|samples?|serolog\w+|deficiency|time"
    r"|excretion|metabolism|stain\w*|assays?|tit(?:er|re)s?|intolerance|tolerance|cycle"
    r"|group|type|electrophoresis)"
)
_NEXT = re.compile(rf"\s*(?:\w+\s+)?{_THING}\b", re.IGNORECASE)
_LISTED = re.compile(
    r"(?:,\s+[\w-]+){0,3}(?:,?\s+(?:and|or)\s+[\w-]+)?\s+"
    r"(?:levels?|concentrations?|values?|ratios?)\b",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\s*(?:[(:=,]|of|was|were|is|at|levels?|to)*\s*[<>=≤≥]?\s*\d[\d.,]*\s*"
    rf"(?:[×x]\s*10\S*\s*)?{_AMOUNT}"
)
_COMPOUND = re.compile(r"[–/-](?!\w*(?:based|treated|containing))\w")
_SPECIMEN = re.compile(
    r"\b(?:serum|plasma|urine|urinary|blood|arterial|venous|csf|total|free|elevated"
    r"|raised|low|high|increased|decreased|normal|anti|white|red)[\s-]+(?:\w+[\s-])?$",
    re.IGNORECASE,
)
_OF = re.compile(
    r"\b(?:levels?|concentrations?|values?|excretion|cultures?|deficiency|analysis"
    r"|measurements?)\s+(?:of|for)\s+(?:[\w-]+(?:,|\s+and|,\s+and)?\s+){0,3}$",
    re.IGNORECASE,
)
_REACTION = re.compile(
    r"\b(?:resistan(?:t|ce)|susceptib\w+|sensitiv\w+|allerg\w+|intoleran\w+)\s+(?:to|for)"
    r"\b[^.;\n]{0,120}$",
    re.IGNORECASE,
)
_REACH = 140


def is_measured(text: str, start: int, end: int) -> bool:
    """Whether the chemical at `start` to `end` is measured or tested for."""
    after = text[end : end + _REACH // 2]
    before = text[max(0, start - _REACH) : start]
    return (
        any(pattern.match(after) for pattern in (_NEXT, _VALUE, _COMPOUND, _LISTED))
        or any(pattern.search(before) for pattern in (_SPECIMEN, _OF))
        or is_reacted_to(text, start)
    )


def is_reacted_to(text: str, start: int) -> bool:
    """Whether resistance or allergy to the drug at `start` is told."""
    return _REACTION.search(text[max(0, start - _REACH) : start]) is not None
