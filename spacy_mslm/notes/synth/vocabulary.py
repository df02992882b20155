"""What synthetic notes can mention: the caller's concepts and the absent ones.

Each concept belongs to one part by the hash of its id alone, so that a concept added
to the table moves no other: `train` (also used by dev notes) or `test`. The two parts
share no surface form.
"""

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from random import Random

from ...errors import Errors, MslmError
from .deck import MentionKind
from .misspell import can_misspell, misspell

TEST_SHARE = 0.3
TRAIN, TEST = PARTS = ("train", "test")
LABELS = ("Treatments", "Diseases", "Symptoms")
_TRIES = 50


@dataclass(frozen=True, slots=True)
class SynthConcept:
    """A concept that notes may name: `names` hold the preferred one first."""

    concept_id: str
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A surface form of a concept, as it may be written."""

    concept_id: str
    surface: str


def is_abbreviation(name: str) -> bool:
    """One word of 3 to 8 characters, two thirds of its letters upper-case."""
    letters = [letter for letter in name if letter.isalpha()]
    upper = sum(letter.isupper() for letter in letters)
    one_word = 3 <= len(name) <= 8 and not any(char.isspace() for char in name)
    return one_word and upper >= 2 and 3 * upper >= 2 * len(letters)


def absent_concepts() -> list[SynthConcept]:
    """The generator's own concepts, which the project's table must not hold."""
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    file = resources.files(__package__).joinpath("absent.csv")
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        names[row["concept_id"], row["label"]].append(row["name"])
    return [SynthConcept(*key, tuple(found)) for key, found in names.items()]


class Vocabulary:
    """The choices of one part: by label and by kind of mention.

    RAISES [M152], [M153]: the concepts cannot give the mentions that notes need.
    """

    def __init__(self, part: str, concepts: Sequence[SynthConcept]) -> None:
        self._part = part
        self._known = {_key(name) for concept in concepts for name in concept.names}
        self._choices: dict[tuple[str, MentionKind], list[Choice]] = defaultdict(list)
        self._by_concept: dict[tuple[str, MentionKind, str], list[Choice]] = {}
        owners = Counter(
            name for concept in concepts for name in set(map(_key, concept.names))
        )
        for kind, choice, label in _all_choices(concepts, self._known):
            unique = owners[_key(choice.surface)] <= 1
            if unique and _part_of(choice.concept_id) == part:
                self._choices[label, kind].append(choice)
                place = (label, kind, choice.concept_id)
                self._by_concept.setdefault(place, []).append(choice)
        self._check()

    def kinds(self, label: str) -> list[MentionKind]:
        """The kinds of mention that `label` can have."""
        return [kind for kind in MentionKind if self._choices[label, kind]]

    def concept_ids(self, label: str) -> list[str]:
        """The ids of the table's concepts of `label`, in order."""
        plain = self._choices[label, MentionKind.PLAIN]
        return list(dict.fromkeys(choice.concept_id for choice in plain))

    def choose(
        self, label: str, kind: MentionKind, favourites: Sequence[str], rng: Random
    ) -> Choice:
        """A choice of that label and kind, of `favourites` where there are some."""
        liked = [
            choice
            for concept_id in favourites
            for choice in self._by_concept.get((label, kind, concept_id), ())
        ]
        return rng.choice(liked or self._choices[label, kind])

    def slip(self, choice: Choice, rng: Random, taken: dict[str, str]) -> Choice:
        """`choice` misspelt; `taken` keeps the parts from sharing a misspelling."""
        for _ in range(_TRIES):
            wrong = misspell(choice.surface, rng)
            key = _key(wrong)
            if key in self._known or taken.setdefault(key, self._part) != self._part:
                continue
            return Choice(choice.concept_id, wrong)
        raise AssertionError("a name of six letters or more has a free misspelling")

    def _check(self) -> None:
        for label in LABELS:
            if not self._choices[label, MentionKind.PLAIN]:
                raise MslmError(Errors.M152.format(label=label, part=self._part))
        for kind in MentionKind:
            if not any(self._choices[label, kind] for label in LABELS):
                raise MslmError(Errors.M153.format(kind=kind, part=self._part))


def _all_choices(
    concepts: Sequence[SynthConcept], known: set[str]
) -> Iterator[tuple[MentionKind, Choice, str]]:
    for concept in concepts:
        for name in concept.names:
            choice = Choice(concept.concept_id, name)
            if is_abbreviation(name):
                yield MentionKind.ABBREVIATION, choice, concept.label
                continue
            yield MentionKind.PLAIN, choice, concept.label
            if can_misspell(name):
                yield MentionKind.MISSPELT, choice, concept.label
    for concept in absent_concepts():
        for name in concept.names:
            if _key(name) not in known:
                choice = Choice(concept.concept_id, name)
                yield MentionKind.ABSENT, choice, concept.label


def _key(name: str) -> str:
    """How a matcher that ignores case, blanks and punctuation would see `name`."""
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


def _part_of(concept_id: str) -> str:
    digest = hashlib.blake2b(concept_id.encode(), digest_size=8).digest()
    return TEST if int.from_bytes(digest) < TEST_SHARE * 2**64 else TRAIN
