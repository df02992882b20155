"""What confidences are worth and what thresholds cost, for page, summary and card.

From the part "calibration" of metrics.json: "temperature"; "held_out", measured by
`evaluate` on notes that had no part in any choice; "fit", what `calibrate` found on the
split to choose by, or None where `evaluate` was not given it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from .plots import reliability_chart
from .scores import percent

ERROR_COLUMNS = ("Split", "Against", "Spans", "ECE", "ECE, equal counts", "Log loss")
POINT_COLUMNS = ("Threshold", "Left", "Precision", "Recall", "F1")
BIAS_COLUMNS = ("Outside bias", "Found", "Precision", "Recall", "F1")
# A held-out ECE from which a confidence is no probability to act on.
FAR = 0.1
NOT_MEASURED = "Confidences were not measured: run 'evaluate' again."
NONE_GIVEN = "This pipeline gives no confidences."
ECE_SAYS = (
    "ECE is the mean distance between confidence and share right, over ten bins of "
    "equal width, or of equal counts (Guo et al. 2017); each error is given without "
    "temperature and with it, and 0 is best."
)
POINTS_SAY = (
    "Spans whose confidence (with the temperature) is below the threshold are left "
    "out. Choose on dev, read the held-out numbers for what the choice is worth, then "
    "set nlp.get_pipe('ner').threshold or give it in the config."
)
BIAS_SAYS = (
    "An outside bias above 0 makes the pipeline find fewer spans, below 0 more, which "
    "no threshold can. It changes confidences, so calibrate again with it."
)

Metrics = Mapping[str, Any]
Row = list[str]


def known(metrics: Metrics) -> Metrics | None:
    """The part "calibration", None where there is none to show."""
    return metrics.get("calibration") or None


def what_it_says(metrics: Metrics) -> list[str]:
    """What a confidence of this pipeline means, in sentences."""
    calibration = known(metrics)
    if calibration is None:
        return [NONE_GIVEN if "calibration" in metrics else NOT_MEASURED]
    return [_temperature(calibration), *_meaning(calibration)]


def _temperature(calibration: Metrics) -> str:
    value = f"{calibration['temperature']:.4g}"
    fit = calibration["fit"]
    if fit is None:
        return f"Temperature {value}; where it was fitted is not known."
    if not fit["fitted"]:
        return f"No temperature was fitted (T = 1): {fit['reason']}."
    return (
        f"Temperature {value}, fitted on {fit['measured']['spans']} spans of "
        f"{fit['notes']} notes of the split '{fit['split']}' against "
        f"{fit['against']}."
    )


def _meaning(calibration: Metrics) -> Iterator[str]:
    if calibration["held_out"]["against"] == "gold":
        yield (
            "Of all spans with confidence p a share p should be right, boundaries and "
            "type, by gold."
        )
    else:
        yield (
            "Against the labeller, not truth: a confidence tells how likely the "
            "labeller agrees with a span, not how likely the span is true."
        )
    ece = calibration["held_out"]["measured"]["ece"]["after"]
    if ece >= FAR:
        yield (
            f"On held-out notes they are off by {ece:.2f} on average (ECE): read them "
            "as an order, not as probabilities."
        )
    fit = calibration["fit"]
    if fit and fit["fitted"] and fit["against"] != calibration["held_out"]["against"]:
        yield (
            "Fitted and measured against different references, so the errors with the "
            "temperature say little about either."
        )


def error_rows(metrics: Metrics) -> list[Row]:
    """Under `ERROR_COLUMNS` the split that was fitted on and the held-out one."""
    return [
        [
            f"{part['split']} ({name})",
            part["against"],
            str(part["measured"]["spans"]),
            *(
                _change(part["measured"][key])
                for key in ("ece", "ece_adaptive", "log_loss")
            ),
        ]
        for name, part in _parts(metrics)
    ]


def point_tables(metrics: Metrics) -> list[tuple[str, list[Row]]]:
    """(split, rows under `POINT_COLUMNS`), the split to choose on first."""
    return [
        (
            f"{part['split']} ({name}), against {part['against']}",
            [
                [
                    f"{row['threshold']:g}",
                    str(row["found"]),
                    *(percent(row[key]) for key in ("precision", "recall", "f1")),
                ]
                for row in part["measured"]["thresholds"]
            ],
        )
        for name, part in _parts(metrics)
    ]


def best_threshold(metrics: Metrics) -> str:
    """The threshold of the best F1 on the split to choose on, in words; "" where there
    is no such split."""
    fit = (known(metrics) or {}).get("fit")
    if not fit or "measured" not in fit:
        return ""
    # Of equally good ones the lowest, which leaves most.
    best = max(fit["measured"]["thresholds"], key=lambda row: row["f1"])
    return f"The best F1 on {fit['split']} is at threshold {best['threshold']:g}."


def bias_rows(metrics: Metrics) -> tuple[str, list[Row]]:
    """(what they were measured on, rows under `BIAS_COLUMNS`); no rows where no bias
    was tried."""
    fit = (known(metrics) or {}).get("fit") or {}
    bias = fit.get("outside_bias")
    if not bias:
        return "", []
    rows = [
        [
            f"{row['outside_bias']:+g}" if row["outside_bias"] else "0",
            str(row["tp"] + row["fp"]),
            *(percent(row[key]) for key in ("p", "r", "f")),
        ]
        for row in bias["rows"]
    ]
    notes = f"{bias['notes']} notes of {fit['split']}"
    return f"{notes}, against {fit['against']}, no threshold", rows


def chart(metrics: Metrics) -> Markup | None:
    """Reliability on the held-out split, without temperature and with it."""
    calibration = known(metrics)
    if calibration is None:
        return None
    part = calibration["held_out"]
    bins = part["measured"]["bins"]
    temperature = calibration["temperature"]
    lines = {"T = 1": bins["before"]}
    if temperature != 1:
        lines[f"T = {temperature:.3g}"] = bins["after"]
    title = f"Share right by confidence, {part['split']}, against {part['against']}"
    return reliability_chart(title, lines)


def card_facts(metrics: Metrics) -> dict[str, Any] | None:
    """What a pipeline's meta says of its confidences: plain values."""
    calibration = known(metrics)
    if calibration is None:
        return None
    part = calibration["held_out"]
    return {
        "temperature": calibration["temperature"],
        "split": part["split"],
        "against": part["against"],
        "spans": part["measured"]["spans"],
        "ece": part["measured"]["ece"]["after"],
        "ece_without_temperature": part["measured"]["ece"]["before"],
    }


def _parts(metrics: Metrics) -> Iterator[tuple[str, Metrics]]:
    calibration = known(metrics)
    if calibration is None:
        return
    if calibration["fit"] and "measured" in calibration["fit"]:
        yield "to choose on", calibration["fit"]
    yield "held out", calibration["held_out"]


def _change(error: Mapping[str, float]) -> str:
    before, after = f"{error['before']:.3f}", f"{error['after']:.3f}"
    return before if error["before"] == error["after"] else f"{before} → {after}"
