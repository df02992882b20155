"""Names that mean exactly one concept: what `kb_id_` of a predicted entity rests on.

Stricter than `names.servable`, which gives a name that several concepts of one label
share to the first of them: enough for its label, too little for its concept.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Errors, MslmError
from ..types import DropCounts
from .concepts import Concept
from .names import MIN_NAME_LENGTH, keyed, name_key

if TYPE_CHECKING:
    from .medcat import MedcatLabeller

NAMES = "names.jsonl"
SHARED = "name of several concepts"
SHORT = "name too short"
AMBIGUOUS = "name to be told apart by context"
_NEEDS_CONTEXT = "N"
_SEPARATOR = "~"

Name = tuple[str, str]  # key, concept id


def table_names(
    concepts: Sequence[Concept], served: Sequence[Concept], drops: DropCounts
) -> Iterator[Name]:
    """Names of the concepts served that no other concept of the table has, by key."""
    holders = Counter(key for concept in concepts for key in keyed(concept))
    ids = {
        name_key(name): concept.concept_id
        for concept in served
        for name in concept.names
    }
    for key in sorted(ids):
        if holders[key] > 1:
            drops[SHARED] += 1
        else:
            yield key, ids[key]


def pack_names(labeller: "MedcatLabeller", drops: DropCounts) -> Iterator[Name]:
    """The same of a model pack: names of concepts in the clusters, by key.

    Its database holds each name with the concepts that have it; one at a time.
    """
    cdb = labeller.cat.cdb
    for name in sorted(cdb.name2info):
        concepts: Mapping[str, str] = cdb.name2info[name]["per_cui_status"]
        if labeller.labels.keys().isdisjoint(concepts):
            continue
        if len(name) < MIN_NAME_LENGTH:
            drops[SHORT] += 1
        elif len(concepts) > 1:
            drops[SHARED] += 1
        elif _NEEDS_CONTEXT in concepts.values():
            drops[AMBIGUOUS] += 1
        else:
            (concept_id,) = concepts
            yield name.replace(cdb.config.general.separator, _SEPARATOR), concept_id


def write_names(path: Path, names: Iterable[Name]) -> int:
    """Write a line a name, as they come. RETURNS (int): how many."""
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for name, concept_id in names:
            row = {"name": name, "concept_id": concept_id}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            written += 1
    return written


def read_names(path: Path) -> Iterator[Name]:
    """The names of such a file, one at a time. Raises MslmError (M509, M510)."""
    if not path.is_file():
        raise MslmError(Errors.M509.format(path=path))
    with path.open("rb") as file:
        for row, line in enumerate(file, start=1):
            try:
                value: Any = json.loads(line)
                name, concept_id = value["name"], value["concept_id"]
            except (ValueError, KeyError, TypeError):
                name = concept_id = None
            if not (isinstance(name, str) and isinstance(concept_id, str)):
                raise MslmError(Errors.M510.format(path=path, row=row))
            yield name, concept_id
