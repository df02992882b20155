"""What medicine calls a disease, and findings that a terminology has only with a place.

A symptom ontology also holds diseases ("heart failure", "myocarditis"), which UMLS
types as Disease or Syndrome; and it holds "abdominal mass" and "pelvic mass" without
"mass". Both are read off the words of the names.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from .concepts import Concept
from .dangers import GENERIC
from .names import name_key
from .semantic_types import DISEASE, SYMPTOM

HEAD_ID = "HEAD:"
_DISEASE_HEAD = re.compile(
    r"(?:\w*(?:itis|pathy|cytopenia|fibrosis|thrombosis|sclerosis)|failure|fibrillation"
    r"|effusion|shock|infarction|embolism|arrhythmia|delay|disorder|syndrome|disease"
    r"|infection)"
)
_TOO_COMMON = 5.0
_LEAST_PLACES = 2
_LONGEST = 3
_LINKS = frozenset({"of", "the", "in", "to", "with", "and", "or"})


def retyped(concepts: Iterable[Concept]) -> tuple[list[Concept], int]:
    """Symptoms whose preferred name ends in a word for a disease as diseases.

    RETURNS (tuple): the concepts, and how many of them changed.
    """
    made, changed = [], 0
    for concept in concepts:
        if SYMPTOM in concept.type_ids and _is_disease(concept.names):
            types = (DISEASE if t == SYMPTOM else t for t in concept.type_ids)
            concept = replace(concept, type_ids=tuple(dict.fromkeys(types)))
            changed += 1
        made.append(concept)
    return made, changed


def _is_disease(names: Sequence[str]) -> bool:
    words = names[0].lower().split() if names else []
    return bool(words) and _DISEASE_HEAD.fullmatch(words[-1]) is not None


def bare_findings(
    concepts: Iterable[Concept], zipf: Callable[[str], float]
) -> list[Concept]:
    """Symptoms without their place: "mass" out of "abdominal mass" and "pelvic mass".

    A word becomes a name when it ends at least two names of symptoms after words that
    also stand before a symptom with a name of its own ("abdominal", for there are
    "abdominal pain" and "pain"), at least half of all the words it ends, and when it is
    neither a name already nor an everyday word (Zipf frequency of 5 and more: "loss").
    """
    names, places = set[str](), defaultdict[str, set[str]](set)
    for concept in concepts:
        symptom = SYMPTOM in concept.type_ids
        for words in (name_key(name).split("~") for name in concept.names):
            names.add("~".join(words))
            if symptom and 1 < len(words) <= _LONGEST and not _LINKS & {*words}:
                places[words[-1]].add(words[-2])
    named = names | GENERIC
    proven = {place for head in places if head in named for place in places[head]}
    return [
        Concept(f"{HEAD_ID}{head}", (head,), (SYMPTOM,))
        for head, before in sorted(places.items())
        if head not in named
        and head.isalpha()
        and len(before & proven) >= max(_LEAST_PLACES, len(before) / 2)
        and zipf(head) < _TOO_COMMON
    ]
