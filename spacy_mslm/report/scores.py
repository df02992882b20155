"""metrics.json as rows of text, shared by page, summary and model card."""

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = (
    "Precision",
    "Recall",
    "F1",
    "Macro F1",
    "EM",
    "EM seen",
    "EM unseen",
)
TYPE_COLUMNS = ("Type", "Reference", "Found", "Right", "Precision", "Recall", "F1")
EM_SAYS = (
    "Strict spans: boundaries and type must be exact. EM is the share of reference "
    "mentions found exactly (strict recall); unseen mentions are those whose "
    "lower-cased text is no training mention. Numbers are per cent."
)


def percent(value: float | None) -> str:
    """A share in per cent, "–" for none."""
    return "–" if value is None else f"{100 * value:.1f}"


def row_name(row: Mapping[str, Any]) -> str:
    return f"{row['system']} against {row['against']}"


def score_cells(row: Mapping[str, Any]) -> list[str]:
    """The cells of one system under `COLUMNS`."""
    micro = row["micro"]
    shares = (micro["p"], micro["r"], micro["f"], row["macro_f"], row["em"])
    cells = [percent(value) for value in shares]
    for part in (row["em_seen"], row["em_unseen"]):
        cells.append(f"{percent(part['em'])} (n {part['n']})")
    return cells


def type_cells(row: Mapping[str, Any]) -> list[list[str]]:
    """One row a type under `TYPE_COLUMNS`."""
    return [
        [
            label,
            str(c["tp"] + c["fn"]),
            str(c["tp"] + c["fp"]),
            str(c["tp"]),
            *(percent(c[k]) for k in ("p", "r", "f")),
        ]
        for label, c in sorted(row["per_type"].items())
    ]


def trained_row(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The trained pipeline's own row, which is the last."""
    return metrics["rows"][-1]


def overall_table(metrics: Mapping[str, Any]) -> str:
    """All systems as a Markdown table."""
    rows = [[row_name(row), *score_cells(row)] for row in metrics["rows"]]
    return markdown_table(["System", *COLUMNS], rows)


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str = "--:"
) -> str:
    """A Markdown table; a cell can end neither its column nor the text around it."""
    lines = [header, ["---"] + [align] * (len(header) - 1), *rows]
    marked = [
        map(markdown_cell, line) if line is not lines[1] else line for line in lines
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in marked)


def markdown_cell(value: Any) -> str:
    """`value` on one line, with what Markdown and HTML would read disarmed."""
    text = " ".join(str(value).split())
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "'")):
        text = text.replace(sign, instead)
    return text
