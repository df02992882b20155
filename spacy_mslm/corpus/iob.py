"""IOB files (CoNLL form): one word a row, the tag in the last column, a blank row
between sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import Errors, MslmError

# Rows that begin a document: CoNLL-2003, and JNLPBA (Genia4ER).
DOCUMENT_MARKS = ("-DOCSTART-", "###MEDLINE:")
SHOWN_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class IobSentence:
    """Words of one sentence and their IOB2 tags (`O`, `B-label`, `I-label`)."""

    words: tuple[str, ...]
    tags: tuple[str, ...]

    def spans(self) -> list[tuple[int, int, str]]:
        """(first word, word after the last, label) of each entity, in order."""
        spans: list[tuple[int, int, str]] = []
        for i, tag in enumerate(self.tags):
            if tag.startswith("B-"):
                spans.append((i, i + 1, tag[2:]))
            elif tag.startswith("I-"):
                start, _, label = spans.pop()
                spans.append((start, i + 1, label))
        return spans


def read_iob(path: str | Path, *, repair: bool = False) -> Iterator[IobSentence]:
    """Read the sentences of `path`, one at a time.

    Columns are separated by a tab or, in rows without tabs, by spaces; the first is
    the word, the last the tag. Tags must be IOB2: an `I-` that continues nothing is
    M304, or with `repair` begins an entity (which is what IOB1 means by it). Rows of
    white space separate sentences; `DOCUMENT_MARKS` rows are skipped.

    Raises M701 (no such file), M301 (undecodable row), M302 (no word and tag), M303
    (no IOB tag), M304 (broken IOB2), M305 (no sentence in the file).
    """
    path = Path(path)
    if not path.is_file():
        raise MslmError(Errors.M701.format(path=path))
    words: list[str] = []
    tags: list[str] = []
    empty = True
    for row, line in utf8_rows(path):
        if not line.strip() or line.startswith(DOCUMENT_MARKS):
            if words:
                yield IobSentence(tuple(words), tuple(tags))
                empty, words, tags = False, [], []
            continue
        word, tag = _columns(path, row, line)
        words.append(word)
        tags.append(_checked(path, row, tag, tags[-1] if tags else "O", repair))
    if words:
        yield IobSentence(tuple(words), tuple(tags))
    elif empty:
        raise MslmError(Errors.M305.format(path=path))


def write_iob(path: Path, sentences: Iterable[IobSentence]) -> None:
    """Write what `read_iob` reads back: a tab between word and tag, a blank row after
    each sentence. Words must be such as `read_iob` gives."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for i, sentence in enumerate(sentences):
            if i == 0 and sentence.words[0].startswith("\ufeff"):
                file.write("\ufeff")  # else the word's own would be read as the mark
            for word, tag in zip(sentence.words, sentence.tags, strict=True):
                file.write(f"{word}\t{tag}\n")
            file.write("\n")


def utf8_rows(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered rows without their line end. Read as bytes, because text mode would
    also break a row at U+0085 and could not say which row does not decode.

    Raises M301 (undecodable row).
    """
    with path.open("rb") as file:
        for row, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8-sig" if row == 1 else "utf-8")
            except UnicodeDecodeError as err:
                raise MslmError(
                    Errors.M301.format(path=path, row=row, byte=err.start + 1)
                ) from None
            yield row, line.removesuffix("\n").removesuffix("\r")


def _columns(path: Path, row: int, line: str) -> tuple[str, str]:
    columns = line.split("\t") if "\t" in line else line.split(" ")
    word, tag = columns[0].strip(" "), columns[-1].strip(" ")
    if len(columns) < 2 or not word or not tag or "\r" in line:
        raise MslmError(Errors.M302.format(path=path, row=row))
    return word, tag


def _checked(path: Path, row: int, tag: str, previous: str, repair: bool) -> str:
    prefix, dash, label = tag.partition("-")
    if tag != "O" and not (prefix in ("B", "I") and dash and label):
        shown = prefix[:SHOWN_CHARACTERS]
        raise MslmError(Errors.M303.format(path=path, row=row, prefix=shown))
    if prefix == "I" and previous[2:] != label:
        if not repair:
            raise MslmError(Errors.M304.format(path=path, row=row))
        return f"B-{label}"
    return tag
