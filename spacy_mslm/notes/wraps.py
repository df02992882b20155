"""Which line breaks end something and which are only the edge of the page.

A wrapper fills its lines: it breaks where the next word no longer fits. So a line
that had room for the next word was ended on purpose, and a full line goes on unless
its own last word, or the next line's form, says that it does not.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .lines import MARK, Kind, Line, is_capitals, room
from .words import GOES_ON_AFTER, GOES_ON_BEFORE, NEVER_LAST, SHORTENED

# Columns at which notes are wrapped: a line with room to spare below the lower
# one is no wrapped line; above the upper one a line was not wrapped at all.
NARROWEST, WIDEST, UNWRAPPED = 70, 80, 110
# A small letter carries on a line of at least this width.
_HALF = 50
_STOPPED = re.compile(r"[.!?][\"'”’)\]]*$")
_GLUED = re.compile(r"[^\W_][-/]$|[,;&]$|[(\[]$")
# A list number at the end of a line belongs to what follows.
_NUMBERED = re.compile(r"(?:^|[\s,:])\d{1,2}[.)]$")
_APART = frozenset({Kind.RULE, Kind.TABLE})


def passages(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Half-open character ranges between hard breaks, in order.

    Every sentence lies inside one: blank lines, rules, tables, headings, list items
    and lines ended on purpose end a passage.
    """
    for run in _runs(lines):
        limit = _wrap_column(run)
        first, last_number, hanging = run[0], run[0].number, _hang(run[0], -1)
        for above, below in pairwise(run):
            if _is_hard(above, below, limit, last_number, hanging):
                yield first.start, above.end
                first, hanging = below, -1
            if below.number > 0 and first is below:
                last_number = below.number
            hanging = _hang(below, hanging) if first is below else hanging
        yield first.start, run[-1].end


def _runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    run: list[Line] = []
    for line in lines:
        if line.kind is Kind.BLANK or line.kind in _APART:
            if run:
                yield run
            run = []
        if line.kind in _APART:
            yield [line]
        elif line.kind is not Kind.BLANK:
            run.append(line)
    if run:
        yield run


def _wrap_column(run: Sequence[Line]) -> int:
    """The column that a line must have had to pass to be a wrapped one.

    No more than the widest line, nor than where a line that surely goes on would
    have ended with its next word (a line may be too wide for other reasons).
    """
    exact = [line.width for line in run if MARK not in line.text]
    widest = max((width for width in exact if width <= UNWRAPPED), default=0)
    if _is_narrow(run, widest):
        return widest
    passed = [_with_next(*pair) for pair in pairwise(run) if _surely_goes_on(*pair)]
    return max(NARROWEST, min([WIDEST, widest, *passed]))


def _surely_goes_on(above: Line, below: Line) -> bool:
    small = below.text[0].islower() and above.width >= _HALF
    return small and not _STOPPED.search(above.text)


def _is_narrow(run: Sequence[Line], widest: int) -> bool:
    """Whether a paragraph was wrapped at an unusually small column: four lines or
    more, all filled, mostly going on with a small letter."""
    if len(run) < 4 or not 30 <= widest < NARROWEST:
        return False
    filled = all(_is_full(line, after, widest) for line, after in pairwise(run))
    small = sum(line.text[0].islower() for line in run[1:])
    return filled and 2 * small >= len(run) - 1


def _is_full(above: Line, below: Line, limit: int) -> bool:
    return _with_next(above, below) >= limit


def _with_next(above: Line, below: Line) -> int:
    """Width of a line had it held the next word too."""
    return above.width + 1 + room(below.text.split(None, 1)[0])


def _hang(line: Line, otherwise: int) -> int:
    return line.indent if line.kind is Kind.ITEM else otherwise


def _is_hard(
    above: Line, below: Line, limit: int, last_number: int, hanging: int
) -> bool:
    full = _is_full(above, below, limit) and above.width <= UNWRAPPED
    goes_on = _goes_on(above.text, below.text)
    stopped = not goes_on and _is_stopped(above.text, below.text)
    if above.kind is Kind.TITLE and _closes(above, below):
        return True
    if _opens(above, below, last_number, maybe=full and not stopped, tied=goes_on):
        return True
    if goes_on or (hanging >= 0 and below.indent >= hanging + 2):
        return False
    if below.text[0].islower() and above.width >= _HALF and not stopped:
        return False
    return not full


def _closes(above: Line, below: Line) -> bool:
    """Whether a title above really is one, not a line of a note all in capitals."""
    return above.text.rstrip(",").endswith(":") or not is_capitals(below.text)


def _opens(
    above: Line, below: Line, last_number: int, *, maybe: bool, tied: bool
) -> bool:
    """Whether the line below begins something by its form.

    maybe: the line above may go on; tied: its last word says that it does. Then only
    clear forms count.
    """
    if below.kind is Kind.ITEM:
        if below.number == 0:
            return True
        in_turn = below.number in (1, last_number + 1)
        return not maybe and not tied if below.number < 0 else in_turn or not maybe
    if below.kind is Kind.HEADED:
        return not (tied or (maybe and _splits_heading(above.text, below.text)))
    if below.kind is Kind.TITLE:
        acronym = len(below.text) <= 5 and maybe
        alike = is_capitals(above.text) and not below.text.endswith(":")
        split = maybe and _splits_heading(above.text, below.text)
        return not (tied or acronym or alike or split)
    return False


def _splits_heading(above: str, below: str) -> bool:
    """Whether a heading in capitals began at the end of the line above."""
    last, first = above[-40:].split()[-1], below[:40].split()[0]
    last = last.rpartition(",")[2]
    heading = last.isalpha() and is_capitals(last) and first.isupper()
    return heading and not is_capitals(above)


def _is_stopped(above: str, below: str) -> bool:
    """Whether a line ends in a stop that is one (`5 mg p.o.` before `q.d.` not)."""
    if not _STOPPED.search(above):
        return False
    last = above[-40:].split()[-1].lower().lstrip("(\"'")[:-1]
    short = "." in last or last in SHORTENED
    return not (short and (below[0].islower() or below[0].isdigit()))


def _goes_on(above: str, below: str) -> bool:
    """Whether the words on either side of a line break belong to one phrase."""
    last = above[-40:].split()[-1].lower().lstrip("(\"'")
    first = below[:40].split()[0]
    if last.endswith(".") and not last[:-1].isdigit():
        return last[:-1] in NEVER_LAST
    unstopped = last[-1] not in ".!?:"
    glued = _GLUED.search(above[-3:]) or _NUMBERED.search(above[-5:])
    return bool(glued) or (
        unstopped and (last in GOES_ON_AFTER or first in GOES_ON_BEFORE)
    )
