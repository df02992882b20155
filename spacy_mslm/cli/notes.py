"""`notes`: look at a source of notes, or make one."""

from pathlib import Path
from typing import Annotated

import typer

from ..notes.count import NoteCounts, count_notes
from ..notes.sources import read_notes
from ..notes.synth import MentionKind
from ..stages.labelling.synth import synth_notes, wants_notes
from ..types import DropCounts
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


@notes_app.command("count")
def count(
    path: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSON lines (or .gz), .txt or folder.")
    ],
    category: Annotated[
        list[str] | None, typer.Option(help="Count these categories only.")
    ] = None,
) -> None:
    """Count notes, patients, categories and what is left out; shows no text."""
    drops = DropCounts()
    notes = read_notes(path, drops=drops, categories=category or ())
    _print_counts(path, count_notes(notes, _progress), drops)


def _progress(count: int) -> None:
    typer.echo(f"{count:,} notes ...", err=True)


def _print_counts(path: Path, counts: NoteCounts, drops: DropCounts) -> None:
    for name, number in counts.categories.most_common():
        print(f"{number:>10,}  {name or '(no category)'}")
    for reason, number in sorted(drops.items()):
        print(f"{number:>10,}  left out: {reason}")
    print(
        f"{path}: {counts.notes:,} notes of {counts.patients:,} patients, "
        f"{counts.characters:,} characters (longest note {counts.longest:,}), "
        f"{counts.with_gold:,} with gold spans"
    )
