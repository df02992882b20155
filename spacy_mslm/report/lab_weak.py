"""Tables about weak labels: what a network finds that its labeller cannot know, and
what data sets hold."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from ..experiments.data import SPLITS
from ..experiments.tables import Row, arms_of
from .lab_tables import Table
from .scores import percent

BEYOND = ("P", "R", "F1", "beyond", "P at L", "R at L", "F1 at L", "beyond at L")
BEYOND_SAYS = (
    "Beyond: share found of the gold mentions that the labeller's terminology has no "
    "name for, boundaries and type exact. At L: at the least confidence and the bias "
    "towards no entity that, on dev, found the most of them while at least as precise "
    "as the labeller; gold of dev alone chooses it. A labeller's beyond is above 0 "
    "where it finds a name that its table does not hold as such."
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
    with_names = (row for row in rows if row.get("test", {}).get("beyond"))
    cells = [
        [f"{data}: {arm}", str(len(group)), *_found(group)]
        for (data, arm), group in arms_of(with_names).items()
    ]
    title = "Beyond the terminology, test"
    return Table(title, ["", "seeds", *BEYOND], cells) if cells else None


def _found(group: Sequence[Row]) -> list[str]:
    plain = [_four(row["test"]) for row in group]
    points = [_four(row["at_precision"]) for row in group if row.get("at_precision")]
    return [
        *_means(plain),
        *(_means(points) if len(points) == len(group) else [""] * 4),
    ]


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
