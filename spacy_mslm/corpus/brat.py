"""brat standoff, read: a .txt and an .ann file a document (written: `brat_out`).

The form: brat.nlplab.org/standoff.html. T lines become spans; N lines give the concept
of a T line; E, R, A, M, * and # lines are counted and left. Offsets count characters of
the .txt as stored, line ends, non-ASCII spaces and a byte order mark included.

- Fragments that only white space parts are one span: so brat writes a span over a line
  end. Other discontinuous spans become the span that covers all fragments, counted.
- The text that a T line quotes is compared with its offsets. Where it differs in white
  space alone the offsets hold, counted. Where it only fits offsets in UTF-16 units they
  are read so, counted (see `offsets`). Otherwise the span is left out, counted; a
  document most of whose spans differ was changed after annotation and is an error.
- Overlapping spans are all kept.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .brat_out import ANN, TXT
from .brat_out import write_brat as write_brat
from .offsets import BLANKS, DIFFERENT, FROM_UTF16, UTF16, Range, find_quoted
from .split import SPLITS, split_name
from .tasks import REPEATED
from .textfiles import exact_text, text_rows

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
# More spans than this, mostly not at their offsets: not one slip, another text.
FEW = 3
NO_IDS: Mapping[str, tuple[str, str]] = MappingProxyType({})
_RANGE = r"[0-9]{1,18} [0-9]{1,18}"
_TEXT_BOUND = re.compile(
    rf"(T\S*)\t(\S+)[ \t]({_RANGE}(?:;{_RANGE})*)(?:\t(.*))?", re.DOTALL
)
_REFERENCE = re.compile(r"N\S*\t\S+ (T\S*) [^\s:]*:(\S+)(?:\t.*)?", re.DOTALL)


def ann_files(folder: Path) -> list[Path]:
    """The .ann files below `folder`, hidden ones left out, in order."""
    found = sorted(folder.rglob(f"*{ANN}"))
    return [path for path in found if not path.name.startswith(".")]


def read_brat(
    folder: str | Path,
    *,
    drops: DropCounts,
    ids: Mapping[str, tuple[str, str]] = NO_IDS,
) -> Iterator[Note]:
    """The documents of a brat folder and those below it, in the order of their paths.

    `note_id` is the path below `folder` without its suffix, `patient_id` the stem of
    the file's name, or both are what `ids` holds under that path. A folder in the path
    named as a split (train, dev, test …) is `meta["split"]`.

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
    texts = {path for path in folder.rglob(f"*{TXT}") if path.name[:1] != "."}
    if alone := len(texts - {path.with_suffix(TXT) for path in files}):
        drops[NO_ANN] += alone
    for path in files:
        inside = path.relative_to(folder).with_suffix("")
        name = inside.as_posix()
        note_id, patient_id = ids.get(name, (name, path.stem))
        text, gold = read_document(path, drops=drops)
        split = [s for s in map(split_name, inside.parts[:-1]) if s in SPLITS][:1]
        meta = {"gold": True} | ({"split": split[0]} if split else {})
        yield Note(note_id, patient_id, text, meta=meta, gold=gold)


def read_document(ann: Path, *, drops: DropCounts) -> tuple[str, tuple[CharSpan, ...]]:
    """The text beside an .ann file, and its spans in order; see `read_brat`."""
    source = ann.with_suffix(TXT)
    if not source.is_file():
        raise MslmError(Errors.M328.format(path=ann, txt=source.name))
    text = exact_text(source)
    spans: list[tuple[str, CharSpan]] = []
    concepts: dict[str, str] = {}
    missed = 0
    for row, line in text_rows(ann):
        if line.startswith("T"):
            name, span = _text_bound(ann, row, line, text, drops)
            missed += span is None
            spans += [(name, span)] if span else []
        elif found := _REFERENCE.fullmatch(line):
            concepts.setdefault(found[1], found[2])
        elif line[0] in OTHER_KINDS:
            drops[OTHER_KINDS[line[0]]] += 1
        else:
            raise MslmError(Errors.M331.format(path=ann, row=row))
    if missed > FEW and 2 * missed > missed + len(spans):
        total = missed + len(spans)
        raise MslmError(Errors.M335.format(path=ann, n=missed, total=total))
    names = {name for name, _ in spans}
    if loose := len(concepts.keys() - names):
        drops[OTHER_KINDS["N"]] += loose
    gold = {_with_concept(span, concepts.get(name, "")) for name, span in spans}
    if repeated := len(spans) - len(gold):
        drops[REPEATED] += repeated
    return text, tuple(sorted(gold))


def _with_concept(span: CharSpan, concept: str) -> CharSpan:
    return CharSpan(span.start, span.end, span.label, "gold", concept)


def _text_bound(
    path: Path, row: int, line: str, text: str, drops: DropCounts
) -> tuple[str, CharSpan | None]:
    """Id and span of a T line; no span where its text is not at its offsets."""
    match = _TEXT_BOUND.fullmatch(line)
    if match is None:
        raise MslmError(Errors.M329.format(path=path, row=row))
    name, label, offsets, quote = match.groups()
    ranges = sorted(_range(part) for part in offsets.split(";"))
    kind = ""
    if quote:
        kind, found = find_quoted(text, ranges, quote, " ".join)
        ranges = list(found)
    for start, end in ranges:
        if not start < end <= len(text):
            where = Errors.M330.format(
                path=path, row=row, start=start, end=end, length=len(text)
            )
            raise MslmError(where)
    if kind == DIFFERENT:
        drops[NOT_THERE] += 1
        return name, None
    if kind in (BLANKS, UTF16):
        drops[SPACE_DIFFERS if kind == BLANKS else FROM_UTF16] += 1
    if any(text[a:b].strip() for (_, a), (b, _) in pairwise(ranges)):
        drops[DISCONTINUOUS] += 1
    end = max(end for _, end in ranges)
    return name, CharSpan(ranges[0][0], end, label, "gold")


def _range(part: str) -> Range:
    start, _, end = part.partition(" ")
    return int(start), int(end)
