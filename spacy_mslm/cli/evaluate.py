"""`evaluate`: honest scores of a trained pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from . import app
from .corpus import note_progress


@app.command("evaluate")
def evaluate_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, typer.Argument(help="Folder written by 'corpus'.")],
    out: Annotated[Path, typer.Option("--out", help="JSON file to write.")],
    split: Annotated[str, typer.Option(help="Which split to score.")] = "test",
    calibration: Annotated[
        Path | None,
        typer.Option(help="What 'calibrate' wrote about this pipeline."),
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(help="Folder written by 'gold': its documents, if any, score."),
    ] = None,
) -> None:
    """Score a pipeline on held-out notes: strict spans, by type, unseen mentions."""
    from ..scoring.table import metrics_table
    from ..stages.measuring.evaluate import evaluate

    metrics = evaluate(
        model,
        corpus,
        out,
        split=split,
        calibration=calibration,
        gold=gold,
        on_note=note_progress(),
    )
    print(metrics_table(metrics))
    print(f"\nWrote {out}")
