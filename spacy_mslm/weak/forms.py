"""Words that no terminology lists and whose form says what they are.

"-megaly", "-algia" and their kin name findings, "-itis", "-sarcoma" and theirs
diseases: the Greek and Latin of medicine, not a list of words. So does an adjective of
place or cause before a word for a disease: "hepatic disease", "systolic dysfunction".
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from .semantic_types import DISEASE, SYMPTOM

_FINDINGS = (
    "megaly", "algia", "dynia", "uria", "pnea", "pnoea", "rrhea", "rrhoea", "rrhage",
    "plegia", "paresis", "kinesia", "kinesis", "phasia", "phagia", "cardia", "penia",
    "ptysis", "staxis", "emesis", "natremia", "natraemia", "kalemia", "kalaemia",
    "calcemia", "calcaemia", "glycemia", "glycaemia", "tension",
)  # fmt: skip
_DISEASES = (
    "itis", "pathy", "pathies", "carcinoma", "sarcoma", "blastoma", "adenoma",
    "lymphoma", "myeloma", "cytoma", "sclerosis", "ectasis",
)  # fmt: skip
_BOTH = _FINDINGS + _DISEASES
# Words of these endings that are none.
_NOT = frozenset({"cardioplegia", "sympathy", "empathy", "apathy", *_BOTH})
_WORD = re.compile(r"\w{6,}")

# What is a disease by the place or cause before it.
_PLACED = frozenset({
    "infection", "infections", "dysfunction", "insufficiency", "deficiency", "disease",
    "diseases", "disorder", "disorders", "syndrome", "failure", "pathology", "illness",
})  # fmt: skip
_NO_PLACE = (
    "abnormal", "acute", "additional", "chronic", "clinical", "critical", "final",
    "general", "hereditary", "initial", "local", "massive", "normal", "other",
    "previous", "primary", "progressive", "residual", "secondary", "serious", "several",
    "special", "systemic", "typical", "usual", "various",
)  # fmt: skip
_PLACE = re.compile(
    rf"(?:\b(?!(?:{'|'.join(_NO_PLACE)})\b)[\w-]{{2,30}}(?:ic|al|ar|ary|ous|ory)[ ])+"
    r"(?:(?:artery|valve|duct|tract|cell)[ ])?$",
    re.IGNORECASE,
)
_REACH = 80
_AFTER_PLACE = "disease after its place"


def forms(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and semantic type (T184 or T047) of each such word and phrase."""
    for found in _WORD.finditer(text):
        kind = _kind(found.group())
        if not kind:
            continue
        start, end = found.span()
        if kind != _AFTER_PLACE:
            yield start, end, kind
            continue
        first = max(0, start - _REACH)
        place = _PLACE.search(text[first:start])
        if place is not None:
            yield first + place.start(), end, DISEASE


@lru_cache(1 << 16)
def _kind(word: str) -> str:
    word = word.lower()
    if word in _PLACED:
        return _AFTER_PLACE
    stem = word[:-1] if word.endswith("s") and not word.endswith("is") else word
    if word in _NOT or not (stem.endswith(_BOTH) or word.endswith(_BOTH)):
        return ""
    return SYMPTOM if stem.endswith(_FINDINGS) else DISEASE
