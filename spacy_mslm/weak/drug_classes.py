"""Classes of drugs, by what pharmacology makes their names of.

Tables of drugs list substances and brands; notes also say "antibiotics", "diuretics",
"beta-blockers", "calcium channel blockers", "ACE inhibitor". What a class does
("anti-", "-dilator") or acts upon ("channel blocker", "kinase inhibitor") is in its
name.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from .measured import is_reacted_to

_AGAINST = (
    "androgen", "angin", "arrhythm", "bacteri", "biotic", "cholinerg", "coagul",
    "convuls", "depress", "diabet", "diarrh", "emet", "epilep", "estrogen", "fibrinoly",
    "fung", "helminth", "histamin", "hypertens", "inflammator", "malari", "metabolite",
    "microb", "muscarin", "mycobacteri", "mycotic", "neoplas", "oxidant", "parasit",
    "platelet", "psychot", "pyret", "resorpt", "retrovir", "rheumat", "secretor",
    "spasmod", "thrombotic", "thyroid", "tubercul", "tussive", "vir",
)  # fmt: skip
_KINDS = (
    r"(?:cortico|gluco|mineralo)?(?:cortico|ster)oid", "diuretic", r"ana?esthetic",
    "analgesic", "sedative", "hypnotic", "laxative", "opiate", "opioid",
    "vasopressor", "inotrope", "chronotrope", "statin", "bisphosphonate",
    "benzodiazepine", "barbiturate", r"(?:broncho|vaso)dilator", "contraceptive",
    r"immuno-?suppress(?:ant|ive)", "chemotherapeutic", "nsaid", "thiazide",
    "thiopurine", "anxiolytic", "thrombolytic", "fibrinolytic", "mucolytic",
    "decongestant", "expectorant", "emollient", "antacid", "nootropic",
    "cephalosporin", "macrolide", r"(?:fluoro)?quinolone", "aminoglycoside",
    "carbapenem", r"sulfonylurea", "sulfonamide", "tetracycline", "taxane",
    "anthracycline", "triptan", "tricyclic", "neuroleptic",
)  # fmt: skip
# What blockers, inhibitors and their kin act upon.
_ACTED_ON = (
    "5-ht3", "ace", "acetylcholinesterase", "adenosine", "adrenergic", "aldosterone",
    "alpha", "angiotensin", "aromatase", "beta", "calcineurin", "calcium", "cd20",
    "channel", "checkpoint", "cholinesterase", "coa", "converting", "cox", "cox-2",
    "dopamine", "dpp-4", "dpp4", "egfr", "enzyme", "estrogen", "factor", "ganglion",
    "glp-1", "gnrh", "h1", "h2", "histamine", "hmg", "immune", "integrase", "kinase",
    "leukotriene", "mao", "mineralocorticoid", "monoamine", "mtor", "muscle",
    "neuraminidase", "neuromuscular", "norepinephrine", "opioid", "oxidase", "parp",
    "phosphodiesterase", "platelet", "potassium", "proteasome", "protease", "protein",
    "proton", "pump", "receptor", "reductase", "renin", "reuptake", "selective",
    "serotonin", "sglt2", "smooth", "sodium", "tnf", "thrombin", "topoisomerase",
    "transcriptase", "tyrosine", "vasopressin", "vegf", "xa", "xanthine", "α", "β",
)  # fmt: skip
_WORD = re.compile(
    rf"(?:anti-?(?:{'|'.join(_AGAINST)})\w*|(?:{'|'.join(_KINDS)})s?"
    r"|(?:chemo|immuno|pharmaco)therap(?:y|ies)|vasoactive|inotropic)"
)
_ACTING = re.compile(
    r"(?:blocker|inhibitor|agonist|antagonist|relaxant|modulator|sensiti[sz]er)s?"
)
_ACTED = re.compile(
    rf"(?<![\w-])(?:(?:{'|'.join(_ACTED_ON)})\d?(?:[\s-]+|\s*\([A-Z]+\)[\s-]*))+$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+(?:-\w+)*")
_NONSTEROIDAL = re.compile(r"\bnon-?steroidal\s+$", re.IGNORECASE)
_DRUGS = re.compile(r"\s+(?:drug|agent|medication|medicine)s?\b", re.IGNORECASE)
# Adjectives that alone are no class of drugs: "inotropic support".
_ALONE = re.compile(r"vasoactive|inotropic|anti-?inflammatory")
_NOT_GIVEN = re.compile(
    r"\s+(?:resistan\w+|susceptib\w+|sensitiv\w+|allerg\w+|intoleran\w+|abuse|misuse"
    r"|dependen\w+|use\s+disorder|overdose|toxicity|withdrawal|activity|effects?"
    r"|properties|defense|antibod\w+|antigens?|tit(?:er|re)s?|levels?)\b",
    re.IGNORECASE,
)
# Before a blocker at most: "angiotensin-converting enzyme (ACE) ".
_REACH = 60


def drug_classes(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each class of drugs that `text` names, as something given."""
    for token in _TOKEN.finditer(text):
        word = token.group()
        kind = _kind(word)
        if not kind or is_reacted_to(text, token.start()):
            continue
        if not _NOT_GIVEN.match(text, token.end()):
            find = _acting if kind == "acting" else _named
            yield from find(text, token.start(), token.end(), word)


@lru_cache(1 << 16)
def _kind(word: str) -> str:
    word = word.lower()
    if _ACTING.fullmatch(word.rpartition("-")[2]):
        return "acting"
    return "named" if _WORD.fullmatch(word) else ""


def _acting(text: str, start: int, end: int, word: str) -> Iterator[tuple[int, int]]:
    """ "calcium channel blocker", with what it acts upon."""
    head = end - len(word.rpartition("-")[2])
    first = max(0, head - _REACH)
    acted = _ACTED.search(text[first:head])
    if acted is not None and first + acted.start() <= start:
        yield first + acted.start(), end


def _named(text: str, start: int, end: int, word: str) -> Iterator[tuple[int, int]]:
    """ "antibiotics", "antihypertensive drugs"."""
    drugs = _DRUGS.match(text, end)
    if drugs is None and _ALONE.fullmatch(word.lower()):
        return
    before = _NONSTEROIDAL.search(text[max(0, start - _REACH) : start])
    first = start - len(before.group()) if before else start
    yield first, drugs.end() if drugs else end
