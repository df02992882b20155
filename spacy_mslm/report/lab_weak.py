"""Tables about weak labels: what a network finds that its labeller cannot know, and
what data sets hold."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from ..experiments.data import SPLITS
from ..experiments.tables import Row, arms_of, shown
from ..scoring.doc_counts import DocCounts
from ..scoring.intervals import Statistic, difference
from .lab_tables import Table
from .scores import percent

BEYOND = ("seeds", "P", "R", "F1", "beyond")
AT = ("seeds at L", "P", "R", "F1", "beyond", "P - labeller")
BEYOND_SAYS = (
    "Beyond: share found of the gold mentions that the labeller's whole terminology "
    "has no name for, boundaries and type exact. At L: at the least confidence and the "
    "bias towards no entity that, on dev, found the most of them while at least as "
    "precise as the labeller there; gold of dev alone chooses it, and the last column "
    "says what became of that precision on test. A labeller's beyond is above 0 where "
    "it finds a name that its table does not hold as such. Spoilt terminologies were "
    "drawn once, not by seed."
)
WITH = ("seeds", "P", "R", "F1", "beyond", "F1 - labeller", "P - labeller")
WORTH: tuple[Statistic, ...] = ("f1", "precision")
WITH_SAYS = (
    "With the labeller: its spans, and where it has none the network's, at the least "
    "confidence and the bias towards no entity of the best F1 on dev, whose gold alone "
    "chooses them."
)
HELD = (
    *("sentences", "words", "words a sentence", "without mentions", "mentions"),
    *("words a mention", "different", "unseen in train"),
)
HELD_SAYS = (
    "Words are those of the files. Abaho et al. 2024 print statistics of these sets in "
    "tables 2 and 9; their sentence counts are 0 to 58 higher, as they cut long "
    "sentences at 128 pieces. Misprints there: the BC5CDR columns are out of order, "
    "BC2GM's average length is 28.17 and not 25.17, and the MIMIC row's 8.67 should be "
    "86.9 (863,732 / 9,937)."
)


def beyond_table(rows: Iterable[Row]) -> Table | None:
    """Means over seeds on test; None where there is no terminology."""
    with_names = [row for row in rows if row.get("test", {}).get("beyond")]
    labellers = _labellers(with_names)
    cells = [
        [f"{data}: {arm}", *_found(group), *_at_precision(group, labellers)]
        for (data, arm), group in arms_of(with_names).items()
    ]
    title = "Beyond the terminology, test"
    return Table(title, ["", *BEYOND, *AT], cells) if cells else None


def together_table(rows: Iterable[Row]) -> Table | None:
    """Labeller and network together, means over seeds on test; None where no run has
    both."""
    rows = list(rows)
    labellers = _labellers(rows)
    cells = []
    for (data, arm), group in arms_of(
        r for r in rows if r.get("with_labeller")
    ).items():
        points = [row["with_labeller"] for row in group]
        theirs = _theirs(group, labellers)
        worth = [_worth(points, theirs, of) for of in WORTH]
        means = _means([_four(point) for point in points])
        cells.append([f"{data}: {arm}", str(len(group)), *means, *worth])
    title = "Labeller and network together, test"
    return Table(title, ["", *WITH], cells) if cells else None


Labellers = Mapping[tuple[str, str, int], Row]


def _labellers(rows: Iterable[Row]) -> Labellers:
    return {
        (row["spec"]["data"], row["spec"]["weak"], row["spec"].get("seed", 0)): row
        for row in rows
        if row["spec"].get("system") == "labeller"
    }


def _found(group: Sequence[Row]) -> list[str]:
    return [str(len(group)), *_means([_four(row["test"]) for row in group])]


def _at_precision(group: Sequence[Row], labellers: Labellers) -> list[str]:
    """Under `AT`: of the seeds that have such a point."""
    with_point = [row for row in group if row.get("at_precision")]
    if not with_point:
        return [""] * len(AT)
    points = [row["at_precision"] for row in with_point]
    worth = _worth(points, _theirs(with_point, labellers), "precision")
    means = _means([_four(point) for point in points])
    return [f"{len(points)} of {len(group)}", *means, worth]


def _theirs(group: Sequence[Row], labellers: Labellers) -> list[Row | None]:
    specs = [row["spec"] for row in group]
    return [labellers.get((s["data"], s["weak"], s.get("seed", 0))) for s in specs]


def _worth(points: Sequence[Any], theirs: Sequence[Row | None], statistic: Any) -> str:
    """A point of each seed less its labeller; nothing where a labeller is not there."""
    if not all(theirs):
        return ""
    a = [_strict(point) for point in points]
    b = [_strict(row["test"]) for row in theirs if row]
    return shown(difference(a, b, statistic=statistic))


def _strict(scores: Any) -> DocCounts:
    return DocCounts.from_text(scores["by_sentence"]["strict"])


def _four(scores: Any) -> tuple[float, float, float, float | None]:
    micro = scores["strict"]["micro"]
    return micro["p"], micro["r"], micro["f"], scores["beyond"]["em"]


def _means(rows: Sequence[Sequence[float | None]]) -> list[str]:
    columns = [[v for v in of if v is not None] for of in zip(*rows, strict=True)]
    return [percent(fmean(column) if column else None) for column in columns]


def statistics_table(rows: Iterable[Row]) -> Table | None:
    """A split a row; None where nothing was counted."""
    cells = [
        [f"{row['spec']['data']}, {split}", *_held(counts)]
        for row in rows
        for split, counts in sorted(row.get("statistics", {}).items(), key=_order)
    ]
    return Table("What the data sets hold", ["", *HELD], cells) if cells else None


def _order(item: tuple[str, Any]) -> int:
    return SPLITS.index(item[0])


def _held(counts: Any) -> list[str]:
    return [
        f"{counts['sentences']:,}",
        f"{counts['words']:,}",
        f"{counts['words_a_sentence']['mean']:.2f}",
        f"{counts['without_mentions']:,}",
        f"{counts['mentions']:,}",
        f"{counts['words_a_mention']:.2f}",
        f"{counts['different_mentions']:,}",
        f"{counts['unseen_mentions']:,}",
    ]
