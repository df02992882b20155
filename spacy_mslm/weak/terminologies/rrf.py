"""UMLS in Rich Release Format: MRCONSO.RRF (names) and MRSTY.RRF (types), streamed."""

from collections.abc import Collection, Iterator
from pathlib import Path

from ...errors import Errors, MslmError
from ..concepts import Concept
from ..names import name_key
from .entries import Context, Entry, Source, flag, texts
from .files import broken, open_text
from .normalise import normalise

OPTIONS = ("languages", "vocabularies", "term_types", "suppressed", "outside")
NAMES, TYPES = "MRCONSO.RRF", "MRSTY.RRF"

_CONSO_FIELDS, _STY_FIELDS = 18, 6
_CUI, _LAT, _TS, _STT, _ISPREF, _SAB, _TTY, _STR, _SUPPRESS = (
    *(0, 1, 2, 4, 6, 11, 12, 14, 16),
)

# Names of a concept by their lower-cased form: rank (0 is best), row, name.
_Names = dict[str, tuple[int, int, str]]


def read_rrf(source: Source, context: Context) -> Iterator[Entry]:
    """The concepts of a UMLS release that have a type inside the clusters.

    - `path` is the folder of both files, each also .gz. MRSTY is read first, so that
      of MRCONSO's rows only those inside the clusters stay in memory.
    - Names: of `languages` (ENG), not suppressed (SUPPRESS = N, unless `suppressed` is
      true), of all source vocabularies or the SABs in `vocabularies`, of all term
      types or the TTYs in `term_types`. The preferred name is the row with TS = P, STT
      = PF and ISPREF = Y, or what comes nearest.
    - Unless `outside` is false, MRCONSO is read once more for concepts outside the
      clusters that share a name with one inside. They come with those names and no
      type, so that a name of both is known to be ambiguous.
    - Codes of the source vocabularies (CODE, SCUI) are never read.

    Raises MslmError: M254 where a file is missing, M241 for a row with other than 18
    (MRCONSO) or 6 (MRSTY) fields, with its number.
    """
    folder_files = [rrf_files(path) for path in source.paths]
    chosen = _Chosen(source, context)
    types: dict[str, tuple[str, ...]] = {}
    for _, sty in folder_files:
        _read_types(sty, types, context)
    kept: dict[str, _Names] = {}
    for conso, _ in folder_files:
        for row, cui, rank, name in chosen.names(conso, types, inside=True):
            of = kept.setdefault(cui, {})
            folded = name.casefold()
            if folded not in of or (rank, row) < of[folded][:2]:
                of[folded] = rank, row, name
    context.drops["concept without a name that is read"] += len(types) - len(kept)
    keys = {
        hash(name_key(normalise(n))) for of in kept.values() for *_, n in of.values()
    }
    for cui in sorted(kept):
        names = tuple(name for *_, name in sorted(kept.pop(cui).values()))
        yield Entry(Concept(cui, names, types[cui]), (cui,))
    if flag(source, context, "outside", True):
        for conso, _ in folder_files:
            yield from _outside(chosen.names(conso, types, inside=False), keys)


def rrf_files(folder: Path) -> tuple[Path, Path]:
    """MRCONSO and MRSTY of a release, plain or gzipped. Raises M254."""
    found = []
    for name in (NAMES, TYPES):
        both = (folder / name, folder / f"{name}.gz")
        path = next((path for path in both if path.is_file()), None)
        if path is None:
            raise MslmError(Errors.M254.format(path=folder, missing=name))
        found.append(path)
    return found[0], found[1]


class _Chosen:
    """Which rows of MRCONSO are read, by the options."""

    def __init__(self, source: Source, context: Context) -> None:
        def option(name: str, default: str | list[str]) -> frozenset[str]:
            value = source.options.get(name, default)
            return frozenset(map(str.upper, texts(value, name, source, context)))

        self.context = context
        self.languages = option("languages", "ENG")
        self.vocabularies = option("vocabularies", [])
        self.term_types = option("term_types", [])
        self.suppressed = flag(source, context, "suppressed", False)

    def names(
        self, path: Path, known: Collection[str], *, inside: bool
    ) -> Iterator[tuple[int, str, int, str]]:
        """(row, CUI, rank, name) of the chosen rows of concepts in `known`, or with
        `inside` false of all others; what is left out is counted for those inside."""
        drops = self.context.drops
        for number, row in _rows(path, _CONSO_FIELDS):
            cui = row[_CUI]
            if (cui in known) != inside:
                if inside:
                    drops["row of a concept outside the clusters"] += 1
            elif reason := self._left_out(row):
                if inside:
                    drops[reason] += 1
            else:
                rank = 4 * (row[_TS] != "P") + 2 * (row[_STT] != "PF")
                yield number, cui, rank + (row[_ISPREF] != "Y"), row[_STR]

    def _left_out(self, row: list[str]) -> str:
        if row[_LAT] not in self.languages:
            return "row in another language"
        if row[_SUPPRESS] not in ("N", "") and not self.suppressed:
            return "row that is suppressed"
        if self.vocabularies and row[_SAB].upper() not in self.vocabularies:
            return "row of another vocabulary"
        if self.term_types and row[_TTY].upper() not in self.term_types:
            return "row of another term type"
        return ""


def _read_types(
    path: Path, types: dict[str, tuple[str, ...]], context: Context
) -> None:
    """Add CUI -> its types inside the clusters; one tuple object a combination."""
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    for _, row in _rows(path, _STY_FIELDS):
        cui, type_id = row[0], row[1]
        if context.label(type_id, row[3]) is None:
            continue
        held = types.get(cui, ())
        if type_id not in held:
            together = (*held, type_id)
            types[cui] = same.setdefault(together, together)


def _outside(
    names: Iterator[tuple[int, str, int, str]], keys: Collection[int]
) -> Iterator[Entry]:
    shared: dict[str, dict[str, None]] = {}
    for _, cui, _, name in names:
        if hash(name_key(normalise(name))) in keys:
            shared.setdefault(cui, {})[name] = None
    for cui in sorted(shared):
        yield Entry(Concept(cui, tuple(shared[cui])), (cui,))


def _rows(path: Path, fields: int) -> Iterator[tuple[int, list[str]]]:
    """Rows by number from 1; each ends in a bar, which gives one empty field more."""
    with open_text(path, path.name.removesuffix(".gz")) as file:
        for number, line in enumerate(file, start=1):
            row = line.split("|")
            if len(row) == fields + 1 or len(row) == fields:
                yield number, row
            elif line.strip():
                reason = f"{len(row) - 1} fields, expected {fields}"
                raise broken(path, number, path.name.removesuffix(".gz"), reason)
