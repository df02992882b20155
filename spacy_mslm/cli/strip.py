"""`strip`: drop the masked-LM head before packaging."""

from pathlib import Path
from typing import Annotated

import typer

from . import app


@app.command("strip")
def strip_cli(
    model: Annotated[Path, typer.Argument(help="Pipeline folder (calibrated).")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    name: Annotated[str, typer.Option(help="Package name without language.")] = "",
    version: Annotated[str, typer.Option(help="Package version.")] = "",
    work: Annotated[
        Path | None,
        typer.Option(help="Work folder whose metrics and manifests make the card."),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="Licence to state instead of the default.")
    ] = "",
    context: Annotated[
        bool, typer.Option("--context", help="Also mark negation and family history.")
    ] = False,
) -> None:
    """Write a pipeline without its masked-LM head, with its model card."""
    from ..stages.shipping.strip import strip

    removed = strip(
        *(model, out),
        name=name,
        version=version,
        work=work,
        licence=licence,
        context=context,
    )
    print(f"Wrote {out}: {removed} masked-LM head(s) removed")
