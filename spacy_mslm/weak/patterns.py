"""Regular expressions as a labeller: one a row of a JSON lines or YAML file."""

import json
import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .labeller import Labeller

SOURCE = "patterns"
# Seconds of processor time for one pattern in one note. An honest one takes far less
# than a thousandth; one that tries every way to split a text would take years.
LIMIT = 1.0
_FLAGS = {
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
    "x": re.VERBOSE,
}
_KEYS = {"label", "pattern", "flags", "group", "concept_id"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """`group` of a match of `regex` is a span of `label`; `row` is where it stands."""

    label: str
    regex: re.Pattern[str]
    row: int
    group: int | str = 0
    concept_id: str = ""


class PatternLabeller(Labeller):
    """Finds what regular expressions match, white space at the edges trimmed.

    A pattern that takes more than `limit` seconds of processor time on a note is
    stopped, and what it found there is left out, counted in `drops` with its row. That
    works in a process' main thread; elsewhere only a limit on the whole note helps.
    """

    name = SOURCE

    def __init__(
        self,
        patterns: Sequence[Pattern],
        *,
        limit: float = LIMIT,
        drops: DropCounts | None = None,
    ) -> None:
        self.patterns = tuple(patterns)
        self.limit = limit
        self.drops = DropCounts() if drops is None else drops
        self.labels = tuple(dict.fromkeys(pattern.label for pattern in patterns))

    def find(self, note: Note) -> Iterator[CharSpan]:
        found: list[CharSpan] = []
        for pattern in self.patterns:
            try:
                with _limited(self.limit):
                    spans = [*_matches(pattern, note.text)]
            except _TooSlowError:
                self.drops[f"pattern in row {pattern.row} stopped: too slow"] += 1
            else:
                found += spans
        yield from sorted(found)


def read_patterns(path: str | Path) -> list[Pattern]:
    """The patterns of a file: a JSON object a line (.jsonl), or a YAML list.

    Keys are label and pattern, and if wanted flags (letters of i, m, s, x), group (a
    number or name: the part of the match that is the span) and concept_id. Raises
    MslmError (M270-M275) naming file and row.
    """
    path = Path(path)
    if not path.is_file():
        raise MslmError(Errors.M270.format(path=path))
    kind = path.suffix.lower()
    if kind not in (".jsonl", ".yml", ".yaml"):
        raise MslmError(Errors.M275.format(path=path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        raise MslmError(Errors.M275.format(path=path)) from err
    rows = _json_rows(path, text) if kind == ".jsonl" else _yaml_rows(path, text)
    patterns = [_pattern(path, row, value) for row, value in rows]
    if not patterns:
        raise MslmError(Errors.M274.format(path=path))
    return patterns


def _matches(pattern: Pattern, text: str) -> Iterator[CharSpan]:
    for match in pattern.regex.finditer(text):
        start, end = match.span(pattern.group)
        part = text[start:end] if start >= 0 else ""
        body = part.strip()
        if body:
            start += len(part) - len(part.lstrip())
            end = start + len(body)
            yield CharSpan(start, end, pattern.label, SOURCE, pattern.concept_id)


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    for row, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield row, json.loads(line)
            except ValueError as err:
                raise _malformed(path, row, "not a JSON object") from err


def _yaml_rows(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    """The items of the list with the lines on which they begin."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        raise _malformed(path, mark.line + 1 if mark else 1, "not YAML") from err
    if node is None:
        return
    if not isinstance(node, yaml.SequenceNode):
        raise _malformed(path, 1, "not a list of patterns")
    for item, value in zip(node.value, values, strict=True):
        yield item.start_mark.line + 1, value


def _pattern(path: Path, row: int, value: Any) -> Pattern:
    if reason := _unfit(value):
        raise _malformed(path, row, reason)
    flags = re.RegexFlag(0)
    for letter in value.get("flags") or "":
        flags |= _FLAGS[letter]
    try:
        regex = re.compile(value["pattern"], flags)
    except (re.error, RecursionError, OverflowError) as err:
        reason = str(err).splitlines()[0] or type(err).__name__
        raise MslmError(Errors.M272.format(path=path, row=row, reason=reason)) from err
    group = value.get("group") or 0
    known = regex.groupindex if isinstance(group, str) else range(regex.groups + 1)
    if group not in known:
        raise _malformed(path, row, f"the pattern has no group {group}")
    if regex.fullmatch(""):
        raise MslmError(Errors.M273.format(path=path, row=row))
    concept_id = value.get("concept_id") or ""
    return Pattern(value["label"], regex, row, group, concept_id)


def _unfit(value: Any) -> str:
    """Why a row is no pattern, or ""."""
    if not isinstance(value, dict):
        return "not an object with keys"
    if unknown := sorted(map(str, value.keys() - _KEYS)):
        return f"unknown key {', '.join(unknown)}"
    for key in ("label", "pattern"):
        if not isinstance(value.get(key), str) or not value[key].strip():
            return f"'{key}' is missing or no text"
    for key in ("flags", "concept_id"):
        if not isinstance(value.get(key) or "", str):
            return f"'{key}' is no text"
    if wrong := set(value.get("flags") or "") - _FLAGS.keys():
        return f"unknown flag {', '.join(sorted(wrong))}"
    group = value.get("group") or 0
    whole = isinstance(group, int) and not isinstance(group, bool) and group >= 0
    return "" if whole or isinstance(group, str) else "'group' is no number or name"


def _malformed(path: Path, row: int, reason: str) -> MslmError:
    flags = ", ".join(_FLAGS)
    return MslmError(Errors.M271.format(path=path, row=row, reason=reason, flags=flags))


class _TooSlowError(Exception):
    """A pattern took longer than it may."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `_TooSlowError` inside the block after so much of the process' own time.

    The matching engine looks for signals while it backtracks. Real time is left to
    whoever watches over whole notes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
