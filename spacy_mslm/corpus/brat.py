"""brat standoff, read: a .txt and an .ann file a document (written: `brat_out`).

T rows become spans; N rows give the concept of a T row; E, R, A, M, * and # rows are
counted and left (`brat_rows` keeps them). Offsets count characters of the .txt as
stored, line ends, non-ASCII spaces and a byte order mark included.

- Fragments that only white space parts are one: so brat writes a span over a line end.
  A span that is still in several is discontinuous. It becomes the span that covers all,
  as the scorer of n2c2 2018 takes it, and is counted; its fragments are kept beside.
- The text that a T row quotes is compared with its offsets. Where it differs in white
  space alone the offsets hold, counted. Where it only fits offsets in UTF-16 units they
  are read so, counted (see `offsets`). Otherwise the span is left out, counted; a
  document most of whose spans differ was changed after annotation and is an error.
- Overlapping spans are all kept.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .brat_out import FRAGMENTS
from .brat_out import write_brat as write_brat
from .brat_rows import TXT, BratDocument, TextBound, read_document
from .brat_rows import ann_files as ann_files
from .offsets import BLANKS, DIFFERENT, EXACT, FROM_UTF16, UTF16, Range, find_quoted
from .split import SPLITS, split_name
from .tasks import REPEATED

NO_ANN = "text file without an .ann file"
DISCONTINUOUS = "discontinuous brat span (its covering span is kept)"
SPACE_DIFFERS = "brat span whose text differs in white space (kept)"
NOT_THERE = "brat span whose text is not at its offsets"
OTHER_KINDS = {
    "E": "brat event line (E)",
    "R": "brat relation line (R)",
    "A": "brat attribute line (A)",
    "M": "brat attribute line (M)",
    "N": "brat reference line (N) of no T line",
    "*": "brat equivalence line (*)",
    "#": "brat comment line (#)",
}
_COUNTED = {DIFFERENT: NOT_THERE, BLANKS: SPACE_DIFFERS, UTF16: FROM_UTF16}
# More spans than this, mostly not at their offsets: not one slip, another text.
FEW = 3
NO_IDS: Mapping[str, tuple[str, str]] = MappingProxyType({})
_REFERENCE = re.compile(r"\S+ (T\S*) [^\s:]*:(\S+)(?:\t.*)?", re.DOTALL)


class Located(NamedTuple):
    """Where a T row's span is: how its quote compares with the text (`offsets`), and
    its fragments in order, those that only white space parts made one."""

    row: TextBound
    kind: str
    fragments: tuple[Range, ...]

    def span(self) -> CharSpan:
        """The span that covers all fragments."""
        start, end = self.fragments[0][0], self.fragments[-1][1]
        return CharSpan(start, end, self.row.label, "gold")


def read_brat(
    folder: str | Path,
    *,
    drops: DropCounts,
    ids: Mapping[str, tuple[str, str]] = NO_IDS,
) -> Iterator[Note]:
    """The documents of a brat folder and those below it, in the order of their paths.

    `note_id` is the path below `folder` without its suffix, `patient_id` the stem of
    the file's name, or both are what `ids` holds under that path. A folder in the path
    named as a split (train, dev, test …, or "training_20180910") is `meta["split"]`.
    `meta["brat_fragments"]`, where there are any, holds the fragments of each
    discontinuous span, as lists of [start, end].

    Raises M701 (no such folder), M332 (no .ann file), M328 (an .ann file without its
    text), M329 (a T line without label or offsets), M330 (offsets outside the text),
    M331 (a row that is none of brat's), M335 (another text), M326-M327.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MslmError(Errors.M701.format(path=folder))
    files = ann_files(folder)
    if not files:
        raise MslmError(Errors.M332.format(path=folder))
    if alone := len(texts_alone(folder, files)):
        drops[NO_ANN] += alone
    for path in files:
        inside = path.relative_to(folder).with_suffix("")
        document = read_document(path, inside.as_posix())
        note_id, patient_id = ids.get(document.name, (document.name, path.stem))
        gold, fragments = gold_of(path, document, drops)
        meta: dict[str, Any] = {"gold": True}
        if split := folder_split(inside.parts[:-1]):
            meta["split"] = split
        if fragments:
            meta[FRAGMENTS] = [[list(r) for r in ranges] for ranges in fragments]
        yield Note(note_id, patient_id, document.text, meta=meta, gold=gold)


def texts_alone(folder: Path, files: Sequence[Path]) -> list[Path]:
    """The texts below `folder` that none of its .ann files annotates, in order."""
    texts = {path for path in folder.rglob(f"*{TXT}") if path.name[:1] != "."}
    return sorted(texts - {path.with_suffix(TXT) for path in files})


def folder_split(parts: Sequence[str]) -> str:
    """The split that a path's folders tell, or "": a folder with a split's name, or
    else one that holds exactly one such name as a word (n2c2's "training_20180910" and
    "gold-standard-test-data")."""
    known = [split for split in map(split_name, parts) if split in SPLITS]
    if not known:
        words = [re.split(r"[^A-Za-z]+", part) for part in parts]
        told = [{split_name(w) for w in ws} & {*SPLITS} for ws in words]
        known = [split for splits in told if len(splits) == 1 for split in splits]
    return known[0] if known else ""


def gold_of(
    path: Path, document: BratDocument, drops: DropCounts
) -> tuple[tuple[CharSpan, ...], list[tuple[Range, ...]]]:
    """The spans of a document in order, each once, and the fragments of those that are
    discontinuous. Raises M330, M335; see `read_brat`."""
    found = list(locate(path, document))
    for located in found:
        if reason := _COUNTED.get(located.kind):
            drops[reason] += 1
    there = [located for located in found if located.kind != DIFFERENT]
    parted = [located for located in there if len(located.fragments) > 1]
    if parted:
        drops[DISCONTINUOUS] += len(parted)
    concepts = _concepts(document, {located.row.id for located in there}, drops)
    gold = {
        _with_concept(located.span(), concepts.get(located.row.id, ""))
        for located in there
    }
    if repeated := len(there) - len(gold):
        drops[REPEATED] += repeated
    return tuple(sorted(gold)), sorted({located.fragments for located in parted})


def locate(path: Path, document: BratDocument) -> Iterator[Located]:
    """Every T row with its place in the text, in order of the rows.

    Raises M330 (offsets outside the text), at the end M335 (most spans not at their
    offsets).
    """
    total = missed = 0
    for row in document.text_bounds():
        located = _located(path, row, document.text)
        total, missed = total + 1, missed + (located.kind == DIFFERENT)
        yield located
    if missed > FEW and 2 * missed > total:
        raise MslmError(Errors.M335.format(path=path, n=missed, total=total))


def _located(path: Path, row: TextBound, text: str) -> Located:
    ranges: Sequence[Range] = sorted(row.ranges)
    kind = EXACT
    if row.quote:
        kind, ranges = find_quoted(text, ranges, row.quote, " ".join)
    for start, end in ranges:
        if not start < end <= len(text):
            where = Errors.M330.format(
                path=path, row=row.number, start=start, end=end, length=len(text)
            )
            raise MslmError(where)
    pieces: list[Range] = []
    for start, end in ranges:
        if pieces and not text[pieces[-1][1] : start].strip():
            pieces[-1] = pieces[-1][0], max(pieces[-1][1], end)
        else:
            pieces.append((start, end))
    return Located(row, kind, tuple(pieces))


def _concepts(
    document: BratDocument, names: set[str], drops: DropCounts
) -> dict[str, str]:
    """The concept of each T row, by its id; other rows are counted."""
    concepts: dict[str, str] = {}
    for row in document.others():
        match = _REFERENCE.fullmatch(row.body) if row.kind == "N" else None
        if match:
            concepts.setdefault(match[1], match[2])
        else:
            drops[OTHER_KINDS[row.kind]] += 1
    if loose := len(concepts.keys() - names):
        drops[OTHER_KINDS["N"]] += loose
    return concepts


def _with_concept(span: CharSpan, concept: str) -> CharSpan:
    return CharSpan(span.start, span.end, span.label, "gold", concept)
