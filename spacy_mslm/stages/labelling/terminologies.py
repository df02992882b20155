"""Sources as they were downloaded -> concepts, and what the manifest says of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...weak.clusters import Clusters
from ...weak.concepts import Concept
from ...weak.terminologies.entries import Source
from ...weak.terminologies.kinds import load_sources, parse_source
from ...weak.terminologies.merging import gather
from ...weak.terminologies.obo import obo_licence
from ...weak.terminologies.pubtator import ids_path
from ...weak.terminologies.rrf import rrf_files
from .. import files

NOT_STATED = "not stated"


def chosen_sources(listed: str, short: Sequence[str]) -> tuple[str, list[Source]]:
    """The sources of the YAML file `listed`, then those in short form, "KIND:PATH",
    and a name for them all."""
    sources = load_sources(Path(listed)) if listed else []
    more = [parse_source(text) for text in short]
    names = [Path(listed).name] if listed else []
    names += [f"{source.kind}:{source.paths[0].name}" for source in more]
    return ", ".join(names), sources + more


def read_sources(
    sources: Sequence[Source], clusters: Clusters
) -> tuple[list[Concept], dict[str, Any]]:
    """The concepts of all sources, joined (`gather`), and for the manifest: "sha256"
    over all files, "terminologies" with kind, files, licence, options, counts and
    drops of each, and "joined". No path is in it, file names alone.

    Raises MslmError as `gather`, and M253 for a file with another hash than asked.
    """
    hashed = [_hashes(source) for source in sources]
    concepts, reads, joined = gather(sources, clusters)
    about = [
        {
            "kind": source.kind,
            "files": found,
            "licence": _licence(source),
            "options": _options(source),
            "concepts": read.kept,
            "names": read.names,
            "new_concepts": read.new,
            "drops": dict(read.drops),
        }
        for source, found, read in zip(sources, hashed, reads, strict=True)
    ]
    paths = [path for source in sources for path in _files(source)]
    return concepts, {
        "sha256": files.sha256_of(paths),
        "terminologies": about,
        "joined": dict(joined),
    }


def _files(source: Source) -> list[Path]:
    """Every file that a source reads."""
    if source.kind == "rrf":
        return [path for folder in source.paths for path in rrf_files(folder)]
    beside = ids_path(source) if source.kind == "pubtator" else None
    return [*source.paths, *([beside] if beside else [])]


def _hashes(source: Source) -> list[dict[str, str]]:
    found = []
    for path in _files(source):
        if not path.is_file():
            raise MslmError(Errors.M240.format(path=path, kind=source.kind))
        found.append({"name": path.name, "sha256": files.file_sha256(path)})
    if source.sha256 and found[0]["sha256"] != source.sha256:
        got, path = found[0]["sha256"], source.paths[0]
        error = Errors.M253.format(path=path, got=got, expected=source.sha256)
        raise MslmError(error)
    return found


def _options(source: Source) -> dict[str, Any]:
    """The options as the user wrote them, of a path the file name alone."""
    options: dict[str, Any] = json.loads(json.dumps(source.options, default=str))
    if beside := ids_path(source):
        options["ids"] = beside.name
    return options


def _licence(source: Source) -> str:
    """As the user states it, else as the headers do."""
    if source.licence:
        return source.licence
    of_files = map(obo_licence, source.paths if source.kind == "obo" else ())
    return "; ".join(dict.fromkeys(filter(None, of_files))) or NOT_STATED
