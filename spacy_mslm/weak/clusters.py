"""Semantic types -> labels (Abaho et al. 2024, appendix G, table 12).

A type is found by id and by name: UMLS ids are TUIs, SNOMED packs number theirs by
hashes that only the name explains.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import Errors, MslmError
from .semantic_types import TUIS

_KEYS = {"ids", "names"}


@dataclass(frozen=True)
class Clusters:
    """`by_id` and `by_name` give a type's label; `labels` are in the file's order."""

    labels: tuple[str, ...]
    by_id: Mapping[str, str]
    by_name: Mapping[str, str]

    @classmethod
    def load(cls, path: str | Path) -> "Clusters":
        """Read a clusters file: label -> {ids: {id: name}, names: [name]}.

        Raises MslmError for a missing or malformed file, and for a type that two
        labels claim.
        """
        path = Path(path)
        if not path.is_file():
            raise MslmError(Errors.M211.format(path=path))
        try:
            content = yaml.safe_load(path.read_bytes())
        except yaml.YAMLError as err:
            raise MslmError(Errors.M212.format(path=path, reason=_where(err))) from err
        return cls.from_dict(content, path=path)

    @classmethod
    def from_dict(cls, content: Any, *, path: str | Path = "clusters") -> "Clusters":
        """Build from the content of a clusters file; `path` is for messages only."""
        if not isinstance(content, dict) or not content:
            raise _malformed(path, "expected label: {ids: ..., names: ...}")
        by_id: dict[str, str] = {}
        by_name: dict[str, str] = {}
        for label, types in content.items():
            ids, names = _types(path, label, types)
            # Ids carry their names, so that a pack with other ids is understood.
            for key in map(_id_key, ids):
                _claim(by_id, key, label, path)
            for key in dict.fromkeys(map(_name_key, [*ids.values(), *names])):
                _claim(by_name, key, label, path)
        by_name.pop("", None)
        return cls(tuple(map(str, content)), by_id, by_name)

    def label_of(self, type_id: str, type_name: str = "") -> str | None:
        """The label of a type, by id, else by name; None for a type in no cluster.

        A UMLS id is looked up by id alone: T033 is called "Finding", and so is the
        SNOMED tag of every symptom.
        """
        key = _id_key(type_id)
        if key in TUIS or key in self.by_id:
            return self.by_id.get(key)
        return self.by_name.get(_name_key(type_name)) or self.by_name.get(
            _name_key(type_id)
        )

    def label_of_types(self, type_ids: Mapping[str, str]) -> str | None:
        """The label of a concept with the types id -> name: the file's first one."""
        found = {self.label_of(*item) for item in type_ids.items()}
        return next((label for label in self.labels if label in found), None)

    def select(self, available: Mapping[str, str], *, source: str) -> dict[str, str]:
        """Type id -> label for the types id -> name that a table or pack holds.

        Raises MslmError for an id that is asked for and exists nowhere, and for a
        label without any type in `source`: either would end in labels that are
        missing, or, in MedCAT, in no filter at all.
        """
        here = {_id_key(type_id) for type_id in available}
        if unknown := sorted(set(self.by_id) - TUIS - here):
            raise MslmError(Errors.M213.format(types=", ".join(unknown), source=source))
        chosen = {
            type_id: label
            for type_id, name in available.items()
            if (label := self.label_of(type_id, name))
        }
        missing = [label for label in self.labels if label not in chosen.values()]
        if missing:
            raise MslmError(
                Errors.M214.format(
                    labels=", ".join(missing), source=source, types=_shown(available)
                )
            )
        return chosen


def _types(
    path: str | Path, label: Any, types: Any
) -> tuple[dict[str, str], list[str]]:
    if not isinstance(types, dict) or not types or set(types) - _KEYS:
        raise _malformed(path, f"label {label}: expected 'ids' and 'names'")
    ids, names = types.get("ids") or {}, types.get("names") or []
    if isinstance(ids, list):
        ids = dict.fromkeys(ids, "")
    if not isinstance(ids, dict) or not isinstance(names, list):
        raise _malformed(path, f"label {label}: 'ids' is a mapping, 'names' a list")
    if not ids and not names:
        raise _malformed(path, f"label {label}: no types")
    return {str(k): str(v or "") for k, v in ids.items()}, list(map(str, names))


def _claim(table: dict[str, str], key: str, label: Any, path: str | Path) -> None:
    if key and table.setdefault(key, str(label)) != str(label):
        reason = f"type {key} is in {table[key]} and in {label}"
        raise _malformed(path, reason)


def _malformed(path: str | Path, reason: str) -> MslmError:
    return MslmError(Errors.M212.format(path=path, reason=reason))


def _where(err: yaml.YAMLError) -> str:
    mark = getattr(err, "problem_mark", None)
    return f"not YAML near line {mark.line + 1}" if mark else "not YAML"


def _shown(available: Mapping[str, str], most: int = 12) -> str:
    shown = [f"{key} {name}".strip() for key, name in sorted(available.items())]
    rest = f" and {len(shown) - most} more" if len(shown) > most else ""
    return (", ".join(shown[:most]) + rest) or "none"


def _id_key(type_id: str) -> str:
    return type_id.strip().upper()


def _name_key(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip().lower()
