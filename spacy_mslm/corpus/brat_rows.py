"""brat standoff as it stands: a document with every row of its .ann file.

The form: brat.nlplab.org/standoff.html. `brat` makes spans of the T rows; here nothing
is left out, so that events, relations, attributes, references, notes and equivalences
are still there when a folder is written again (`write_documents`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import Errors, MslmError
from .offsets import Range, squeezed
from .textfiles import BOM, exact_text

ANN, TXT = ".ann", ".txt"
_RANGE = r"[0-9]{1,18} [0-9]{1,18}"
_TEXT_BOUND = re.compile(
    rf"(T\S*)\t(\S+)[ \t]({_RANGE}(?:;{_RANGE})*)(?:\t(.*))?", re.DOTALL
)
_OTHER = re.compile(r"([ERAMN][0-9]\S*|#\S*|\*)(?:[ \t](.*))?", re.DOTALL)
_ID = re.compile(r"[TERAMN#][0-9]\S*")
# Which words of a row's first field are ids, by kind; those of E and R come after the
# role and a colon.
_NAMED = {"E": slice(0, None), "R": slice(1, None), "*": slice(1, None)}
_FIRST = slice(1, 2)


@dataclass(frozen=True, slots=True)
class TextBound:
    """A T row: its ranges in the order written, the text that it quotes ("" for none),
    and its number in the file, which is no part of what it says."""

    id: str
    label: str
    ranges: tuple[Range, ...]
    quote: str
    number: int = field(default=0, compare=False)

    def line(self) -> str:
        ranges = ";".join(f"{start} {end}" for start, end in self.ranges)
        return f"{self.id}\t{self.label} {ranges}\t{self.quote}"


@dataclass(frozen=True, slots=True)
class OtherRow:
    """A row of any other kind (E, R, A, M, N, * or #): id ("*" has no other) and the
    rest as it is."""

    id: str
    body: str
    number: int = field(default=0, compare=False)

    @property
    def kind(self) -> str:
        return self.id[0]

    def line(self) -> str:
        return f"{self.id}\t{self.body}"

    def named(self) -> list[str]:
        """The ids that the row speaks of."""
        words = self.body.partition("\t")[0].split(" ")
        ids = [w.rpartition(":")[2] for w in words[_NAMED.get(self.kind, _FIRST)]]
        return [name for name in ids if _ID.fullmatch(name)]


Row = TextBound | OtherRow


@dataclass(frozen=True, slots=True)
class BratDocument:
    """A text and its rows; `name` is the path below the folder, without suffix."""

    name: str
    text: str
    rows: tuple[Row, ...]

    def text_bounds(self) -> Iterator[TextBound]:
        return (row for row in self.rows if isinstance(row, TextBound))

    def others(self) -> Iterator[OtherRow]:
        return (row for row in self.rows if isinstance(row, OtherRow))

    def annotation(self) -> str:
        """The .ann file: every row on its line, blank lines gone, ended by \\n."""
        return "".join(f"{row.line()}\n" for row in self.rows)


def ann_files(folder: Path) -> list[Path]:
    """The .ann files below `folder`, hidden ones left out, in order."""
    found = sorted(folder.rglob(f"*{ANN}"))
    return [path for path in found if not path.name.startswith(".")]


def read_document(ann: Path, name: str) -> BratDocument:
    """The document of an .ann file. Raises M328 (no text beside it), M326-M327 (no
    UTF-8, or a NUL), M329 (a T row without label or offsets), M331 (none of brat's)."""
    source = ann.with_suffix(TXT)
    if not source.is_file():
        raise MslmError(Errors.M328.format(path=ann, txt=source.name))
    text = exact_text(source)
    return BratDocument(name, text, parse_rows(ann, exact_text(ann), text))


def parse_rows(path: Path, ann: str, text: str) -> tuple[Row, ...]:
    """The rows of an .ann file's text; `text` is that of the document.

    Rows end at a line feed alone: U+2028 and its kin may stand inside a quoted text. A
    line feed may too, as some tools write a span over a line end: a row of no kind goes
    with the T row before it, as one more word, where the two together are how the text
    at the offsets goes on. Raises M329, M331.
    """
    rows: list[Row] = []
    for number, line in enumerate(ann.removeprefix(BOM).split("\n"), 1):
        line = line.rstrip("\r")
        if not line or line.isspace():
            continue
        row = _row(line, number)
        if row is not None:
            rows.append(row)
        elif rows and (longer := _continued(rows[-1], line, text)):
            rows[-1] = longer
        else:
            error = Errors.M329 if line.startswith("T") else Errors.M331
            raise MslmError(error.format(path=path, row=number))
    return tuple(rows)


def _row(line: str, number: int) -> Row | None:
    if match := _TEXT_BOUND.fullmatch(line):
        name, label, offsets, quote = match.groups()
        ranges = tuple(_range(part) for part in offsets.split(";"))
        return TextBound(name, label, ranges, quote or "", number)
    if match := _OTHER.fullmatch(line):
        return OtherRow(match[1], match[2] or "", number)
    return None


def _range(part: str) -> Range:
    start, _, end = part.partition(" ")
    return int(start), int(end)


def _continued(row: Row, line: str, text: str) -> TextBound | None:
    if not isinstance(row, TextBound):
        return None
    here = squeezed("".join(text[start:end] for start, end in row.ranges))
    longer = f"{row.quote} {line}"
    return replace(row, quote=longer) if here.startswith(squeezed(longer)) else None


def write_documents(folder: str | Path, documents: Iterable[BratDocument]) -> int:
    """Write documents with all their rows, each under its name; how many.

    Read again they are the same. Not atomic: a stage gives a folder that it moves into
    place afterwards.
    """
    count = 0
    for count, document in enumerate(documents, 1):  # noqa: B007
        path = Path(folder) / f"{document.name}{TXT}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document.text.encode("utf-8"))
        rows = document.annotation()
        path.with_name(path.name.removesuffix(TXT) + ANN).write_bytes(
            rows.encode("utf-8")
        )
    return count
