"""Names that mean exactly one concept, for `kb_id_`.

What this does for privacy: a name comes from the concept table (or model pack) alone,
never from a note, so no text of a patient enters a package by this way, and no guess:
a form that several concepts share has no id. Only names that occur among the training
entities are kept. So a package tells which terms of the table the training notes hold
(its weights tell that too), and ships no terminology as a whole; the names and ids that
it does ship are still under the terminology's licence.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..weak.linking import NAMES, read_names
from ..weak.names import name_key


class ConceptIds:
    """Look-up from a surface form to its concept. Forms are compared by `name_key`:
    letter case, punctuation and line breaks make no difference."""

    def __init__(self, ids: Mapping[str, str] | None = None) -> None:
        self._ids = dict(ids or {})

    @classmethod
    def from_folder(cls, path: str | Path, surfaces: Iterable[str]) -> "ConceptIds":
        """The names of the concepts folder `path` (`concepts build`) that are among
        `surfaces`, the training entities. Raises MslmError (M509, M510)."""
        keys = set(map(name_key, surfaces))
        rows = read_names(Path(path) / NAMES)
        return cls({key: concept_id for key, concept_id in rows if key in keys})

    def lookup(self, text: str) -> str:
        """The concept's id; "" where the form is unknown or has several concepts."""
        return self._ids.get(name_key(text), "")

    def to_bytes(self) -> bytes:
        """JSON with sorted keys: the same names give the same bytes."""
        return json.dumps(self._ids, sort_keys=True, ensure_ascii=False).encode("utf8")

    @classmethod
    def from_bytes(cls, content: bytes) -> "ConceptIds":
        """Raises ValueError where the bytes are not what `to_bytes` gives."""
        ids: Any = json.loads(content)
        if not isinstance(ids, dict) or not all(
            isinstance(concept_id, str) for concept_id in ids.values()
        ):
            raise ValueError("not a look-up of names")
        return cls(ids)
