"""What a concepts folder says of names that were found."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...weak.concepts import read_concepts
from ...weak.linking import NAMES, read_names
from ...weak.names import name_key
from .concepts import TABLE, read_manifest


@dataclass(frozen=True)
class Terminology(Collection[str]):
    """Names by `weak.names.name_key`: a found form is in it if its key is.

    `single`: the names of exactly one concept; `preferred`: concept id -> its name.
    """

    keys: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    preferred: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name_key(name) in self.keys

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def shared(self, name: str) -> bool:
        """Whether it is a name of several concepts."""
        key = name_key(name)
        return key in self.keys and key not in self.single


def read_terminology(folder: Path, manifest: Mapping[str, Any]) -> Terminology:
    """The names of the concepts folder, one of those that the labels of this manifest
    were made with.

    Of a model pack those alone that mean one concept are known. Raises MslmError
    (M658) where the folder is another one, and what reading it raises.
    """
    _, got = read_manifest(folder)
    sources = (manifest.get("sources") or {}).values()
    if got not in [about.get("concepts_hash") for about in (manifest, *sources)]:
        raise MslmError(Errors.M658.format(path=folder))
    single = frozenset(key for key, _ in read_names(folder / NAMES))
    if not (folder / TABLE).is_file():
        return Terminology(single, single)
    concepts = read_concepts(folder / TABLE)
    keys = frozenset(name_key(n) for concept in concepts for n in concept.names)
    preferred = {concept.concept_id: concept.names[0] for concept in concepts}
    return Terminology(keys, single, preferred)
