"""OBO ontologies (Disease Ontology, SYMP, MAxO ...), read by obonet."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ...errors import Errors, MslmError
from ..concepts import Concept
from .entries import Context, Entry, Source, flag, mapping, texts, type_ids
from .files import open_text

OPTIONS = ("types", "under", "synonyms", "prefixes", "tops")
SCOPES = ("EXACT", "BROAD", "NARROW", "RELATED")

# Types of the ontologies we know, by prefix of their ids: for all, and below a term.
_KNOWN: dict[str, tuple[str, dict[str, str]]] = {
    "DOID": (
        "T047",
        {"DOID:14566": "T191", "DOID:162": "T191", "DOID:150": "T048"},
    ),
    "SYMP": ("T184", {}),
    "MAXO": ("T061", {}),
}
_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)"\s*([A-Z]+)?')
_CUI = re.compile(r"(?:UMLS|UMLS_CUI):(C\d{7})\b", re.I)
_ROOT = re.compile(r"^IAO:0000700\s+(\S+)")
_ESCAPE = re.compile(r"\\(.)")
_LICENCE = re.compile(r"licen[cs]e", re.I)
_ADDRESS = re.compile(r"https?://\S*[^\s.,;]")


@dataclass(slots=True)
class _Term:
    name: str = ""
    obsolete: bool = False
    synonyms: list[str] = field(default_factory=list)
    cuis: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)


def read_obo(source: Source, context: Context) -> Iterator[Entry]:
    """The live terms of one or several files of an ontology, in order of file and row.

    - Several files are one ontology (slims of it): the first to hold a term gives its
      name, all give synonyms (their names too) and parents; obsolete in one is gone.
    - Synonyms of the scopes in the option `synonyms`, EXACT alone by default; the
      others are often wider or narrower than the term.
    - Types: option `types`, and `under`, term id -> types for it and what lies below;
      the nearest such term decides, all at the same distance, and `under: {ID: []}`
      leaves a branch out. For DOID, SYMP and MAXO both have defaults.
    - Left out and counted: obsolete terms, terms of other ontologies (`prefixes` names
      those that are ours, by default that of the header) and, unless `tops` is true,
      top terms ("disease"): what the header calls the root, and terms without a parent
      that have half of all terms below them. Other terms without a parent stay: in an
      excerpt of an ontology their parents are only cut off.
    - Of cross-references UMLS CUIs are read and no others: no SNOMED code comes along.

    Raises MslmError: M240 and M242 for the file, M244 where it is no OBO, M246 without
    obonet, M252 for an ontology whose types are not known.
    """
    scopes = texts(source.options.get("synonyms", "EXACT"), "synonyms", source, context)
    scopes = tuple(scope.upper() for scope in scopes)
    if wrong := set(scopes) - set(SCOPES):
        reason = f"no scope {sorted(wrong)[0]} of synonyms, only {', '.join(SCOPES)}"
        raise source.error(reason, context.known)
    read = _Ontology()
    for path in source.paths:
        read.add(path, scopes)
    prefixes = _prefixes(source, context, read)
    rules = _Rules.of(source, context, prefixes)
    own = read.of(prefixes)
    context.drops["term of another ontology"] += len(read.terms) - len(own)
    tops = set() if flag(source, context, "tops", False) else read.tops(own)
    for term_id, term in own.items():
        types = rules.types_of(term_id, own)
        reason = ""
        if term.obsolete:
            reason = "obsolete term"
        elif term_id in tops:
            reason = "top term"
        elif not types:
            reason = "term of a branch left out"
        if reason:
            context.drops[reason] += 1
            yield Entry(Concept(term_id, ()))
        else:
            names = (term.name, *term.synonyms)
            yield Entry(Concept(term_id, names, types), tuple(term.cuis))


def obo_licence(path: Path) -> str:
    """What the header of an OBO file says of its licence; "" where it says nothing."""
    found = ""
    with open_text(path, "obo") as file:
        for line in file:
            if line.startswith("["):
                break
            if _LICENCE.search(line) and not found:
                address = _ADDRESS.search(line)
                found = address[0] if address else line.partition(":")[2].strip()
    return found


@dataclass(frozen=True)
class _Rules:
    """Which types a term has: those of the nearest term in `under`, else `default`."""

    default: tuple[str, ...]
    under: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, source: Source, context: Context, prefixes: set[str]) -> "_Rules":
        known = next(
            (_KNOWN[name] for name in sorted(prefixes) if name in _KNOWN), None
        )
        options = source.options
        if known is None and "types" not in options:
            names = ", ".join(sorted(prefixes))
            raise MslmError(Errors.M252.format(path=source.paths[0], ontology=names))
        default = options["types"] if "types" in options else (known or ("",))[0]
        under: dict[str, Any] = mapping(source, context, "under")
        if known and not {"types", "under"} & set(options):
            under = dict(known[1])
        return cls(
            type_ids(default, source, context),
            {key: type_ids(value, source, context) for key, value in under.items()},
        )

    def types_of(self, term_id: str, terms: Mapping[str, _Term]) -> tuple[str, ...]:
        """Breadth first towards the top; a term seen before is not walked again."""
        level, seen = deque([term_id]), {term_id}
        while level and self.under:
            hits = [each for each in level if each in self.under]
            if hits:
                found = (type_id for each in hits for type_id in self.under[each])
                return tuple(dict.fromkeys(found))
            above = (p for each in level if each in terms for p in terms[each].parents)
            level = deque(dict.fromkeys(p for p in above if p not in seen))
            seen.update(level)
        return self.default


def _prefixes(source: Source, context: Context, read: "_Ontology") -> set[str]:
    """The prefixes of ids that are this ontology's, in capitals."""
    if "prefixes" in source.options:
        asked = texts(source.options["prefixes"], "prefixes", source, context)
        return {prefix.upper() for prefix in asked}
    held = set(map(_prefix, read.terms))
    own = re.split(r"[/.]", read.name)[0].upper()
    return {own} if own in held else held


