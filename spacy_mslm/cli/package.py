"""`package`: the wheels that a pipeline is installed from."""

from pathlib import Path
from typing import Annotated

import typer

from . import app


@app.command("package")
def package_cli(
    model: Annotated[Path, typer.Argument(help="Pipeline folder (stripped).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the wheels.")],
    source: Annotated[
        Path | None,
        typer.Option(help="Checkout of spacy-mslm, to put its wheel beside."),
    ] = None,
) -> None:
    """Build the wheel of a pipeline ('spacy package'), and ours beside it."""
    from ..stages.shipping.package import package

    print(f"Wrote {out}: {', '.join(package(model, out, source=source))}")
