"""Allow and deny lists: what people decided about names, obeyed by the next run.

A CSV file with the columns `action` (allow, deny, or empty: not decided yet), `name`
and `concept_id` (one of them, or both), and if need be `label` and `comment`; other
columns are passed over.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from ..errors import Errors, MslmError
from ..types import CharSpan, Note
from .clusters import Clusters
from .concepts import Concept
from .labeller import Labeller
from .names import keyed, label_of, name_key

COLUMNS = ("action", "name", "concept_id", "label", "comment")
ALLOW, DENY = "allow", "deny"
ADDED = "LIST:"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: its number in the file, and `key`, the name as names are compared."""

    row: int
    action: str
    name: str = ""
    concept_id: str = ""
    label: str = ""
    key: str = ""

    def denies(self, label: str | None) -> bool:
        """Whether it takes from a concept with this label what it fits."""
        return self.action == DENY and self.label in ("", label)


@dataclass
class Lists:
    """The rules of a file in its order; `matched` are the rows that met something."""

    rules: tuple[Rule, ...] = ()
    matched: set[int] = field(default_factory=set)

    @property
    def unmatched(self) -> list[int]:
        """The numbers of the rows that met nothing so far."""
        return [rule.row for rule in self.rules if rule.row not in self.matched]

    def fitting(self, key: str, concept_id: str) -> list[Rule]:
        """The rules that this name of this concept fits, whatever their label."""
        by_key, by_concept = self._indexed
        rules = by_key.get(key, []) + by_concept.get(concept_id, [])
        return [rule for rule in rules if rule.concept_id in ("", concept_id)]

    def allowed(self, name: str, concept_id: str) -> bool:
        """Whether a row allows this name of this concept, whatever a rule says."""
        rules = self.fitting(name_key(name), concept_id)
        return any(rule.action == ALLOW for rule in rules)

    @cached_property
    def _indexed(self) -> tuple[dict[str, list[Rule]], dict[str, list[Rule]]]:
        """Rules with a name by its key, the others by concept."""
        by_key: dict[str, list[Rule]] = {}
        by_concept: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.key:
                by_key.setdefault(rule.key, []).append(rule)
            else:
                by_concept.setdefault(rule.concept_id, []).append(rule)
        return by_key, by_concept


def read_lists(path: Path, clusters: Clusters) -> Lists:
    """The rules of an allow and deny list; rows without an action are passed over.

    Raises MslmError: M256 (no such file), M257 (a row without name and concept, with
    another action, an unknown label, a name without letters, or too many fields), M258
    (missing columns), M242 (other bytes than UTF-8).
    """
    if not path.is_file():
        raise MslmError(Errors.M256.format(path=path))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as err:
        reason = type(err).__name__
        raise MslmError(
            Errors.M242.format(path=path, kind="list", reason=reason)
        ) from err
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rules, number = [], 1
    try:
        header = [title.strip().lower() for title in next(reader, [])]
        if "action" not in header or not {"name", "concept_id"} & set(header):
            got = ", ".join(header)[:200] or "nothing"
            raise MslmError(Errors.M258.format(path=path, got=got))
        for number, values in enumerate(reader, start=2):
            if not any(map(str.strip, values)):
                continue
            if len(values) != len(header):
                reason = f"{len(values)} fields, expected {len(header)}"
                raise _wrong(path, number, reason)
            row = dict(zip(header, map(str.strip, values), strict=True))
            if row["action"]:
                rules.append(_rule(path, number, row, clusters))
    except csv.Error as err:
        raise _wrong(path, number + 1, f"broken CSV, {err}") from err
    return Lists(tuple(rules))


def obeyed(
    concepts: Sequence[Concept], clusters: Clusters, lists: Lists
) -> list[Concept]:
    """The concepts as the list wants them, before rules choose names; `lists.matched`
    is filled.

    - deny: the name is taken from every concept that the row fits (all, one label's,
      or the one of the row's id); without a name the concept goes.
    - allow: the name belongs to one concept alone, and all others lose it: the one of
      the row's id, else the first that has the name and the row's label, else the first
      that has it, in the order of the labels. Where none has it, it is added to the
      concept of that id, or, with a label, as a concept of its own. Without a name, all
      names of the concept are allowed; with a label, it has that label from now on. A
      concept outside the clusters needs a label to be looked for.
    - Allow goes before deny, wherever the rows stand. That a rule may not drop an
      allowed name is for `Lists.allowed`.
    """
    by_id = {concept.concept_id: concept for concept in concepts}
    owners = _owners(by_id, clusters, lists)
    kept = []
    for concept in by_id.values():
        names = _left(concept, label_of(concept, clusters), owners, lists)
        if names:
            kept.append(replace(concept, names=names))
    return kept


