"""The kinds of sources, by name, and the list of sources that a user writes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ...errors import Errors, MslmError
from ..concepts import read_concepts
from . import drugs, obo, pubtator, rrf, spreadsheet
from .entries import Context, Entry, Reader, Source

_COMMON = ("kind", "path", "licence", "sha256")
_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Kind:
    """A form of terminology: its reader and the names of its options."""

    read: Reader
    options: tuple[str, ...] = ()


def _read_medcat(source: Source, context: Context) -> Iterator[Entry]:
    """MedCAT's CSV layout, as for `--table`."""
    for path in source.paths:
        for concept in read_concepts(path, drops=context.drops):
            yield Entry(concept)


KINDS: Mapping[str, Kind] = {
    "drugbank": Kind(drugs.read_drugbank, drugs.DRUGBANK_OPTIONS),
    "drugs@fda": Kind(drugs.read_drugs_at_fda, drugs.FDA_OPTIONS),
    "medcat": Kind(_read_medcat),
    "obo": Kind(obo.read_obo, obo.OPTIONS),
    "pubtator": Kind(pubtator.read_pubtator, pubtator.OPTIONS),
    "rrf": Kind(rrf.read_rrf, rrf.OPTIONS),
    "table": Kind(spreadsheet.read_spreadsheet, spreadsheet.OPTIONS),
}


def parse_source(text: str) -> Source:
    """A source from "KIND:PATH"; the path may hold colons. Raises M247 to M249."""
    kind, colon, path = text.partition(":")
    if not colon or not path:
        reason = "expected KIND:PATH, e.g. obo:doid.obo"
        raise MslmError(Errors.M247.format(path="--source", reason=reason))
    return _source({"kind": kind, "path": path}, Path(), f"--source {kind}")


def load_sources(path: Path) -> list[Source]:
    """The sources of a YAML file: a list of mappings with `kind`, `path` (a file, a
    list of them, or a pattern; relative to the file's folder), and if need be
    `licence`, `sha256` and the options of its kind. The order counts: of what two
    sources know, the first gives id, preferred name and type.

    Raises MslmError: M240 (no such file), M247 (no such list), M248 (no such kind),
    M249 (no such option).
    """
    if not path.is_file():
        raise MslmError(Errors.M240.format(path=path, kind="--sources"))
    try:
        content = yaml.safe_load(path.read_bytes())
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        reason = f"not YAML near line {mark.line + 1}" if mark else "not YAML"
        raise MslmError(Errors.M247.format(path=path, reason=reason)) from err
    if not isinstance(content, list) or not content:
        reason = "expected a list of sources, '- kind: ...' and below it 'path: ...'"
        raise MslmError(Errors.M247.format(path=path, reason=reason))
    return [
        _source(each, path.parent, f"{path.name}, source {number}")
        for number, each in enumerate(content, start=1)
    ]


def _source(content: Any, folder: Path, where: str) -> Source:
    if not isinstance(content, dict) or not {"kind", "path"} <= set(content):
        reason = "a source has 'kind' and 'path'"
        raise MslmError(Errors.M247.format(path=where, reason=reason))
    kind = str(content["kind"]).strip().lower()
    if kind not in KINDS:
        kinds = ", ".join(KINDS)
        raise MslmError(Errors.M248.format(where=where, got=kind[:40], kinds=kinds))
    options = {key: value for key, value in content.items() if key not in _COMMON}
    licence, sha256 = (content.get(name) or "" for name in ("licence", "sha256"))
    paths = _paths(content["path"], folder, where)
    source = Source(
        kind, paths, options, str(licence).strip(), str(sha256).strip().lower(), where
    )
    known = KINDS[kind].options
    if wrong := sorted(set(map(str, options)) - set(known)):
        raise source.error(f"no option '{wrong[0]}'", known)
    if source.sha256 and len(source.paths) > 1:
        raise source.error("'sha256' is for one file", known)
    return source


def _paths(value: Any, folder: Path, where: str) -> tuple[Path, ...]:
    names = value if isinstance(value, list) else [value]
    paths: list[Path] = []
    for name in names:
        if not isinstance(name, str) or not name.strip():
            reason = "'path' is a path or a list of paths"
            raise MslmError(Errors.M247.format(path=where, reason=reason))
        path = folder / Path(name.strip()).expanduser()
        if _PATTERN & set(path.name) and not path.exists():
            found = sorted(path.parent.glob(path.name))
            if not found:
                raise MslmError(Errors.M240.format(path=path, kind=where))
            paths += found
        else:
            paths.append(path)
    return tuple(paths)
