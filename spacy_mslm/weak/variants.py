"""Other spellings and numbers of a name, which terminologies leave to the reader."""

import re
from collections.abc import Iterable, Iterator

# American and British spellings of the same part of a word.
_SPELLINGS = (
    ("edema", "oedema"),
    ("emia", "aemia"),
    ("emic", "aemic"),
    ("esophag", "oesophag"),
    ("estrogen", "oestrogen"),
    ("tumor", "tumour"),
    ("rrhea", "rrhoea"),
    ("pnea", "pnoea"),
    ("fiber", "fibre"),
    ("fetal", "foetal"),
    ("cecum", "caecum"),
    ("celiac", "coeliac"),
    ("feces", "faeces"),
    ("color", "colour"),
    ("sulf", "sulph"),
    ("leuko", "leuco"),
    ("anesthe", "anaesthe"),
    ("pediatric", "paediatric"),
    ("gynec", "gynaec"),
)
_HEMO = re.compile(r"\b(h)(a?)em(?=[oa]|orrh)", re.IGNORECASE)
_TO_BRITISH = [
    (re.compile(rf"(?<![ao]){us}" if us[0] == "e" else us, re.IGNORECASE), uk)
    for us, uk in _SPELLINGS
]
_TO_AMERICAN = [(re.compile(uk, re.IGNORECASE), us) for us, uk in _SPELLINGS]
_LAST_WORD = re.compile(r"(?<!\w)[a-z]{4,}$")
_NO_PLURAL_END = ("ss", "us", "is", "as", "os", "itis", "ics")


def american(text: str) -> str:
    """British spellings of medical words as American ones."""
    for pattern, other in _TO_AMERICAN:
        text = pattern.sub(other, text)
    return _HEMO.sub(r"\1em", text)


def british(text: str) -> str:
    """American spellings of medical words as British ones."""
    for pattern, other in _TO_BRITISH:
        text = pattern.sub(other, text)
    return _HEMO.sub(r"\1aem", text)


def variants(name: str, *, number: bool = True) -> tuple[str, ...]:
    """The name's other forms, never itself: American and British spelling and, with
    `number`, the last word in the singular and in the plural.

    Only a last word in lower case is bent: an acronym or a proper name is not.
    """
    forms: dict[str, None] = {}
    for spelling in (name, american(name), british(name)):
        forms[spelling] = None
        if number:
            forms.update(dict.fromkeys(_numbers(spelling)))
    forms.pop(name, None)
    return tuple(forms)


def _numbers(name: str) -> Iterator[str]:
    found = _LAST_WORD.search(name)
    if found is None:
        return
    stem, word = name[: found.start()], found.group()
    for other in _plurals(word) if not _is_plural(word) else _singulars(word):
        yield stem + other


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith(_NO_PLURAL_END)


def _plurals(word: str) -> Iterable[str]:
    if word.endswith("sis"):
        return (f"{word[:-2]}es",)
    if word.endswith(("ss", "x", "ch", "sh")):
        return (f"{word}es",)
    if word.endswith("s"):
        return ()
    if word.endswith("y") and word[-2] not in "aeiou":
        return (f"{word[:-1]}ies",)
    return (f"{word}s",)


def _singulars(word: str) -> Iterable[str]:
    if word.endswith("ies"):
        return (f"{word[:-3]}y",)
    if word.endswith(("sses", "xes", "ches", "shes")):
        return (word[:-2],)
    return (word[:-1],)