def _owners(
    by_id: dict[str, Concept], clusters: Clusters, lists: Lists
) -> dict[str, str]:
    """Key of each allowed name -> id of its concept; `by_id` gets what is missing."""
    allowing = [rule for rule in lists.rules if rule.action == ALLOW]
    holders: dict[str, list[str]] = {rule.key: [] for rule in allowing if rule.key}
    for concept in by_id.values() if holders else ():
        for key in keyed(concept):
            if key in holders:
                holders[key].append(concept.concept_id)
    owners = {}
    for rule in allowing:
        concept_id = rule.concept_id or _holder(rule, holders, by_id, clusters)
        new = Concept(concept_id or ADDED + rule.key.upper(), ())
        concept = by_id.get(concept_id, new)
        if concept is new and not (rule.label and rule.name):
            continue
        label = label_of(concept, clusters)
        if rule.label and (label is None or (label != rule.label and not rule.key)):
            label = rule.label
            concept = replace(concept, type_ids=(_type_of(label, clusters),))
        if label is None:
            continue
        if rule.key:
            owners[rule.key] = concept.concept_id
            if rule.key not in map(name_key, concept.names):
                concept = replace(concept, names=(*concept.names, rule.name))
        by_id[concept.concept_id] = concept
        lists.matched.add(rule.row)
    return owners


def _holder(
    rule: Rule,
    holders: dict[str, list[str]],
    by_id: dict[str, Concept],
    clusters: Clusters,
) -> str:
    """The concept that an allowed name without id belongs to; "" where none has it."""
    places = {label: place for place, label in enumerate(clusters.labels)}
    found = [
        (places[label], place, concept_id)
        for place, concept_id in enumerate(holders.get(rule.key, ()))
        if (label := label_of(by_id[concept_id], clusters)) in places
        and rule.label in ("", label)
    ]
    return min(found)[-1] if found else ""


def _left(
    concept: Concept, label: str | None, owners: dict[str, str], lists: Lists
) -> tuple[str, ...]:
    """The names of a concept that the list leaves it."""
    kept: dict[str, str] = {}
    gone = set[str]()
    for key, name in keyed(concept).items():
        rules = lists.fitting(key, concept.concept_id)
        lists.matched.update(rule.row for rule in rules if rule.denies(label))
        lost = owners.get(key, concept.concept_id) != concept.concept_id
        if lost or _denied(rules, label):
            gone.add(key)
        else:
            kept[key] = name
    names = tuple(kept.values())
    # "Asthma (disorder)" in front would be served as "Asthma" again.
    if names and not gone.isdisjoint(keyed(replace(concept, names=names))):
        names = names[1:]
    return names


def _denied(rules: Sequence[Rule], label: str | None) -> bool:
    """Allow goes before deny."""
    denied = any(rule.denies(label) for rule in rules)
    return denied and not any(rule.action == ALLOW for rule in rules)


class ListedLabeller(Labeller):
    """The spans of another labeller without those that a list denies: by the words
    that stand in the text, by concept and by label."""

    def __init__(self, inner: Labeller, lists: Lists) -> None:
        self.inner = inner
        self.name = inner.name
        self.lists = lists

    def find(self, note: Note) -> Iterator[CharSpan]:
        for span in self.inner.find(note):
            key = name_key(note.text[span.start : span.end])
            rules = self.lists.fitting(key, span.concept_id)
            if not _denied(rules, span.label):
                yield span


def _type_of(label: str, clusters: Clusters) -> str:
    """A semantic type of a label."""
    types = [*clusters.by_id.items(), *clusters.by_name.items()]
    return next(type_id for type_id, its_label in types if its_label == label)


def _rule(path: Path, number: int, row: dict[str, str], clusters: Clusters) -> Rule:
    action, name = row["action"].lower(), row.get("name", "")
    concept_id, label = row.get("concept_id", ""), row.get("label", "")
    reason = ""
    if action not in (ALLOW, DENY):
        reason = f"the action is neither '{ALLOW}' nor '{DENY}'"
    elif not name and not concept_id:
        reason = "neither a name nor a concept_id"
    elif name and not name_key(name):
        reason = "a name without letters or digits"
    elif label and label not in clusters.labels:
        reason = f"no such label, there are {', '.join(clusters.labels)}"
    if reason:
        raise _wrong(path, number, reason)
    return Rule(number, action, name, concept_id, label, name_key(name))


def _wrong(path: Path, row: int, reason: str) -> MslmError:
    return MslmError(Errors.M257.format(path=path, row=row, reason=reason))
