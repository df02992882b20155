"""A concept table as a labeller of its own: longest match of its names, on word edges.

No disambiguation and no training: what MedCAT is compared with, and many times as fast.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .clusters import Clusters
from .concepts import Concept
from .edges import crosses_an_end
from .folding import folded
from .labeller import Labeller
from .names import label_of, servable

SOURCE = "dictionary"
_WORD = re.compile(r"[^\W_]+")
_BLANK_LINE = re.compile(r"(?:\r\n?|\n)[^\S\r\n]*(?:\r\n?|\n)")
# What may stand between two words of any name, beside blanks.
_JOINTS = frozenset(("", "-", "\u2010", "\u2011", "\u2013", "'", "\u2019"))
_ACRONYM_LETTERS = 5
_VOWELS = frozenset("AEIOUY")

# A word in lower case with its place in the text.
_Words = list[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class _Name:
    """`joints`: what stands between its words; `exact`: the one way to write it."""

    label: str
    concept_id: str
    joints: tuple[str, ...]
    exact: str


class DictionaryLabeller(Labeller):
    """Finds the names of a concept table that `names.servable` chooses.

    Words are compared without letter case and without marks (é: e). Between two of
    them stand blanks, a hyphen or an apostrophe, or the mark that the name has there
    ("type-2 diabetes" is "type 2 diabetes"); never a blank line, nor the end of a list
    item.

    A name of one word of at most five letters, all capitals, is an acronym. With a
    vowel it may be an everyday word (ALL, AIDS), and is found in capitals alone;
    without one (HTN) it is found in any letter case. A small plural s may follow.

    Each span is the longest name from its first word on, and none lies inside
    another. Raises MslmError (M281) where no name is left to find.
    """

    name = SOURCE

    def __init__(
        self,
        concepts: Sequence[Concept],
        clusters: Clusters,
        *,
        source: str = "the concept table",
        drops: DropCounts | None = None,
    ) -> None:
        drops = DropCounts() if drops is None else drops
        self._names: dict[str, list[_Name]] = {}
        lengths: dict[str, set[int]] = {}
        for concept in servable(concepts, clusters, drops):
            for name in concept.names:
                for words, entry in _forms(concept, name, clusters):
                    self._names.setdefault(" ".join(words), []).append(entry)
                    if len(words) > 1:
                        lengths.setdefault(" ".join(words[:2]), set()).add(len(words))
        if not self._names:
            raise MslmError(Errors.M281.format(path=source))
        # By two words, as many names begin with "left" and few with "left bundle".
        self._lengths = {pair: sorted(n, reverse=True) for pair, n in lengths.items()}
        self._openers = {pair.partition(" ")[0] for pair in lengths}
        found = {entry.label for entries in self._names.values() for entry in entries}
        self.labels = tuple(label for label in clusters.labels if label in found)

    def find(self, note: Note) -> Iterator[CharSpan]:
        text = folded(note.text)
        words = [(m[0], m.start(), m.end()) for m in _WORD.finditer(_lower(text))]
        last = 0
        for first, (word, start, end) in enumerate(words):
            entry = None
            if word in self._openers:
                entry, end = self._longest(text, words, first)
            if entry is None and word in self._names:
                entry, end = self._match(text, words[first : first + 1])
            if entry is not None and end > last:
                last = end
                label, concept_id = entry.label, entry.concept_id
                yield CharSpan(start, end, label, self.name, concept_id)

    def _longest(
        self, text: str, words: _Words, first: int
    ) -> tuple[_Name | None, int]:
        """The longest name of several words from the word `first` on, and its end."""
        pair = " ".join([word for word, _, _ in words[first : first + 2]])
        for length in self._lengths.get(pair, ()):
            entry, end = self._match(text, words[first : first + length])
            if entry is not None:
                return entry, end
        return None, 0

    def _match(self, text: str, words: _Words) -> tuple[_Name | None, int]:
        """The first name of the table that these words of the text are."""
        entries = self._names.get(" ".join([word for word, _, _ in words]))
        if entries is None:
            return None, 0
        start, end = words[0][1], words[-1][2]
        joints = [text[left[2] : right[1]] for left, right in pairwise(words)]
        if joints and (crosses_an_end(text[start:end]) or _parted(joints)):
            return None, 0
        bare = [joint.strip() for joint in joints]
        for entry in entries:
            written = not entry.exact or text[start:end] == entry.exact
            if written and all(map(_joined, bare, entry.joints)):
                return entry, end
        return None, 0


def _forms(
    concept: Concept, name: str, clusters: Clusters
) -> Iterator[tuple[list[str], _Name]]:
    """A name as its words in lower case; an acronym as its plural too."""
    label = label_of(concept, clusters)
    name = folded(name)
    found = list(_WORD.finditer(name))
    if label is None or not found:
        return
    joints = tuple(
        name[left.end() : right.start()].strip() for left, right in pairwise(found)
    )
    words = [word[0] for word in found]
    lower = [_lower(word) for word in words]
    if len(words) > 1 or not _is_acronym(words[0]):
        yield lower, _Name(label, concept.concept_id, joints, "")
        return
    everyday = not _VOWELS.isdisjoint(words[0])
    for form in (words[0], f"{words[0]}s"):
        exact = form if everyday else ""
        yield [_lower(form)], _Name(label, concept.concept_id, (), exact)


def _is_acronym(word: str) -> bool:
    letters = sum(map(str.isalpha, word))
    return word.isupper() and letters <= _ACRONYM_LETTERS


def _joined(found: str, wanted: str) -> bool:
    return found in _JOINTS or found == wanted


def _parted(joints: Sequence[str]) -> bool:
    return any(_BLANK_LINE.search(joint) for joint in joints)


def _lower(text: str) -> str:
    """`text` in lower case, character by character, so that offsets stay."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
