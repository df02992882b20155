"""Names as MedCAT's regex tokenizer sees them, and which of them can be served.

An untrained MedCAT silently drops every name that two concepts share, and never
finds a very short one. Both are decided here instead, where they can be counted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..types import DropCounts
from .clusters import Clusters
from .concepts import Concept
from .folding import folded
from .semantic_types import DISEASE, SYMPTOM

# MedCAT 2.9: tokens of the regex tokenizer, and what its tagger skips.
_TOKEN = re.compile(r"[^a-zA-Z0-9\s]+|\b\w+\b|\S+")
_KEPT_MARKS = {".", ":"}
_SKIPPED_WORDS = {"nos"}
_PARENTHESIS = re.compile(r"\s\([a-zA-Z]+[^)(]*\)$")
MIN_NAME_LENGTH = 3
_MIN_LETTERS = 2
# Two things with one short name are seldom one thing.
_NO_ACRONYM = 6
_MIN_WITHOUT_PARENTHESIS = 5


def name_key(name: str) -> str:
    """The form in which names are compared: lower-cased words joined by `~`.

    Punctuation is skipped, so "type-2 diabetes" and "type 2 diabetes" are one; so are
    "Sjögren" and "Sjogren".
    """
    words = []
    for word in _TOKEN.findall(folded(name)):
        lower = word.lower()
        ascii_start = lower[0].isascii() and lower[0].isalnum()
        if (ascii_start or word in _KEPT_MARKS) and lower not in _SKIPPED_WORDS:
            words.append(lower)
    return "~".join(words)


def servable(
    concepts: Sequence[Concept], clusters: Clusters, drops: DropCounts
) -> list[Concept]:
    """The concepts in the clusters, with the names that point to one label.

    - A name shared by concepts of different labels, or by one in and one outside the
      clusters, goes to the label whose concepts prefer it, if that is one label; to the
      findings (T184), if they and diseases (T047) alone prefer it, as "anemia" is both;
      and is dropped otherwise: "name shared by several labels".
    - A name shared within one label keeps that label, which is sure, and the first
      concept that prefers it, or the first that has it: "name shared by several
      concepts".
    - Dropped besides: names under three characters ("name too short") and names of
      which MedCAT sees a part only, e.g. "β-blocker" ("name cut by the tokenizer").
    """
    labels = [label_of(concept, clusters) for concept in concepts]
    keys = [keyed(concept) for concept in concepts]
    both = clusters.label_of(SYMPTOM), clusters.label_of(DISEASE)
    owner = _owners(keys, labels, both)
    kept = []
    for index, (concept, label) in enumerate(zip(concepts, labels, strict=True)):
        if label is None:
            drops["concept outside the clusters"] += 1
            continue
        names = []
        for key, name in keys[index].items():
            if reason := _unfit(key, name):
                drops[reason] += 1
            elif owner[key] is None:
                drops["name shared by several labels"] += 1
            elif owner[key] != index:
                drops["name shared by several concepts"] += 1
            else:
                names.append(name)
        if names:
            kept.append(replace(concept, names=tuple(names)))
        else:
            drops["concept without a name left"] += 1
    return kept


def label_of(concept: Concept, clusters: Clusters) -> str | None:
    """The label of a concept by its types; None outside the clusters."""
    return clusters.label_of_types(dict.fromkeys(concept.type_ids, ""))


def keyed(concept: Concept) -> dict[str, str]:
    """Key -> name, the preferred name first and also without its "(disorder)"."""
    names = list(concept.names)
    bare = _PARENTHESIS.sub("", names[0])
    if len(bare) >= _MIN_WITHOUT_PARENTHESIS:
        names.insert(1, bare)
    keyed: dict[str, str] = {}
    for name in names:
        keyed.setdefault(name_key(name), name)
    return keyed


def _owners(
    keys: Iterable[dict[str, str]],
    labels: Iterable[str | None],
    both: tuple[str | None, str | None],
) -> dict[str, int | None]:
    """Key -> index of the concept that keeps the name, None where nobody does. `both`:
    the labels of findings and of diseases."""
    claims: dict[str, list[tuple[bool, int, str | None]]] = {}
    for index, (names, label) in enumerate(zip(keys, labels, strict=True)):
        for place, key in enumerate(names):
            claims.setdefault(key, []).append((place > 0, index, label))
    return {key: _owner(key, of, both) for key, of in claims.items()}


def _owner(
    key: str,
    claims: Sequence[tuple[bool, int, str | None]],
    both: tuple[str | None, str | None],
) -> int | None:
    if len({label for *_, label in claims}) > 1:
        claims = [claim for claim in claims if not claim[0]]
    tied = {label for *_, label in claims} == {*both} and None not in both
    if tied and len(key) >= _NO_ACRONYM:
        claims = [claim for claim in claims if claim[2] == both[0]]
    return min(claims)[1] if len({label for *_, label in claims}) == 1 else None


def _unfit(key: str, name: str) -> str:
    letters = sum(char.isascii() and char.isalpha() for char in key)
    if len(key) < MIN_NAME_LENGTH or letters < _MIN_LETTERS:
        return "name too short"
    if sum(map(str.isalpha, key)) < sum(map(str.isalpha, name.lower())) and not (
        _SKIPPED_WORDS & set(name.lower().split())
    ):
        return "name cut by the tokenizer"
    return ""
