"""Tables about masks: what was masked, how well it is recovered, and what the released
evaluation, which shows masks, makes of a network."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from ..experiments.tables import Row, arms_of, seeds_of
from .lab_tables import Table, by_set
from .scores import percent

MASKED = ("term pieces", "generic pieces", "weight, term", "weight, generic")
RECOVERED = (
    *("perplexity, terms", "perplexity, generic"),
    *("recovered, terms", "recovered, generic"),
)
RECOVERED_SAYS = (
    "Every run under the same masks: half of the gold terms (DS-terms), 15 per cent of "
    "the other words; recovered is the share of masked pieces guessed first. An "
    "encoder that comes without a masked-LM head starts with a fresh one, and these "
    "numbers mean nothing before it is warmed up."
)
PROTOCOL = ("P", "R", "F1", "released EM")
PROTOCOL_SAYS = (
    "The released evaluation shows [MASK] where gold entities are; a system without "
    "any model calls every run of masks an entity. Released EM is a mean over batches "
    "of 8 of the share of gold mentions found, in which false alarms cost nothing; R "
    "on clean text is the exact match. Types count on clean text alone: masks have "
    "none."
)


def masked_table(rows: Iterable[Row]) -> Table | None:
    """Masked pieces in one pass over the text and the weights of their errors, means
    over seeds; None where nothing was masked."""
    cells = [
        [
            f"{data}: {arm}",
            *(f"{_mean(group, 'masked', kind):.0f}" for kind in ("entity", "base")),
            *(f"{_mean(group, 'weights', kind):.3f}" for kind in ("entity", "base")),
        ]
        for (data, arm), group in arms_of(r for r in rows if r.get("masked")).items()
    ]
    return (
        Table("Masked in one pass over the text", ["", *MASKED], cells)
        if cells
        else None
    )


def equal_weights(rows: Iterable[Row], first: str, second: str) -> list[str]:
    """A sentence for each data set on which two arms, weighted alike in every seed
    that both have, count as one."""
    found = []
    for data, arms in by_set(r for r in rows if r.get("weights")).items():
        a, b = (seeds_of(arms.get(arm, ())) for arm in (first, second))
        shared = a.keys() & b.keys()
        if shared and all(_alike(a[s]["weights"], b[s]["weights"]) for s in shared):
            found.append(
                f"{data}: the mask weights of {first} and {second} are equal; they "
                "count as one arm."
            )
    return found


def recovered_table(rows: Iterable[Row], split: str) -> Table | None:
    """Perplexity (geometric mean over seeds) and share recovered of masked pieces, for
    arms with a masked view; None where there are none."""
    with_view = (row for row in rows if row.get(split) and row[split].get("masked_lm"))
    cells = []
    for (data, arm), group in arms_of(with_view).items():
        found = [row[split]["masked_lm"] for row in group]
        terms, generic = ([f[kind] for f in found] for kind in ("terms", "generic"))
        kinds = (terms, generic)
        cells.append(
            [
                f"{data}: {arm}",
                *(_perplexity(part["perplexity"] for part in kind) for kind in kinds),
                *(_share(part["accuracy"] for part in kind) for kind in kinds),
            ]
        )
    title = f"Masked pieces recovered, {split}"
    return Table(title, ["", *RECOVERED], cells) if cells else None


def protocol_table(rows: Iterable[Row]) -> Table | None:
    """The released evaluation beside the same network on clean text, means over seeds;
    None where it was not run."""
    cells = []
    for (data, arm), group in arms_of(r for r in rows if r.get("gold_masked")).items():
        for name, scores in _SEEN.items():
            values = (
                _share(scores(row).get(key) for row in group)
                for key in ("p", "r", "f", "released_em")
            )
            cells.append([f"{data}: {arm}, {name}", *values])
    return (
        Table("The released evaluation beside clean text", ["", *PROTOCOL], cells)
        if cells
        else None
    )


def _on_clean_text(row: Row) -> Mapping[str, float]:
    micro: Mapping[str, float] = (row.get("test") or row["dev"])["strict"]["micro"]
    return micro


# What a system saw, to its scores.
_SEEN: dict[str, Callable[[Row], Mapping[str, float]]] = {
    "network on masks": lambda row: row["gold_masked"]["network"],
    "no model on masks": lambda row: row["gold_masked"]["no_model"],
    "same network on clean text": _on_clean_text,
}


def _perplexity(values: Iterable[float | None]) -> str:
    mean = _known(None if v is None else math.log(v) for v in values)
    return "–" if mean is None else f"{math.exp(mean):.3g}"


def _share(values: Iterable[float | None]) -> str:
    return percent(_known(values))


def _known(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _mean(group: Sequence[Row], part: str, kind: str) -> float:
    return fmean(row[part][kind] for row in group)


def _alike(weights: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(math.isclose(weights[k], other[k], abs_tol=1e-6) for k in weights)
