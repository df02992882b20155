"""`concepts`: what the labeller looks for."""

from pathlib import Path
from typing import Annotated

import typer

from ..stages.labelling.concepts import build_concepts
from . import app

concepts_app = typer.Typer(
    name="concepts", help="Choose what the labeller looks for.", no_args_is_help=True
)
app.add_typer(concepts_app, name="concepts")


@concepts_app.callback()
def concepts_group() -> None:
    """Choose what the labeller looks for."""


@concepts_app.command("build")
def build(
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    clusters: Annotated[
        Path, typer.Option(help="Semantic types -> labels, YAML.")
    ] = Path("assets/clusters.yml"),
    table: Annotated[
        str, typer.Option(help="Concept table in MedCAT's CSV layout, also .gz.")
    ] = "",
    pack: Annotated[
        str,
        typer.Option(
            help="MedCAT model pack, .zip or folder; goes before --table. Loading a "
            "pack runs code from it: name only packs you trust."
        ),
    ] = "",
    sha256: Annotated[
        str, typer.Option(help="Expected hash of the pack (else of the table).")
    ] = "",
) -> None:
    """Build a concepts folder from a concept table or a MedCAT model pack."""
    manifest = build_concepts(
        clusters=clusters, out=out, table=table, pack=pack, sha256=sha256
    )
    counts = ", ".join(
        f"{label} {about.get('concepts', 0)}"
        for label, about in manifest["counts"].items()
    )
    print(f"{out}: concepts of {manifest['source']} {manifest['name']}: {counts}")
    for reason, number in sorted(manifest["drops"].items()):
        print(f"  left out: {number} x {reason}")
