"""brat standoff, written: a .txt and an .ann file a document."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..errors import Errors, MslmError
from ..types import CharSpan, Note
from .brat_rows import ANN as ANN
from .brat_rows import TXT as TXT
from .offsets import Range

CONF = "annotation.conf"
# The key in a note's meta of the fragments of its discontinuous spans.
FRAGMENTS = "brat_fragments"
Parts = Mapping[Range, Sequence[Range]]  # the fragments of a span, by what it covers
NO_PARTS: Parts = MappingProxyType({})
# What ends a row for some reader of .ann files (str.splitlines): spans part there.
_ENDS = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_LINE_END = re.compile(f"[{_ENDS}]")
_PIECE = re.compile(f"[^{_ENDS}]+")


def file_name(note_id: str) -> str:
    """A name for the files of a note, from its id alone, another for every id.

    What is no letter, digit, dot, dash or underscore of ASCII becomes an underscore;
    wherever that, or an id that is long or begins with a dot or dash, makes another
    name, a hash of the id follows.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", note_id).lstrip(".-")[:80] or "note"
    if plain == note_id:
        return plain
    return f"{plain}-{hashlib.sha256(note_id.encode('utf-8')).hexdigest()[:12]}"


def brat_label(label: str) -> str:
    """A label as brat can hold it: ASCII letters, digits, dash and underscore."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", label)


def fragments(text: str, start: int, end: int) -> list[Range]:
    """The pieces of a span between line ends, without the white space beside these.

    A span within one line is one piece as it is. A span of line ends alone is none.
    """
    if not _LINE_END.search(text, start, end):
        return [(start, end)]
    found: list[Range] = []
    for match in _PIECE.finditer(text, start, end):
        piece = match[0]
        first = match.start() + len(piece) - len(piece.lstrip())
        last = match.end() - len(piece) + len(piece.rstrip())
        found += [(first, last)] if first < last else []
    return found


def parts_of(note: Note) -> dict[Range, list[Range]]:
    """The fragments of the discontinuous spans of a note that `read_brat` made."""
    parted = [[(s, e) for s, e in ranges] for ranges in note.meta.get(FRAGMENTS) or ()]
    return {(ranges[0][0], ranges[-1][1]): ranges for ranges in parted}


def annotation_text(
    text: str,
    spans: Sequence[CharSpan],
    scores: Sequence[float | None] = (),
    parts: Parts = NO_PARTS,
) -> str:
    """The .ann file of a text: a T line a span, an N line where it has a concept, and
    its score, where given (aligned with `spans`), in an AnnotatorNotes line.

    `parts`: see `parts_of`. A span of line ends alone, which brat cannot hold, is left
    out.
    """
    lines: list[str] = []
    number = 0
    for i, span in enumerate(spans):
        place = span.start, span.end
        pieces = [
            piece
            for part in parts.get(place, (place,))
            for piece in fragments(text, *part)
        ]
        if not pieces:
            continue
        number += 1
        ranges = ";".join(f"{start} {end}" for start, end in pieces)
        quote = " ".join(text[start:end] for start, end in pieces)
        lines.append(f"T{number}\t{brat_label(span.label)} {ranges}\t{quote}")
        if span.concept_id and not re.search(r"\s", span.concept_id):
            named = f"concept:{span.concept_id}\t{span.concept_id}"
            lines.append(f"N{number}\tReference T{number} {named}")
        score = scores[i] if i < len(scores) else None
        if score is not None:
            lines.append(f"#{number}\tAnnotatorNotes T{number}\tscore {score:.4f}")
    return "".join(f"{line}\n" for line in lines)


def configuration(labels: Iterable[str]) -> str:
    """annotation.conf: the labels, and leave to let them overlap.

    Raises M336 where two labels are one as brat writes them.
    """
    names: dict[str, str] = {}
    for label in sorted(labels):
        other = names.setdefault(brat_label(label), label)
        if other != label:
            raise MslmError(Errors.M336.format(a=other, b=label))
    overlap = "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"
    entities = "\n".join(names)
    return f"[entities]\n{entities}\n[relations]\n{overlap}\n[events]\n[attributes]\n"


def write_brat(folder: str | Path, notes: Iterable[Note]) -> int:
    """Write notes and their gold as a brat folder; the number of documents.

    Not atomic: a stage gives a folder that it moves into place afterwards.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    labels: set[str] = set()
    count = 0
    for count, note in enumerate(notes, 1):  # noqa: B007
        path = folder / f"{file_name(note.note_id)}{TXT}"
        path.write_bytes(note.text.encode("utf-8"))
        lines = annotation_text(note.text, note.gold, parts=parts_of(note))
        path.with_name(path.stem + ANN).write_bytes(lines.encode("utf-8"))
        labels.update(span.label for span in note.gold)
    (folder / CONF).write_text(configuration(labels), encoding="utf-8")
    return count
