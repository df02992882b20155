"""`notes`: look at a source of notes, or make one."""

from pathlib import Path
from typing import Annotated

import typer

from ..notes.check import check_notes
from ..notes.columns import ColumnNames
from ..notes.summary import summary, warnings
from ..notes.synth import MentionKind
from ..stages.labelling.synth import synth_notes, wants_notes
from . import app

notes_app = typer.Typer(
    name="notes", help="Look at notes, or make synthetic ones.", no_args_is_help=True
)
app.add_typer(notes_app, name="notes")


@notes_app.callback()
def notes_group() -> None:
    """Look at notes, or make synthetic ones."""


@notes_app.command("synth")
def synth(
    out: Annotated[Path, typer.Option(help="File to write, JSON lines.")],
    concepts: Annotated[
        Path, typer.Option(help="Concept table that the notes mention.")
    ] = Path("assets/concepts.csv"),
    clusters: Annotated[
        Path, typer.Option(help="Semantic types -> labels, YAML.")
    ] = Path("assets/clusters.yml"),
    patients: Annotated[int, typer.Option(help="How many patients, 3 or more.")] = 120,
    seed: Annotated[int, typer.Option(help="Same seed, same notes.")] = 0,
    source: Annotated[
        str, typer.Option(help="The notes in use; other than --out: make nothing.")
    ] = "",
) -> None:
    """Make synthetic notes with gold: for smoke tests, not for evidence."""
    if not wants_notes(source, out):
        print(f"{out}: not made, the notes in use are {source}")
        return
    made = synth_notes(
        out, concepts=concepts, clusters=clusters, patients=patients, seed=seed
    )
    shares = ", ".join(f"{kind} {made.share(kind):.1%}" for kind in MentionKind)
    print(
        f"{out}: {made.notes} synthetic notes of {made.patients} patients, "
        f"{made.mentions} mentions: {shares}"
    )


@notes_app.command("check")
# The name of its forerunner, which counted only.
@notes_app.command("count", hidden=True)
def check(
    path: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, JSON lines, text (or .gz), Parquet; file or folder."
        ),
    ],
    columns: Annotated[
        str, typer.Option(help="Columns by part: 'text=NOTE_TEXT,patient=MRN'.")
    ] = "",
    category: Annotated[
        list[str] | None, typer.Option(help="Look at this category; may be repeated.")
    ] = None,
) -> None:
    """Say what was understood: columns, counts, lengths, categories; no text."""
    found = check_notes(
        path,
        columns=ColumnNames.parse(columns),
        categories=category or (),
        progress=_progress,
    )
    for line in summary(found):
        print(line)
    for line in warnings(found):
        print(f"warning: {line}")


def _progress(count: int) -> None:
    typer.echo(f"{count:,} notes ...", err=True)
