"""`report`: a page to look at."""

from pathlib import Path
from typing import Annotated

import typer

from . import app


@app.command("report")
def report_cli(
    work: Annotated[Path, typer.Argument(help="Work folder, after 'evaluate'.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder inside the work folder. [WORK/report]"),
    ] = None,
    notes: Annotated[
        int, typer.Option(min=0, help="Held-out notes to show on the page.")
    ] = 10,
) -> None:
    """Write one HTML page (it holds text of notes) and a summary (it holds none)."""
    from ..scoring.table import metrics_table
    from ..stages.measuring.report import write_report

    written = write_report(work, out, notes=notes)
    print(metrics_table(written.metrics))
    for warning in written.warnings:
        print(f"warning: {warning}")
    print(f"\nWrote {written.summary} (no text of notes)")
    print(f"Wrote {written.page} (holds text of notes; open it in a browser)")
