"""Several sources -> one list of concepts: what is the same is one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ...errors import Errors, MslmError
from ...types import DropCounts
from ..clusters import Clusters
from ..concepts import Concept
from ..names import name_key
from .entries import Context, Entry, Source
from .kinds import KINDS
from .normalise import normalise

BY_ID, BY_CUI, BY_NAME = "same id", "same UMLS concept", "same preferred name"
BY_INGREDIENT, OTHER_LABEL = "same ingredient", "of these, another label"


@dataclass(frozen=True)
class Read:
    """What came of one source: `kept` concepts and names as read, `new` those concepts
    that no earlier source had, and what was left out."""

    kept: int
    names: int
    new: int
    drops: DropCounts


@dataclass
class _Record:
    """A concept while it is put together; `names` by their lower-cased form."""

    concept_id: str
    types: tuple[str, ...]
    label: str | None
    names: dict[str, str] = field(default_factory=dict)


def gather(
    sources: Sequence[Source], clusters: Clusters
) -> tuple[list[Concept], list[Read], DropCounts]:
    """Read all sources. RETURNS: the concepts in the order of their first source, what
    each source gave, and how often concepts of several sources were joined.

    Names are normalised; of names that differ in letter case only the first stays.
    A concept is joined to one of an earlier source that has, in this order,

    - the same id;
    - the same UMLS CUI, where no second concept of either source claims that CUI;
    - the same preferred name, compared as `name_key` does, and the same label, where
      no second concept of either source has it;
    - for entries that hang on a name: that name, and the same label.

    The earlier one gives id, preferred name and types; the later one gives names, and
    types where the earlier one lies outside the clusters. Two concepts of one source
    are never joined but by id. An id that one source leaves out on purpose (obsolete,
    the ontology's top) is left out of the later ones too.

    Raises MslmError as the readers, and M245 for a source without any concept.
    """
    merger = _Merger(clusters)
    reads = []
    for source in sources:
        drops = DropCounts()
        kind = KINDS[source.kind]
        context = Context(clusters.label_of, drops, kind.options)
        read = merger.add(kind.read(source, context), drops)
        if not read.kept:
            left_out = sorted(item for item in drops.items() if item[1])
            shown = ", ".join(f"{n} x {reason}" for reason, n in left_out)
            name = source.paths[0].name
            raise MslmError(
                Errors.M245.format(
                    kind=source.kind, name=name, drops=shown or "nothing"
                )
            )
        reads.append(read)
    for counts in (merger.joined, *(read.drops for read in reads)):
        for reason in [reason for reason, number in counts.items() if not number]:
            del counts[reason]
    return merger.concepts(), reads, merger.joined


class _Merger:
    def __init__(self, clusters: Clusters) -> None:
        self.joined = DropCounts()
        self._clusters = clusters
        self._labels: dict[tuple[str, ...], str | None] = {}
        self._records: dict[str, _Record] = {}
        self._gone: set[str] = set()
        # CUI, label and preferred name -> id of the one concept that has it, or None.
        self._by_cui: dict[str, str | None] = {}
        self._by_name: dict[tuple[str | None, str], str | None] = {}
        self._by_any: dict[tuple[str | None, str], str] = {}

    def add(self, entries: Iterable[Entry], drops: DropCounts) -> Read:
        """Join one source's entries to what is there, or add them."""
        held = [clean for entry in entries if (clean := self._cleaned(entry, drops))]
        claims = Counter(cui for entry in held for cui in set(entry.cuis))
        preferred = Counter(name_key(entry.concept.names[0]) for entry in held)
        before, names = set(self._records), 0
        homes = []
        for each in held:
            record, entry = self._same(each, claims, preferred, before)
            concept = entry.concept
            if record is None:
                label = self._label(concept.type_ids)
                record = _Record(concept.concept_id, concept.type_ids, label)
                self._records[concept.concept_id] = record
            elif record.label is None and concept.type_ids:
                record.types = concept.type_ids
                record.label = self._label(record.types)
            for name in concept.names:
                record.names.setdefault(name.casefold(), name)
            if self._by_any:
                self._claim(record)
            names += len(concept.names)
            homes.append((entry, record.concept_id))
        # Afterwards, so that concepts of one source are not joined to each other.
        for entry, concept_id in homes:
            self._index(entry, concept_id)
        return Read(len(held), names, len(self._records) - len(before), drops)

    def concepts(self) -> list[Concept]:
        """All concepts, as they are now."""
        return [
            Concept(record.concept_id, tuple(record.names.values()), record.types)
            for record in self._records.values()
        ]

    def _cleaned(self, entry: Entry, drops: DropCounts) -> Entry | None:
        """The entry with normalised names, the first of each lower-cased form."""
        concept = entry.concept
        if not concept.names:
            self._gone.add(concept.concept_id)
            return None
        if concept.concept_id in self._gone:
            drops["concept that another source left out"] += 1
            return None
        names: dict[str, str] = {}
        for name in concept.names:
            clean = normalise(name)
            if not clean:
                drops["name without letters or digits"] += bool(name.strip())
            elif names.setdefault(clean.casefold(), clean) != clean:
                drops["name again in other letters"] += 1
        if not names:
            drops["concept without a name"] += 1
            return None
        clean_concept = Concept(
            concept.concept_id, tuple(names.values()), concept.type_ids
        )
        return Entry(clean_concept, entry.cuis, entry.hangs_on)

    def _same(
        self,
        entry: Entry,
        claims: Counter[str],
        preferred: Counter[str],
        before: set[str],
    ) -> tuple[_Record | None, Entry]:
        """The record that an entry is joined to, and the entry as it is joined.
        `before`: ids of the concepts of earlier sources."""
        concept = entry.concept
        if concept.concept_id in self._records:
            self.joined[BY_ID] += concept.concept_id in before
            return self._records[concept.concept_id], entry
        label = self._label(concept.type_ids)
        if entry.hangs_on:
            return self._hung(entry, label, before)
        leads = {self._by_cui.get(c, "") for c in entry.cuis if claims[c] == 1} - {""}
        found, how = leads.pop() if len(leads) == 1 else None, BY_CUI
        key = name_key(concept.names[0])
        if found is None and label and preferred[key] == 1:
            found, how = self._by_name.get((label, key)), BY_NAME
        if found is None:
            return None, entry
        record = self._records[found]
        self.joined[how] += 1
        self.joined[OTHER_LABEL] += bool(label and record.label not in (None, label))
        return record, entry

    def _hung(
        self, entry: Entry, label: str | None, before: set[str]
    ) -> tuple[_Record | None, Entry]:
        """The first concept of this label with one of the names it hangs on. What it
        hangs on less well is no name of it: an ingredient found with its salt is not
        called by what is left without."""
        if not self._by_any:
            for record in self._records.values():
                self._claim(record)
        concept = entry.concept
        for place, name in enumerate(entry.hangs_on, start=1):
            found = self._by_any.get((label, name_key(name)))
            if found is not None:
                self.joined[BY_INGREDIENT] += found in before
                worse = set(entry.hangs_on[place:])
                names = tuple(name for name in concept.names if name not in worse)
                return self._records[found], Entry(replace(concept, names=names))
        return None, entry

    def _claim(self, record: _Record) -> None:
        for name in record.names.values():
            self._by_any.setdefault((record.label, name_key(name)), record.concept_id)

    def _index(self, entry: Entry, concept_id: str) -> None:
        for cui in dict.fromkeys(entry.cuis):
            if self._by_cui.setdefault(cui, concept_id) != concept_id:
                self._by_cui[cui] = None
        key = self._records[concept_id].label, name_key(entry.concept.names[0])
        if self._by_name.setdefault(key, concept_id) != concept_id:
            self._by_name[key] = None

    def _label(self, types: tuple[str, ...]) -> str | None:
        if types not in self._labels:
            of_types = dict.fromkeys(types, "")
            self._labels[types] = self._clusters.label_of_types(of_types)
        return self._labels[types]
