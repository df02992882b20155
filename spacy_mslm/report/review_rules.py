"""Names that are better looked at before training: stated rules, each with its reason.

A rule is a suspicion, no verdict: "fever" is an everyday word and a symptom. Nothing is
taken out by them; people do that, in the list of `review --lists`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from .review_names import NameCount, NameTable

# Fewer finds than this tell too little about where a name stands.
LEAST = 5
FREQUENT, FREQUENT_SHARE, FREQUENT_AMONG = 20, 0.05, 20
SHORT, ACRONYM = 3, 5
PHRASE_FINDS = 10

RULES = {
    "wrong": ("Mostly wrong", "of 5 judged finds or more, half are not in the gold"),
    "everyday": ("Everyday word", "a word that English uses often"),
    "short": (
        "Short",
        "up to 3 characters, or up to 5 that are nearly always in capitals",
    ),
    "capitals": (
        "In capitals",
        "longer names that stand in capitals nine times of ten: parts of headings",
    ),
    "heading": ("Heading", "a third of the finds head a passage or name a field"),
    "measured": (
        "Measured",
        "a value, or a word such as level or pressure, follows a third of the finds",
    ),
    "office": (
        "Hospital business",
        "a word such as summary, instructions or date follows a third of the finds",
    ),
    "phrase": (
        "Part of a phrase",
        "one and the same word follows three finds of five: it may mean something else",
    ),
    "ambiguous": (
        "Ambiguous",
        "found under several labels or concepts, or shared by concepts",
    ),
    "contested": ("Contested", "other sources mark half of the finds otherwise"),
    "one source": (
        "One source",
        "one source alone finds it, and others that know its label do not",
    ),
    "frequent": (
        "Very frequent",
        "one twentieth of all that is found under its label, or more",
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`says`: counts alone; `word`: of the notes, "" for most rules."""

    rule: str
    says: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Suspect:
    name: str
    label: str
    entry: NameCount
    reasons: tuple[Reason, ...]

    @property
    def weight(self) -> int:
        """By which suspects are ordered: finds times reasons."""
        return self.entry.count * len(self.reasons)


def _never(name: str) -> bool:
    return False


@dataclass(frozen=True)
class Knowledge:
    """What is known of names besides the notes: whether one is a common English word,
    whether several concepts of the terminology share it, which labels more than one
    source gives."""

    everyday: Callable[[str], bool] = _never
    shared: Callable[[str], bool] = _never
    several_sources: Collection[str] = field(default_factory=frozenset)


def suspects(
    table: NameTable, labels: Sequence[str], known: Knowledge
) -> list[Suspect]:
    """Every name with a reason, the weightiest first."""
    made = []
    for label in labels:
        entries = table.of(label)
        total = sum(entry.count for _, entry in entries)
        frequent = _least_frequent(len(entries), total)
        for name, entry in entries:
            reasons = [
                *_of_gold(entry),
                *_of_form(name, entry, known),
                *_of_places(entry),
                *_of_sources(name, label, entry, table, labels, known),
            ]
            if entry.count >= frequent:
                says = f"{_percent(entry.count, total)} of all {label}"
                reasons.append(Reason("frequent", says))
            if reasons:
                made.append(Suspect(name, label, entry, tuple(reasons)))
    return sorted(made, key=lambda s: (-s.weight, s.label, s.name))


def _least_frequent(names: int, finds: int) -> float:
    """From how many finds a name of a label is very frequent."""
    if names < FREQUENT_AMONG:
        return float("inf")
    return max(FREQUENT, FREQUENT_SHARE * finds)


def _of_gold(entry: NameCount) -> Iterator[Reason]:
    if entry.judged >= LEAST and 2 * entry.wrong >= entry.judged:
        yield Reason("wrong", f"wrong in {entry.wrong} of {entry.judged}")


def _of_form(name: str, entry: NameCount, known: Knowledge) -> Iterator[Reason]:
    if known.everyday(name):
        yield Reason("everyday", "everyday word")
    capitals = entry.capitals / entry.count
    if len(name) <= SHORT:
        yield Reason("short", f"{len(name)} characters")
    elif len(name) <= ACRONYM and capitals >= 0.8:
        yield Reason("short", f"{len(name)} characters, in capitals")
    elif len(name) > ACRONYM and entry.count >= LEAST and capitals >= 0.9:
        yield Reason("capitals", f"capitals {_percent(entry.capitals, entry.count)}")


def _of_places(entry: NameCount) -> Iterator[Reason]:
    if entry.count < LEAST:
        return
    places = {
        "heading": (entry.headings, "in headings"),
        "measured": (entry.measures, "measured"),
        "office": (entry.office, "hospital business"),
    }
    for rule, (count, says) in places.items():
        if 3 * count >= entry.count:
            yield Reason(rule, f"{says} {_percent(count, entry.count)}")
    if entry.after and entry.count >= PHRASE_FINDS:
        word, count = max(entry.after.items(), key=lambda item: (item[1], item[0]))
        if 5 * count >= 3 * entry.count:
            share = _percent(count, entry.count)
            yield Reason("phrase", f"one word follows {share}", word)


def _of_sources(
    name: str,
    label: str,
    entry: NameCount,
    table: NameTable,
    labels: Sequence[str],
    known: Knowledge,
) -> Iterator[Reason]:
    others = [k for k in table.labels_of(name, labels) if k != label]
    if others:
        yield Reason("ambiguous", f"also {' and '.join(others)}")
    elif entry.ambiguity > 1:
        yield Reason("ambiguous", f"{entry.ambiguity} concepts")
    elif known.shared(name):
        yield Reason("ambiguous", "shared by concepts")
    if entry.count < LEAST:
        return
    if 2 * entry.contested >= entry.count:
        says = f"marked otherwise {_percent(entry.contested, entry.count)}"
        yield Reason("contested", says)
    if label in known.several_sources and 10 * entry.alone >= 9 * entry.count:
        by = max(entry.sources.items(), key=lambda item: (item[1], item[0]))[0]
        yield Reason("one source", f"only {by}: {_percent(entry.alone, entry.count)}")


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What a rule caught, and how many of the judged finds were wrong."""

    rule: str
    names: int = 0
    finds: int = 0
    judged: int = 0
    wrong: int = 0


def rule_counts(
    found: Sequence[Suspect], table: NameTable
) -> tuple[list[RuleCount], RuleCount]:
    """One count a rule that caught something, and that of the names without any
    reason."""
    caught: dict[str, list[NameCount]] = {rule: [] for rule in RULES}
    for suspect in found:
        for rule in {reason.rule for reason in suspect.reasons}:
            caught[rule].append(suspect.entry)
    keys = {(suspect.label, suspect.name) for suspect in found}
    rest = [entry for key, entry in table.entries.items() if key not in keys]
    counts = [_counted(rule, entries) for rule, entries in caught.items() if entries]
    return counts, _counted("none", rest)


def _counted(rule: str, entries: Sequence[NameCount]) -> RuleCount:
    return RuleCount(
        rule,
        len(entries),
        sum(entry.count for entry in entries),
        sum(entry.judged for entry in entries),
        sum(entry.wrong for entry in entries),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%"
