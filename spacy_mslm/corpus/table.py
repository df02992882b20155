"""Corpus counts as text of at most 80 columns."""

from collections.abc import Mapping
from typing import Any

NAME = 38
CELL = 13


def stats_table(report: Mapping[str, Any]) -> str:
    """A column a split and a row a count, from `{"splits", "overlap"}`."""
    splits: Mapping[str, Any] = report["splits"]
    lines = [_row("", list(splits))]
    rows = (
        ("documents", ("docs",)),
        ("  repeated", ("repeated_docs",)),
        ("  without entities", ("docs_without_entities", "n")),
        ("  without tokens", ("docs_without_tokens",)),
        ("patients", ("patients",)),
        ("tokens", ("tokens",)),
        ("  without annotation", ("missing_annotation", "tokens")),
        ("longest document, tokens", ("longest_doc", "tokens")),
        ("longest document, characters", ("longest_doc", "characters")),
        ("distinct mentions", ("distinct_mentions",)),
        ("  of several labels", ("mentions_of_several_labels",)),
        ("entities over a line break", ("entities_over_newline",)),
        ("  with white space at an edge", ("entities_with_white_space_at_edge",)),
        ("  of punctuation only", ("entities_of_punctuation_only",)),
    )
    for name, keys in rows:
        lines.append(_row(name, [str(_get(s, keys)) for s in splits.values()]))
    lines += _grouped("entities", [s["entities"] for s in splits.values()])
    sources = sorted({k for s in splits.values() for k in s["spans"]})
    for source in sources:
        groups = [s["spans"].get(source, {}) for s in splits.values()]
        counts = _grouped(f"spans of {source}", groups)
        same = groups == [s["entities"] for s in splits.values()]
        lines += counts[:1] if same else counts
        lost = [str(s["misaligned"].get(source, 0)) for s in splits.values()]
        if set(lost) != {"0"}:
            lines.append(_row("  inside words (left out)", lost))
    lines += _overlap(list(splits), report["overlap"])
    return "\n".join(lines)


def _grouped(title: str, groups: list[Mapping[str, int]]) -> list[str]:
    lines = [_row(title, [str(sum(g.values())) for g in groups])]
    labels = sorted({label for g in groups for label in g})
    for label in labels:
        lines.append(_row(f"  {label}", [str(g.get(label, 0)) for g in groups]))
    return lines


def _overlap(splits: list[str], overlap: Mapping[str, Any]) -> list[str]:
    if not overlap:
        return []
    cells = [overlap.get(name) for name in splits]
    return [
        _row("also in train: documents", [str(c["docs"]) if c else "" for c in cells]),
        _row("  patients", [str(c["patients"]) if c else "" for c in cells]),
        _row("  mentions", [f"{c['mentions']:.1%}" if c else "" for c in cells]),
    ]


def _row(name: str, cells: list[str]) -> str:
    shown = "".join(f"{cell[:CELL]:>{CELL}}" for cell in cells)
    return f"{name[:NAME]:<{NAME}}{shown}".rstrip()


def _get(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value[key]
    return value
