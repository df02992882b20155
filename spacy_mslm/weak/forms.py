"""Words that no terminology lists and whose form says what they are.

"-megaly", "-algia" and their kin name findings, "-itis", "-sarcoma" and theirs
diseases: the Greek and Latin of medicine, not a list of words. So does an adjective of
place or cause before a word for a disease: "hepatic disease", "systolic dysfunction".
"""

import re
from collections.abc import Iterator

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

_DISEASE_WORD = re.compile(
    r"\b(?:infections?|dysfunction|insufficiency|deficiency|diseases?|disorders?"
    r"|syndrome|failure|pathology|illness)\b",
    re.IGNORECASE,
)
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


def forms(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and semantic type (T184 or T047) of each such word and phrase."""
    for found in _WORD.finditer(text):
        word = found.group().lower()
        stem = word[:-1] if word.endswith("s") and not word.endswith("is") else word
        if stem.endswith(_BOTH) or word.endswith(_BOTH):
            kind = SYMPTOM if stem.endswith(_FINDINGS) else DISEASE
            if word not in _NOT:
                yield found.start(), found.end(), kind
    for found in _DISEASE_WORD.finditer(text):
        first = max(0, found.start() - _REACH)
        place = _PLACE.search(text[first : found.start()])
        if place is not None:
            yield first + place.start(), found.end(), DISEASE
