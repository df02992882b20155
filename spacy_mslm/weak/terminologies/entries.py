"""What a reader of a terminology gives: concepts, and what joins them to others."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...types import DropCounts
from ..concepts import Concept
from ..semantic_types import TUIS

_TUI = re.compile(r"[tT]\d{3}")
Label = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept of one source, names as written there, the preferred one first.

    `cuis` are the UMLS concepts that the source says it equals. `hangs_on` are names,
    the best first: where an earlier concept of the same label has one, this entry's
    names are that concept's. An entry without names says that its id was left out
    on purpose, so that no later source brings it back.
    """

    concept: Concept
    cuis: tuple[str, ...] = ()
    hangs_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One source as the user names it: its kind, files and options.

    `sha256` is what its one file must have; "" checks nothing. `where` is for
    messages.
    """

    kind: str
    paths: tuple[Path, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    sha256: str = ""
    where: str = "--source"

    def error(self, reason: str, known: tuple[str, ...]) -> MslmError:
        """The error for an option of this source that cannot be used."""
        return MslmError(
            Errors.M249.format(
                where=self.where,
                reason=reason,
                kind=self.kind,
                options=", ".join(known) or "none",
            )
        )


@dataclass(frozen=True)
class Context:
    """What a reader gets besides its source: `label` gives the label of a type by id
    and name (None outside the clusters), `drops` counts what it leaves out, and
    `known` are the names of its kind's options."""

    label: Label
    drops: DropCounts
    known: tuple[str, ...] = ()


Reader = Callable[[Source, Context], Iterator[Entry]]


def type_ids(value: Any, source: Source, context: Context) -> tuple[str, ...]:
    """Semantic types of an option: one id or a list of them. Raises M249 for what
    looks like a TUI and is none."""
    found = texts(value, "types", source, context)
    for type_id in found:
        if _TUI.fullmatch(type_id) and type_id.upper() not in TUIS:
            raise source.error(f"no semantic type '{type_id}'", context.known)
    return tuple(t.upper() if t.upper() in TUIS else t for t in found)


def texts(value: Any, name: str, source: Source, context: Context) -> tuple[str, ...]:
    """The option `name` as a list: a text alone is a list of one."""
    values = [value] if isinstance(value, str | int) else value
    if not isinstance(values, list | tuple) or not all(
        isinstance(each, str | int) and not isinstance(each, bool) for each in values
    ):
        raise source.error(f"'{name}' is a text or a list of texts", context.known)
    return tuple(str(each).strip() for each in values)


def flag(source: Source, context: Context, name: str, default: bool) -> bool:
    """The option `name` as true or false."""
    value = source.options.get(name, default)
    if not isinstance(value, bool):
        raise source.error(f"'{name}' is true or false", context.known)
    return value


def number(
    source: Source, context: Context, name: str, default: float, most: float
) -> float:
    """The option `name` as a number between 0 and `most`."""
    value = source.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise source.error(f"'{name}' is a number", context.known)
    if not 0 <= value <= most:
        raise source.error(f"'{name}' lies between 0 and {most:g}", context.known)
    return value


def mapping(source: Source, context: Context, name: str) -> dict[str, Any]:
    """The option `name` as a mapping; {} where it is absent."""
    value = source.options.get(name) or {}
    if not isinstance(value, dict):
        raise source.error(f"'{name}' is a mapping", context.known)
    return {str(key).strip(): each for key, each in value.items()}
