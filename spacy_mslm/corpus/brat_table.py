"""What `check-brat` found, as text of at most 80 columns."""

from collections.abc import Mapping, Sequence
from typing import Any

NAME, CELL, SHOWN = 24, 9, 12
# The columns of the flat view, as they fit.
SHORT = {
    "overlapped": "overlap",
    "inside a word": "in word",
    "not at its offsets": "no text",
}


def brat_table(found: Mapping[str, Any]) -> str:
    """The counts of `check_brat`; of long lists the first `SHOWN`."""
    files, rows, spans = found["files"], found["rows"], found["spans"]
    lines = [
        f"{found['documents']} documents read, {found['characters']} characters; "
        f"{files['ann']} .ann files",
        f"  {files['unreadable']} cannot be read, {files['ann_empty']} are empty; "
        f"{files['txt_without_ann']} texts have no .ann",
        "rows: " + (", ".join(f"{n} {kind}" for kind, n in rows.items()) or "none"),
        f"spans: {spans['total']}; {_listed(spans['forms'])}",
        f"  discontinuous: {_listed(spans['discontinuous_by_label'])}",
        f"texts: {_listed(found['texts'])}",
        f"overlaps: {_listed(found['overlaps'])}",
        f"edges inside words: {found['inside_words']['edges']}, "
        f"of {found['inside_words']['spans']} spans",
        f"ids: {_listed(found['ids'])}",
        "",
        *_flat(found["flat"]),
        "",
        *_pairs(found["overlaps"]["by_labels"]),
        "",
        _round_trip(found["round_trip"]),
    ]
    return "\n".join(part for line in lines for part in _wrapped(line))


def _listed(counts: Mapping[str, Any]) -> str:
    flat = {name: n for name, n in counts.items() if isinstance(n, int)}
    return ", ".join(f"{n} {name}" for name, n in flat.items()) or "none"


def _flat(flat: Mapping[str, Any]) -> list[str]:
    """A row a label, most lost first; then the totals, a row a policy."""
    labels: Mapping[str, Mapping[str, int]] = flat["by_label"]
    lossy = {k: c for k, c in labels.items() if c["spans"] > c["kept"]}
    names = list(flat["by_policy"][flat["policy"]])
    lines = [_row("flat view", [SHORT.get(name, name) for name in names])]
    shown = dict(list(lossy.items())[:SHOWN])
    lines += [_row(f"  {label}", list(c.values())) for label, c in shown.items()]
    if rest := len(labels) - len(shown):
        lost = sum(c["spans"] - c["kept"] for c in lossy.values())
        lost -= sum(c["spans"] - c["kept"] for c in shown.values())
        lines.append(f"  {rest} more labels lose {lost}")
    for policy, counts in flat["by_policy"].items():
        lines.append(_row(f"all, policy {policy}", list(counts.values())))
    return [*lines, f"The labels above are under policy {flat['policy']}."]


def _pairs(pairs: Mapping[str, int]) -> list[str]:
    shown = list(pairs.items())[:SHOWN]
    lines = [f"  {n:>6}  {labels}" for labels, n in shown]
    if rest := len(pairs) - len(shown):
        others = sum(pairs.values()) - sum(n for _, n in shown)
        lines.append(f"  {others:>6}  {rest} more pairs of labels")
    return (
        ["overlapping pairs by labels", *lines] if lines else ["no overlapping pairs"]
    )


def _round_trip(again: Mapping[str, int]) -> str:
    return (
        f"Written and read again: {again['same']} the same ({again['same bytes']} .ann "
        f"files byte by byte), {again['differs']} different"
    )


def _row(name: str, cells: Sequence[Any]) -> str:
    return f"{name[:NAME]:<{NAME}}" + "".join(f"{cell!s:>{CELL}}" for cell in cells)


def _wrapped(line: str) -> list[str]:
    """A line in parts of at most 80 columns, parted at spaces."""
    lines = [""]
    for word in line.split(" "):
        if lines[-1].strip() and len(lines[-1]) + len(word) > 80:
            lines.append("   ")
        lines[-1] += f"{word} "
    return [part.rstrip() for part in lines]
