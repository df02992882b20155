"""Metrics as text of at most 80 columns, what they may be called on top."""

from collections.abc import Mapping
from typing import Any

NAME = 38
ERRORS = {
    "log_loss": "log loss",
    "ece": "calibration error (ECE), equal widths",
    "ece_adaptive": "calibration error, equal counts",
}


def metrics_table(metrics: Mapping[str, Any]) -> str:
    """The headline, one row a system, then its types. Shares are in per cent, `gold`
    is the number of mentions scored against, "-" stands for no mentions."""
    lines = [
        str(metrics["headline"]).upper(),
        f"{metrics['notes']} notes of {metrics['patients']} patients, "
        f"split '{metrics['split']}'; strict spans, per cent",
    ]
    if metrics.get("notes_without_gold"):
        lines.append(f"{metrics['notes_without_gold']} more notes carry no gold")
    lines += ["", _overall_header()]
    lines += [_overall(row) for row in metrics["rows"]]
    for row in metrics["rows"]:
        lines += ["", _type_header(row)]
        lines += [_type(label, c) for label, c in row["per_type"].items()]
    lines += _confidence(metrics.get("calibration"))
    lines += ["", "EM = share of gold mentions found exactly (strict recall); unseen ="]
    lines += ["mentions whose lower-cased text is no training mention"]
    return "\n".join(lines)


def calibration_table(made: Mapping[str, Any]) -> str:
    """What `calibrate` found, in the same form: errors as shares, operating points in
    per cent, `found` the number of spans that are left."""
    measured = made["measured"]
    temperature = made["temperature"]
    after = "" if temperature == 1 else f"{f'T = {temperature:.3f}':>14}"
    lines = [
        f"{measured['spans']} spans of {made['notes']} notes, split '{made['split']}', "
        f"against {made['against']}",
        "",
        f"{'':<{NAME}}{'T = 1':>10}{after}",
    ]
    for key, name in ERRORS.items():
        if temperature != 1:
            after = f"{measured[key]['after']:>14.4f}"
        lines.append(f"{name:<{NAME}}{measured[key]['before']:>10.4f}{after}")
    lines += ["", f"{'threshold':<{NAME}}{_cells(('P', 'R', 'F1', 'found'))}"]
    for row in measured["thresholds"]:
        lines.append(_point(row["threshold"], row, row["found"]))
    if bias := made.get("outside_bias"):
        header = f"outside bias, first {bias['notes']} notes"
        lines += ["", f"{header:<{NAME}}{_cells(('P', 'R', 'F1', 'found'))}"]
        for row in bias["rows"]:
            counts = {"precision": row["p"], "recall": row["r"], "f1": row["f"]}
            lines.append(_point(row["outside_bias"], counts, row["tp"] + row["fp"]))
    return "\n".join(lines)


def _point(at: float, row: Mapping[str, Any], found: int) -> str:
    shown = [_percent(row[key]) for key in ("precision", "recall", "f1")]
    return f"  {at:<{NAME - 2}.2f}{_cells((*shown, str(found)))}"


def _confidence(calibration: Mapping[str, Any] | None) -> list[str]:
    """A line on held-out confidences; none where the pipeline gives none."""
    if not calibration:
        return []
    held_out = calibration["held_out"]
    ece, temperature = held_out["measured"]["ece"], calibration["temperature"]
    after = ""
    if temperature != 1:
        after = f", {ece['after']:.3f} at T = {temperature:.3f}"
    before = f"ECE {ece['before']:.3f} at T = 1"
    return ["", f"Confidence against {held_out['against']}: {before}{after}"]


def _overall_header() -> str:
    cells = ("P", "R", "F1", "macro F1", "EM", "unseen")
    return f"{'':<{NAME}}" + _cells(cells)


def _overall(row: Mapping[str, Any]) -> str:
    micro = row["micro"]
    cells = (micro["p"], micro["r"], micro["f"], row["macro_f"], row["em"])
    shown = [_percent(v) for v in (*cells, row["em_unseen"]["em"])]
    name = f"{row['system']} against {row['against']}"
    return f"{name[:NAME]:<{NAME}}" + _cells(shown)


def _type_header(row: Mapping[str, Any]) -> str:
    name = f"{row['system']}, by type"
    return f"{name[:NAME]:<{NAME}}" + _cells(("P", "R", "F1", "gold"))


def _type(label: str, counts: Mapping[str, Any]) -> str:
    shown = [_percent(counts[key]) for key in ("p", "r", "f")]
    shown.append(str(counts["tp"] + counts["fn"]))
    return f"  {label[: NAME - 3]:<{NAME - 2}}" + _cells(shown)


def _cells(values: Any) -> str:
    widths = (6, 6, 6, 10, 6, 8)
    return "".join(f"{v:>{w}}" for v, w in zip(values, widths, strict=False))


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
