"""gold.json as rows of text: 0, 10 and 50 gold documents side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from .scores import markdown_table, percent

TITLE = "Gold documents: {sizes} side by side"

Gold = Mapping[str, Any]


def is_given(gold: Gold) -> bool:
    """Whether any gold document was given to `gold`; {} where it did not run."""
    return bool(gold.get("given"))


def gold_used(gold: Gold) -> int:
    """How many gold documents the packaged pipeline learnt from, those that chose its
    checkpoint included."""
    return int((gold.get("packaged") or {}).get("documents", 0))


def gold_title(gold: Gold) -> str:
    sizes = [str(n) for n in dict.fromkeys(row["documents"] for row in gold["rows"])]
    listed = " and ".join([", ".join(sizes[:-1]), sizes[-1]][-len(sizes) :])
    return TITLE.format(sizes=listed)


def gold_table(gold: Gold) -> tuple[list[str], list[list[str]]]:
    """Header and cells: one row a system and number of documents; F1 a type."""
    labels = sorted({label for row in gold["rows"] for label in row["per_type"]})
    header = ["Trained on", "Gold documents", "Precision", "Recall", "F1"]
    header += [f"F1 {label}" for label in labels] + ["Seeds"]
    return header, [_cells(row, labels) for row in gold["rows"]]


def _cells(row: Mapping[str, Any], labels: Sequence[str]) -> list[str]:
    shares = [_with_sd(row["mean"][k], row["sd"][k]) for k in ("p", "r", "f")]
    types = [percent(row["per_type"].get(label, {}).get("f")) for label in labels]
    seeds = str(len(row["seeds"])) if row["documents"] else "–"
    return [row["system"], str(row["documents"]), *shares, *types, seeds]


def _with_sd(mean: float, sd: float | None) -> str:
    return percent(mean) if sd is None else f"{percent(mean)} ± {percent(sd)}"


def gold_markdown(gold: Gold) -> str:
    return markdown_table(*gold_table(gold))


def gold_says(gold: Gold) -> list[str]:
    """What the rows are, then what to beware of, a sentence or two each."""
    test, packaged = gold["test"], gold.get("packaged")
    mentions = sum(test["mentions"].values())
    lines = [
        f"Every row is scored on the same {test['documents']} gold documents of "
        f"{test['patients']} patients with {mentions} mentions, none of which was "
        "trained on; strict spans, per cent. Gold documents that chose the checkpoint "
        "count as trained on."
    ]
    if any(len(row["seeds"]) > 1 for row in gold["rows"]):
        lines[0] += " ± is the standard deviation over seeds."
    if packaged:
        lines.append(
            f"Handed on is the pipeline with {packaged['documents']} gold documents, "
            f"seed {packaged['seed']}."
        )
    else:
        lines.append("Handed on is the pipeline of weak labels.")
    return [*lines, *gold.get("warnings", ())]


def gold_source(gold: Gold) -> str:
    """What gold adds to where the labels come from; "" where none was trained on."""
    number = gold_used(gold)
    return f"then {number} documents annotated by people" if number else ""