def _prefix(term_id: str) -> str:
    return term_id.partition(":")[0].upper()


@dataclass
class _Ontology:
    """The terms of one or several files; `name` and `roots` as headers give them."""

    terms: dict[str, _Term] = field(default_factory=dict)
    name: str = ""
    roots: set[str] = field(default_factory=set)

    def add(self, path: Path, scopes: tuple[str, ...]) -> None:
        """Add a file's terms. Raises M244 where it holds none."""
        graph = _graph(path)
        live = [(key, data) for key, data in graph.nodes(data=True) if "name" in data]
        if not live:
            raise MslmError(Errors.M244.format(path=path, reason="it holds no [Term]"))
        self.name = self.name or str(graph.graph.get("ontology") or "")
        for value in graph.graph.get("property_value", ()):
            self.roots.update(_ROOT.findall(value))
        for key, data in live:
            name = _plain(data["name"])
            term = self.terms.setdefault(key, _Term(name))
            term.obsolete = term.obsolete or data.get("is_obsolete") == "true"
            if name != term.name:
                term.synonyms.append(name)
            for text in data.get("synonym", ()):
                found = _SYNONYM.match(text)
                if found and (found[2] or "RELATED") in scopes:
                    term.synonyms.append(_plain(found[1]))
            xrefs = " ".join(data.get("xref", ()))
            term.cuis = _unique(*term.cuis, *map(str.upper, _CUI.findall(xrefs)))
        for child, parent, relation in graph.edges(keys=True):
            if relation == "is_a" and child in self.terms:
                term = self.terms[child]
                term.parents = _unique(*term.parents, parent)

    def of(self, prefixes: set[str]) -> dict[str, _Term]:
        """The terms with these prefixes."""
        return {
            key: term for key, term in self.terms.items() if _prefix(key) in prefixes
        }

    def tops(self, own: Mapping[str, _Term]) -> set[str]:
        """The roots of the headers, and the parentless above half of the live terms."""
        live = {key: term for key, term in own.items() if not term.obsolete}
        children: dict[str, list[str]] = {}
        for key, term in live.items():
            for parent in term.parents:
                children.setdefault(parent, []).append(key)
        heads = [key for key in live if live.keys().isdisjoint(live[key].parents)]
        wide = {key for key in heads if len(_below(key, children)) * 2 >= len(live)}
        return self.roots | (wide if len(live) > 1 else set())


def _below(top: str, children: Mapping[str, Sequence[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [top]
    while waiting:
        new = [key for key in children.get(waiting.pop(), ()) if key not in seen]
        seen.update(new)
        waiting += new
    return seen


def _graph(path: Path) -> Any:
    try:
        import obonet
    except ImportError as err:
        raise MslmError(Errors.M246.format(package="obonet")) from err
    with open_text(path, "obo") as file:
        lines = _Counted(file)
        try:
            # A file and never a path: obonet would fetch what looks like an address.
            return obonet.read_obo(lines, ignore_obsolete=False)  # type: ignore[arg-type]
        except UnicodeDecodeError:
            raise
        except (ValueError, KeyError) as err:
            reason = f"no tag and value near row {lines.row}"
            raise MslmError(Errors.M244.format(path=path, reason=reason)) from err


class _Counted:
    """The lines of an open file, and how many were read; closed by who opened it."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.row = 0

    def __enter__(self) -> "_Counted":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[str]:
        for line in self.file:
            self.row += 1
            yield line


def _unique(*values: str) -> list[str]:
    return list(dict.fromkeys(values))


def _plain(text: str) -> str:
    """Text without OBO's escapes: a backslash before quotes, commas, colons."""
    return _ESCAPE.sub(lambda found: " " if found[1] in "nWt" else found[1], text)
