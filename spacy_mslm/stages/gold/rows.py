"""Rows of gold.json: one number of gold documents, over its seeds."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WEAK_ONLY = "weak labels alone"
WEAK_THEN_GOLD = "weak labels, then gold"
GOLD_ONLY = "gold alone, no weak labels"
SHARES = ("p", "r", "f")

Row = dict[str, Any]


def make_row(system: str, asked: Sequence[int], runs: Sequence[Row]) -> Row:
    """Means over `runs`, each with its own scores under "micro", "macro_f", "em" and
    "per_type"; "sd" is the sample's standard deviation, None for a single run.

    asked (Sequence[int]): the sizes that were asked for and came to this number.
    """
    flat = [{**r["micro"], "macro_f": r["macro_f"], "em": r["em"]} for r in runs]
    names = (*SHARES, "macro_f", "em")
    labels = sorted({label for run in runs for label in run["per_type"]})
    return {
        "system": system,
        "documents": runs[0]["documents"],
        "asked": list(asked),
        "seeds": [run["seed"] for run in runs],
        "mean": {name: _mean(run[name] for run in flat) for name in names},
        "sd": {name: _sd([run[name] for run in flat]) for name in names},
        "per_type": {label: _type_mean(label, runs) for label in labels},
        "runs": list(runs),
    }


def _type_mean(label: str, runs: Sequence[Row]) -> dict[str, float]:
    nothing = dict.fromkeys(SHARES, 0.0)
    counts = [run["per_type"].get(label, nothing) for run in runs]
    return {name: _mean(c[name] for c in counts) for name in SHARES}


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def _sd(values: Sequence[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def make_warnings(
    rows: Sequence[Row],
    *,
    left: int,
    test: Mapping[str, Any],
    repeats: int,
    mapping: Mapping[str, str],
    found: Iterable[str],
) -> list[str]:
    """What a reader must know to believe the rows no more than they deserve."""
    lines = []
    for size in sorted({n for row in rows for n in row["asked"] if n > left}):
        lines.append(
            f"{size} gold documents were asked for; {left} were left to train on."
        )
    if repeats == 1 and any(row["documents"] for row in rows):
        lines.append("One seed is a sign, no result: run with --repeats 3 or more.")
    if test["seen_in_weak_training"]:
        lines.append(
            f"The weak training has read {test['seen_in_weak_training']} of the "
            f"{test['documents']} test documents, or others of their patients, with "
            "weak labels."
        )
    kept = [row for row in rows if row["system"] != GOLD_ONLY]
    if len(kept) > 1 and kept[0]["system"] == WEAK_ONLY:
        first, last = kept[0]["mean"]["f"], kept[-1]["mean"]["f"]
        if last < first:
            lines.append(
                "With the most gold documents F1 is lower than with none, and still "
                "that pipeline is handed on: look at types and boundaries of the gold."
            )
    if unused := sorted(mapping.keys() - {*found}):
        lines.append(f"No mention has a type of these names: {', '.join(unused)}.")
    return lines
