"""Names of terminologies in one form: the one place where a name is rewritten."""

import re
import unicodedata

# Semantic tags that SNOMED CT and NDF-RT put behind a name. Other words in brackets
# are part of it: "carcinoma (in situ)".
_TAGS = (
    "administrative concept|attribute|basic dose form|body structure|cell|"
    "cell structure|clinical drug|context-dependent category|disease|disorder|"
    "dose form|environment|ethnic group|event|finding|function|geographic location|"
    "life style|medicinal product|medicinal product form|morphologic abnormality|"
    "navigational concept|observable entity|occupation|organism|person|"
    "physical force|physical object|procedure|product|qualifier value|racial group|"
    "record artifact|regime/therapy|religion/philosophy|situation|social concept|"
    "specimen|staging scale|substance|symptom|tumor staging"
)
_SQUARE_TAGS = (
    "chemical/ingredient|disease/finding|dup|epc|moa|pe|preparations|va product"
)
_STEPS = (
    # Read codes: [X] from ICD-10, [D] a symptom, [M] a morphology, [V], [SO].
    (re.compile(r"^\[(?:x|d|m|v|q|so|rfc)\]\s*", re.I), ""),
    (re.compile(rf"\s*\((?:{_TAGS})\)$", re.I), ""),
    (re.compile(rf"\s*\[(?:{_SQUARE_TAGS})\]$", re.I), ""),
    (re.compile(r"(?:,\s*|\s+)[(\[]?nos[)\]]?$", re.I), ""),
    (re.compile(r"(?:,\s*|\s+\(?)unspecified\)?$", re.I), ""),
    (re.compile(r"[\s,;]+$"), ""),
)
_MARKS = dict.fromkeys(map(ord, "®™©℠"), None)
_PLAIN = {
    **dict.fromkeys(map(ord, "‘’ʼ′`´"), "'"),
    **dict.fromkeys(map(ord, "“”″"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
    # A table separates names by it.
    ord("|"): " ",
}
_SPACES = re.compile(r"\s+")
# What any step looks for; most names have nothing of it.
_SUSPECT = re.compile(r"[^ -~]|[|`\[(]|  |^ |[ ,;]$|nos$|unspecified$", re.I)
_LETTER = re.compile(r"[a-z0-9]", re.I)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_VOWELS = frozenset("AEIOUY")
LONGEST_ACRONYM = 5
_LONGEST_IN_CAPITALS = 3


def normalise(name: str) -> str:
    """The name as it is served: `normalise(normalise(x)) == normalise(x)`.

    - Unicode NFKC after trade marks are gone; curly quotes and dashes are plain;
      control, format and unassigned characters go; white space and `|` are one blank.
    - Dropped before a name: the marks of Read codes, `[X]`, `[D]`, `[M]`, `[V]`.
      Dropped behind it: SNOMED's tags in brackets, "(disorder)", NDF-RT's in square
      ones, "[Disease/Finding]", and "[dup]", then "NOS" and "unspecified", and commas.
    - A name all in capitals is lowered, unless it is one word of at most five letters
      or has a digit: that is an acronym.

    A name is left as it is where nothing of it would stay: only a name without a
    letter or digit can end empty.
    """
    if _LETTER.search(name) and not _SUSPECT.search(name):
        return _lowered(name)
    before, seen = None, name
    while seen != before:
        before, seen = seen, _lowered(_once(seen))
    return seen


def lower_drug(name: str) -> str:
    """A name out of a list that is all in capitals, lowered.

    Kept is a single word that is no word: at most three letters, or at most five
    without a vowel ("HMS", "BSS").
    """
    if len(name.split()) == 1 and name.isupper():
        letters = [char for char in name if char.isalpha()]
        least = LONGEST_ACRONYM if _VOWELS.isdisjoint(letters) else _LONGEST_IN_CAPITALS
        if len(letters) <= least:
            return name
    return name.lower()


def _once(name: str) -> str:
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name.translate(_MARKS))
    name = _SPACES.sub(" ", name.translate(_PLAIN)).strip()
    if not name.isprintable():
        kept = (char for char in name if unicodedata.category(char) not in _UNSEEN)
        name = "".join(kept)
    for pattern, new in _STEPS:
        shorter = pattern.sub(new, name)
        if any(map(str.isalnum, shorter)):
            name = shorter
    return name if any(map(str.isalnum, name)) else ""


def _lowered(name: str) -> str:
    if not name.isupper():
        return name
    alone = len(name.split()) == 1
    short = sum(map(str.isalpha, name)) <= LONGEST_ACRONYM
    if alone and (short or any(map(str.isdigit, name))):
        return name
    return name.lower()
