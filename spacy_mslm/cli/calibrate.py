"""`calibrate`: make confidences mean what they say."""

from pathlib import Path
from typing import Annotated

import typer

from . import app
from .corpus import note_progress


@app.command("calibrate")
def calibrate_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, typer.Argument(help="Folder written by 'corpus'.")],
    out: Annotated[Path, typer.Option("--out", help="Pipeline folder to write.")],
    split: Annotated[str, typer.Option(help="Which split to fit on.")] = "dev",
    gold: Annotated[
        Path | None,
        typer.Option(help="Folder of 'gold': its pipeline and documents, if any."),
    ] = None,
    bias_words: Annotated[
        int,
        typer.Option(min=0, help="Words to read again for each outside bias; 0: none."),
    ] = 100_000,
) -> None:
    """Fit a temperature on dev and write the pipeline with it; calibration.json beside
    it holds what thresholds and outside biases cost."""
    from ..scoring.table import calibration_table
    from ..stages.measuring.calibrate import CALIBRATION, calibrate

    made = calibrate(
        model,
        corpus,
        out,
        split=split,
        gold=gold,
        bias_words=bias_words,
        on_note=note_progress(),
    )
    if made["reason"]:
        print(f"no temperature (T = 1): {made['reason']}")
    if "measured" in made:
        print(calibration_table(made))
    print(f"\nWrote {out} and {out.with_name(CALIBRATION)} (no text of notes)")
