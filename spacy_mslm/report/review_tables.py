"""A review as tables of text: (header, rows), the same for page and summary. None of
these holds text of notes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .held import MISS
from .review_counts import (
    AGREEMENTS,
    STEPS,
    Coverage,
    GoldCounts,
    SourceCounts,
)
from .review_names import NameTable
from .review_rules import RULES, RuleCount
from .scores import percent

Table = tuple[list[str], list[list[str]]]

# Keys of `weak.coverage.summary`.
STANDING = ("exact", "partly", "conflict", "alone")
FATES = ("kept", "cut", "lost")
AGREEMENT_NAMES = {
    "exact": "the same span and label",
    "boundary": "other boundaries",
    "type": "other label",
    "boundary_and_type": "other boundaries and label",
}


def number(value: int) -> str:
    return f"{value:,}"


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else "–"


def label_table(labels: Sequence[str], total: Coverage, names: NameTable) -> Table:
    """One row a label: how much is labelled, and by how many names and concepts."""
    header = ["Label", "Spans", "Notes with one, %", "Spans a note", "Characters, %"]
    header += ["Names", "Ten commonest names, %", "Concepts"]
    marked = {"Negated, %": total.negated, "Of family, %": total.family}
    shown = {title: counts for title, counts in marked.items() if counts}
    rows = []
    for label in labels:
        spans, entries = total.spans[label], names.of(label)
        top = sum(entry.count for _, entry in entries[:10])
        row = [
            label,
            number(spans),
            _share(total.with_label[label], total.notes),
            f"{spans / max(total.notes, 1):.2f}",
            _share(total.covered[label], total.characters),
            number(len(entries)),
            _share(top, spans),
            number(len(names.concepts(label))),
        ]
        row += [_share(counts[label], spans) for counts in shown.values()]
        rows.append(row)
    return [*header, *shown], rows


def category_table(
    labels: Sequence[str], categories: Sequence[tuple[str, Coverage]], top: int
) -> Table:
    """One row a category, the `top` with most notes; spans a note by label."""
    header = ["Category", "Notes", "Characters a note", "Without any span, %"]
    header += [f"{label} a note" for label in labels]
    rows = [
        [
            name,
            number(about.notes),
            number(round(about.characters / about.notes)),
            _share(about.empty, about.notes),
            *(f"{about.spans[label] / about.notes:.2f}" for label in labels),
        ]
        for name, about in categories[:top]
    ]
    return header, rows


def histogram_table(total: Coverage) -> Table:
    """How many notes hold how many spans."""
    rows = []
    for place, least in enumerate(STEPS):
        most = STEPS[place + 1] - 1 if place + 1 < len(STEPS) else None
        name = f"{least} and more" if most is None else f"{least} to {most}"
        name = str(least) if most == least else name
        count = total.histogram[least]
        rows.append([name, number(count), _share(count, total.notes)])
    return ["Spans in the note", "Notes", "%"], rows


def rule_table(
    counts: Sequence[RuleCount], rest: RuleCount, *, said: bool = False
) -> Table:
    """What each rule caught; where gold exists, how often it was right to. `said`: with
    the rules in words."""
    judged = any(count.judged for count in (*counts, rest))
    header = ["Rule", "Names", "Finds"]
    header += ["Judged by gold", "Of these wrong, %"] if judged else []
    header += ["The rule"] if said else []
    rows = []
    for count in (*counts, rest):
        title, says = RULES.get(count.rule, ("No rule", "all other names"))
        row = [title, number(count.names), number(count.finds)]
        if judged:
            row += [number(count.judged), _share(count.wrong, count.judged)]
        rows.append([*row, says] if said else row)
    return header, rows


def score_table(gold: GoldCounts) -> Table:
    """Strict and partial scores by label, the micro average last."""
    header = ["Label", "Gold", "Found", "Exact", "P", "R", "F1"]
    header += ["Partial P", "Partial R", "Partial F1"]
    made = [(k, gold.strict[k], gold.partial[k]) for k in sorted(gold.strict)]
    made.append(("All", gold.all_strict, gold.all_partial))
    rows = []
    for label, strict, partial in made:
        shares = (strict.precision, strict.recall, strict.f1)
        parts = (partial.precision, partial.recall, partial.f1)
        row = [label, number(partial.gold), number(partial.predicted)]
        rows.append([*row, number(partial.exact), *map(percent, (*shares, *parts))])
    return header, rows


def miss_table(gold: GoldCounts) -> Table:
    """How many of the misses the terminology has a name for: those that are not in it
    no rule of the labeller can find."""
    missed = gold.surfaces.counts.get(MISS, {})
    known = gold.surfaces.known or ()
    rows = []
    for label, forms in sorted(missed.items()):
        there = sum(n for (form, _), n in forms.items() if form in known)
        row = [number(forms.total()), number(there), _share(there, forms.total())]
        rows.append([label, *row])
    return ["Label", "Missed altogether", "In the terminology", "%"], rows


def instead_table(gold: GoldCounts, top: int = 12) -> Table:
    """What the gold says where a false alarm lies, for gold that is not compared."""
    labels = sorted({label for label, _ in gold.instead})
    says: Counter[str] = Counter()
    for (_, other), n in gold.instead.items():
        says[other] += n
    chosen = [k for k, _ in sorted(says.items(), key=lambda i: (-i[1], i[0]))[:top]]
    rows = [
        [other, *(number(gold.instead[label, other]) for label in labels)]
        for other in chosen
    ]
    return ["The gold says", *labels], rows


def source_table(sources: SourceCounts, notes: int) -> Table:
    """One row a source: its spans beside those of the others, and after the policy."""
    header = ["Source", "Spans", "Notes with one, %"]
    header += [f"{name.capitalize()}, %" for name in (*STANDING, *FATES)]
    rows = []
    for source, about in sources.described(notes).items():
        spans = sum(about["spans"].values())
        row = [source, number(spans), _share(about["notes"], notes)]
        row += [_share(about[name], spans) for name in (*STANDING, *FATES)]
        rows.append(row)
    return header, rows


def source_label_table(labels: Sequence[str], sources: SourceCounts) -> Table:
    """Spans by source and label."""
    known = [*labels, *sorted({k for _, k in sources.spans} - {*labels})]
    rows = [
        [source, *(number(sources.spans[source, label]) for label in known)]
        for source in sources.names
    ]
    return ["Source", *known], rows


def pair_table(sources: SourceCounts) -> Table:
    """How two sources agree where both mark something."""
    pairs = sorted({(a, b) for a, b, _ in sources.pairs})
    rows = []
    for a, b in pairs:
        counts = [sources.pairs[a, b, how] for how in AGREEMENTS]
        row = [f"{a} and {b}", *map(number, counts)]
        rows.append([*row, _share(counts[0], sum(counts))])
    header = [AGREEMENT_NAMES[how].capitalize() for how in AGREEMENTS]
    return ["Sources", *header, "Agreed, %"], rows


def conflict_table(sources: SourceCounts, top: int = 20) -> Table:
    """Which labels stand against each other, the commonest first."""
    ordered = sorted(sources.conflicts.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        [f"{a}: {label}", f"{b}: {other}", number(n)]
        for (a, label, b, other), n in ordered[:top]
    ]
    return ["One says", "The other says", "Times"], rows


def drop_table(manifest: Mapping[str, Any]) -> Table:
    """What `label` left out, by reason."""
    drops: Mapping[str, int] = manifest.get("drops") or {}
    ordered = sorted(drops.items(), key=lambda item: (-item[1], item[0]))
    return ["Left out", "Times"], [[reason, number(n)] for reason, n in ordered]


def review_lines(
    labels: Sequence[str], total: Coverage, gold: GoldCounts
) -> Iterator[str]:
    """The least that a terminal should say: lines of at most 80 columns."""
    yield f"{number(total.notes)} notes, {number(total.empty)} without any span"
    for label in labels:
        share = _share(total.with_label[label], total.notes)
        yield f"  {label}: {number(total.spans[label])} spans, in {share}% of the notes"
    if not gold.notes:
        return
    yield f"against gold of {number(gold.notes)} notes, P R F1 (F1 partial), per cent"
    _, rows = score_table(gold)
    for row in rows:
        yield f"  {row[0]}: {row[4]} {row[5]} {row[6]} ({row[9]})"
