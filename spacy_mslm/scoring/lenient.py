"""Lenient span scores: the right type and any overlap count as found.

This is the "lenient" of n2c2 2018 track 2 (Henry et al. 2020, "2018 n2c2 shared task on
adverse drug events and medication extraction in electronic health records"): two spans
match where they have one label and share a character (or token, whatever the unit).
What remains to be said is how often a span may be used, and that is a rule by name:

- "one-to-one": matches are pairs, each span in at most one, and as many pairs are made
  as can be. A second prediction on one gold mention is a false positive, one prediction
  over two mentions finds one. The result depends on no order, and true positives are
  at least the strict ones.
- "n2c2": as the official script counts. Predictions are taken in order of their
  offsets (the script: in order of the rows of the file); one that touches a gold span
  which an earlier one has touched is left out, neither right nor wrong. Of the others
  those that touch any gold span are true positives; false negatives are the gold spans
  less these. For figures beside published ones; it forgives pieces of a mention.

Spans are compared as sets within one document, as in `strict`; a discontinuous span is
its covering span, as in the script. The script's "macro" is a mean over documents; the
macro here is one over types.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from types import MappingProxyType

from ..errors import Errors, MslmError
from .averages import ClassReport, of_classes
from .strict import Counts, Span, check_lengths

Range = tuple[int, int]
ONE_TO_ONE, N2C2 = "one-to-one", "n2c2"


def lenient_report(
    gold: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    *,
    rule: str = ONE_TO_ONE,
    labels: Collection[str] | None = None,
) -> ClassReport:
    """Score `predicted` against `gold`, one collection of spans a document.

    labels (Optional[Collection]): score these types and no others, found or not.
    Raises M601 for another number of documents, M610 for a rule of another name.
    """
    if rule not in RULES:
        known = " or ".join(RULES)
        raise MslmError(Errors.M610.format(name="rule", expected=known, got=rule))
    check_lengths(gold, predicted)
    total: dict[str, Counter[str]] = {}
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        true, found = _by_label(gold_spans), _by_label(predicted_spans)
        for label in true.keys() | found.keys():
            tp, fp, fn = RULES[rule](true.get(label, []), found.get(label, []))
            total.setdefault(label, Counter()).update(tp=tp, fp=fp, fn=fn)
    counts = {label: Counts(c["tp"], c["fp"], c["fn"]) for label, c in total.items()}
    return ClassReport(of_classes(counts, labels))


def _by_label(spans: Iterable[Span]) -> dict[str, list[Range]]:
    """The different ranges of each label, in order."""
    grouped: dict[str, list[Range]] = {}
    for start, end, label in sorted(set(spans)):
        grouped.setdefault(label, []).append((start, end))
    return grouped


def _one_to_one(true: list[Range], found: list[Range]) -> tuple[int, int, int]:
    """True positives, false positives, false negatives of one label.

    Ranges of both sides are taken by their end, and each is paired with the free range
    of the other side that ends first among those it overlaps. All it could be paired
    with reach beyond its own end, so the one that ends first has the fewest other
    chances: no choice is ever regretted, and the pairs are as many as can be.
    """
    sides = [
        sorted((r for r in side if r[0] < r[1]), key=_end) for side in (true, found)
    ]
    order = sorted(
        (end, side, i) for side in (0, 1) for i, (_, end) in enumerate(sides[side])
    )
    used: tuple[set[int], set[int]] = (set(), set())
    passed = [0, 0]
    for end, side, i in order:
        passed[side] = i + 1
        if i in used[side]:
            continue
        others = sides[1 - side]
        for j in range(passed[1 - side], len(others)):
            if j not in used[1 - side] and others[j][0] < end:
                used[1 - side].add(j)
                used[side].add(i)
                break
    tp = len(used[0])
    return tp, len(found) - tp, len(true) - tp


def _n2c2(true: list[Range], found: list[Range]) -> tuple[int, int, int]:
    touched: set[Range] = set()
    tp = fp = 0
    for start, end in found:
        hits = {g for g in true if max(g[0], start) < min(g[1], end)}
        if touched.isdisjoint(hits):
            tp += bool(hits)
            fp += not hits
        touched |= hits
    return tp, fp, len(true) - tp


def _end(place: Range) -> int:
    return place[1]


Rule = Callable[[list[Range], list[Range]], tuple[int, int, int]]
RULES: MappingProxyType[str, Rule] = MappingProxyType(
    {ONE_TO_ONE: _one_to_one, N2C2: _n2c2}
)
