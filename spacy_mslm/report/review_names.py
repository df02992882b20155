"""Names as they were found, counted note by note; names and numbers, no notes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..scoring.unseen import surface
from .review_context import context

# A terminology bounds the names that are found; this bounds memory where none does.
LIMIT = 200_000
_NEXT_WORDS = 24


@dataclass(slots=True)
class NameCount:
    """One name under one label, over all notes.

    `capitals` … `office` count the finds that have this mark (`Context`), `after` the
    words that follow. `alone`: no other source marks anything there; `contested`: one
    marks it otherwise. `judged` finds lie in notes with gold, `wrong` of them are not
    in it. `concepts` counts them by (source, concept id): ids of two sources may be of
    two terminologies.
    """

    count: int = 0
    notes: int = 0
    capitals: int = 0
    headings: int = 0
    measures: int = 0
    office: int = 0
    alone: int = 0
    contested: int = 0
    judged: int = 0
    wrong: int = 0
    concepts: dict[tuple[str, str], int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    last: int = -1

    @property
    def concept_ids(self) -> list[str]:
        """Its concepts, the commonest first."""
        ordered = sorted(self.concepts.items(), key=lambda item: (-item[1], item[0]))
        return list(dict.fromkeys(concept for (_, concept), _ in ordered if concept))

    @property
    def ambiguity(self) -> int:
        """The most concepts that one source sees in it."""
        sources = Counter(source for source, concept in self.concepts if concept)
        return max(sources.values(), default=0)


Key = tuple[str, str]  # label, name: lower-cased, one space for each white space


@dataclass
class NameTable:
    """Every name found, up to `limit` of them; beyond that the rarest are forgotten,
    and how many finds that were is counted by label."""

    limit: int = LIMIT
    entries: dict[Key, NameCount] = field(default_factory=dict)
    forgotten: Counter[str] = field(default_factory=Counter)

    def find(self, text: str, start: int, end: int, label: str) -> NameCount:
        """The entry of what stands at these offsets, this find counted in it, but for
        what needs more than the text (`notes`, `alone` … `sources`)."""
        entry = self._entry((label, surface(text[start:end])))
        around = context(text, start, end)
        entry.count += 1
        entry.capitals += around.capitals
        entry.headings += around.heading
        entry.measures += around.measure
        entry.office += around.office
        if around.after:
            _count_word(entry.after, around.after)
        return entry

    def _entry(self, key: Key) -> NameCount:
        entry = self.entries.get(key)
        if entry is None:
            if len(self.entries) >= self.limit:
                self._forget()
            entry = self.entries[key] = NameCount()
        return entry

    def _forget(self) -> None:
        """Drop the rarest entries, at least half of them; the later of equals."""
        keys = list(self.entries)
        keys.sort(key=lambda key: -self.entries[key].count)
        for key in keys[self.limit // 2 :]:
            self.forgotten[key[0]] += self.entries.pop(key).count

    def of(self, label: str) -> list[tuple[str, NameCount]]:
        """The names of a label, the commonest first."""
        found = [
            (name, entry) for (of, name), entry in self.entries.items() if of == label
        ]
        return sorted(found, key=lambda item: (-item[1].count, item[0]))

    def concepts(self, label: str) -> list["ConceptCount"]:
        """The concepts of a label, the commonest first; spans without one left out."""
        made: dict[str, ConceptCount] = {}
        for name, entry in self.of(label):
            for (_, concept_id), count in entry.concepts.items():
                if concept_id:
                    about = made.setdefault(concept_id, ConceptCount(concept_id))
                    about.count += count
                    if name not in about.names[-1:]:
                        about.names.append(name)
        return sorted(made.values(), key=lambda about: (-about.count, about.concept_id))

    def labels_of(self, name: str, labels: Iterable[str]) -> dict[str, int]:
        """Label -> how often the name is found under it."""
        return {
            label: self.entries[label, name].count
            for label in labels
            if (label, name) in self.entries
        }


@dataclass(slots=True)
class ConceptCount:
    """A concept and the names it was found by, the commonest first."""

    concept_id: str
    count: int = 0
    names: list[str] = field(default_factory=list)


def _count_word(words: dict[str, int], word: str) -> None:
    """Count a word; where there are too many, those seen once make room."""
    if word not in words and len(words) >= _NEXT_WORDS:
        for once in [w for w, n in words.items() if n == 1]:
            del words[once]
        if len(words) >= _NEXT_WORDS:
            return
    words[word] = words.get(word, 0) + 1
