"""PubTator gold annotations (MedMentions): names as people wrote them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import Errors, MslmError
from ...types import DropCounts
from ..concepts import Concept
from ..names import name_key
from .entries import Context, Entry, Source, mapping, number, texts
from .files import broken, open_text

OPTIONS = ("types", "ids", "least", "share")
_TEXT = re.compile(r"^(\d+)\|([ta])\|(.*)$", re.S)
_CUI = re.compile(r"^(?:UMLS:)?(C\d{7})$")
_NO_CONCEPT = {"", "-", "-1"}


@dataclass
class _Found:
    """Counts of mentions: concept -> name, concept -> type, key -> concept."""

    names: dict[str, Counter[str]] = field(default_factory=dict)
    types: dict[str, Counter[str]] = field(default_factory=dict)
    meant: dict[str, Counter[str]] = field(default_factory=dict)


def read_pubtator(source: Source, context: Context) -> Iterator[Entry]:
    """Names from the annotated mentions of PubTator files, by concept.

    - A concept's names are its mentions, the most frequent first. A name that means
      several concepts goes to one only where at least `share` (0.5) of its mentions
      mean that one; `least` (1) mentions are needed.
    - Types are those written behind the mention, several split by commas; `types`
      renames them, e.g. `types: {Disease: T047}`.
    - `ids` names a file of document ids, one a line: only these documents are read,
      so that a test part stays out of the names.
    - Left out and counted: mentions without concept or type, with several concepts,
      and those whose text is not what stands at their offsets.

    Raises MslmError: M240 and M242 for a file, M241 for a line of another form.
    """
    renamed = {
        key: str(value) for key, value in mapping(source, context, "types").items()
    }
    least = number(source, context, "least", 1, 1e9)
    share = number(source, context, "share", 0.5, 1)
    wanted = _ids(source, context)
    found = _Found()
    for path in source.paths:
        _read_into(found, path, wanted, context.drops)
    for concept_id, names in sorted(found.names.items()):
        kept = []
        for name, times in sorted(names.items(), key=lambda item: (-item[1], item[0])):
            meant = found.meant[name_key(name)]
            if times < least:
                context.drops["name with too few mentions"] += 1
            elif meant[concept_id] < share * meant.total():
                context.drops["name that mostly means another concept"] += 1
            else:
                kept.append(name)
        if kept:
            types = sorted(str(renamed.get(t, t)) for t in found.types[concept_id])
            cuis = (concept_id,) if _CUI.match(concept_id) else ()
            yield Entry(Concept(concept_id, tuple(kept), tuple(types)), cuis)


def ids_path(source: Source) -> Path | None:
    """The file that the option `ids` names, beside the source's first one."""
    if not (name := source.options.get("ids")):
        return None
    return source.paths[0].parent / str(name)


def _ids(source: Source, context: Context) -> frozenset[str] | None:
    if "ids" not in source.options:
        return None
    texts(source.options["ids"], "ids", source, context)
    path = ids_path(source)
    assert path is not None
    with open_text(path, source.kind) as file:
        return frozenset(line.strip() for line in file if line.strip())


def _read_into(
    found: _Found, path: Path, wanted: frozenset[str] | None, drops: DropCounts
) -> None:
    texts_of: dict[str, str] = {}
    documents = 0
    with open_text(path, "pubtator") as file:
        for row, raw in enumerate(file, start=1):
            line = raw.rstrip("\r\n")
            if not line.strip():
                continue
            if part := _TEXT.match(line):
                # Title, one blank, abstract: what offsets count.
                if part[2] == "t":
                    texts_of, documents = {part[1]: part[3] + " "}, documents + 1
                else:
                    texts_of[part[1]] = texts_of.get(part[1], " ") + part[3]
                continue
            fields = line.split("\t")
            if len(fields) in (4, 5) and not fields[1].isdigit():
                drops["relation"] += 1
            elif len(fields) < 6 or not (fields[1] + fields[2]).isdigit():
                raise broken(path, row, "pubtator", "neither text nor mention")
            elif wanted is None or fields[0] in wanted:
                _mention(found, fields, texts_of.get(fields[0], ""), drops)
    if not documents:
        reason = "no document: no line like '123|t|Title'"
        raise MslmError(
            Errors.M241.format(path=path, row=1, kind="pubtator", reason=reason)
        )


def _mention(found: _Found, fields: list[str], text: str, drops: DropCounts) -> None:
    start, end, name = int(fields[1]), int(fields[2]), fields[3].strip()
    types = [each.strip() for each in fields[4].split(",") if each.strip()]
    concept_id = fields[5].strip()
    cui = _CUI.match(concept_id)
    concept_id = cui[1] if cui else concept_id
    if concept_id in _NO_CONCEPT or not types or types == ["UnknownType"]:
        drops["mention without concept or type"] += 1
    elif "|" in concept_id or ("," in concept_id and ":" not in concept_id):
        drops["mention of several concepts"] += 1
    elif text[start:end].strip() != name:
        drops["mention that its text does not have there"] += 1
    else:
        found.names.setdefault(concept_id, Counter())[name] += 1
        found.types.setdefault(concept_id, Counter()).update(types)
        found.meant.setdefault(name_key(name), Counter())[concept_id] += 1
