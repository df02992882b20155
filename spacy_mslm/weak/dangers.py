"""Names that would be found where nobody means them, by stated rules.

- "generic": a word for the kind of thing itself ("disease", "symptom", "drug"), or for
  what is always measured and no finding ("blood pressure", "temperature").
- "short substance": one word of at most three letters for a chemical ("his", "fig"),
  of two where it is written in capitals: "ASA" is looked for. A note may still define
  a shorter one: `acronyms` finds those.
- "everyday substance": one word for a chemical that people use every day ("blood",
  "air", "balance"): Zipf frequency in English of 4 and more, a word in a hundred
  thousand (the library wordfreq, Speer 2022).
- "everyday word": the same for any other name from 5.3 on ("same", "well").

Every name that a rule drops is listed; an allow list brings it back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from ..errors import Errors, MslmError
from .concepts import Concept
from .names import name_key
from .semantic_types import is_chemical

EVERYDAY_SUBSTANCE, EVERYDAY_WORD = 4.0, 5.3
_SHORT, _SHORTEST = 3, 2
GENERIC = frozenset(
    name_key(name)
    for name in (
        "disease", "diseases", "disorder", "disorders", "syndrome", "syndromes",
        "condition", "conditions", "illness", "complication", "complications",
        "symptom", "symptoms", "sign", "signs", "finding", "findings",
        "drug", "drugs", "medicine", "medicines", "medication", "medications",
        "treatment", "treatments", "therapy", "gas", "allergen",
        "blood pressure", "heart rate", "pulse", "temperature", "body temperature",
        "respiratory rate", "weight", "body weight", "height", "vital signs",
        "respiration", "breathing", "vision", "speech", "behavior", "gait",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Dangerous:
    """A name that a rule dropped."""

    name: str
    concept_id: str
    reason: str


def danger(name: str, chemical: bool, zipf: Callable[[str], float]) -> str:
    """The rule that drops a name, "" where none does. `zipf`: how common a word is."""
    key = name_key(name)
    if key in GENERIC:
        return "generic"
    word = name.strip()
    if not word.isalpha():
        return ""
    if chemical and len(word) <= (_SHORTEST if word.isupper() else _SHORT):
        return "short substance"
    if chemical and zipf(word) >= EVERYDAY_SUBSTANCE:
        return "everyday substance"
    return "everyday word" if zipf(word) >= EVERYDAY_WORD else ""


def without_dangers(
    concepts: Iterable[Concept],
    listed: list[Dangerous],
    *,
    allowed: Callable[[str, str], bool] = lambda name, concept_id: False,
    zipf: Callable[[str], float] | None = None,
) -> list[Concept]:
    """The concepts without names that a rule drops; those are added to `listed`.

    `allowed`, of name and concept id, keeps a name all the same. A concept may be left
    without names. Raises MslmError (M233) where wordfreq is not installed.
    """
    zipf = zipf or english()
    kept = []
    for concept in concepts:
        chemical = any(map(is_chemical, concept.type_ids))
        names = []
        for name in concept.names:
            reason = danger(name, chemical, zipf)
            if reason and not allowed(name, concept.concept_id):
                listed.append(Dangerous(name, concept.concept_id, reason))
            else:
                names.append(name)
        kept.append(Concept(concept.concept_id, tuple(names), concept.type_ids))
    return kept


@cache
def english() -> Callable[[str], float]:
    """The Zipf frequency of an English word: log10 of its count in 10^9 words."""
    try:
        from wordfreq import zipf_frequency
    except ImportError as err:
        raise MslmError(Errors.M233) from err
    return lambda word: float(zipf_frequency(word.lower(), "en"))
