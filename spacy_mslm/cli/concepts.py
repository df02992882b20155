"""`concepts`: what the labeller looks for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..notes.columns import ColumnNames
from ..stages.labelling.concepts import build_concepts
from ..stages.labelling.learning import LEAST_PATIENTS, Learning, train_concepts
from . import app
from .options import COLUMNS

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
    sources: Annotated[
        str,
        typer.Option(
            help="Terminologies as downloaded: YAML, a list of 'kind', 'path' and "
            "options. Kinds: obo, rrf, drugbank, drugs@fda, pubtator, table, medcat."
        ),
    ] = "",
    source: Annotated[
        list[str] | None,
        typer.Option(help="One terminology as KIND:PATH; may be repeated."),
    ] = None,
    lists: Annotated[
        str,
        typer.Option(help="Names to allow and to deny, CSV: action, name, concept_id."),
    ] = "",
    sha256: Annotated[
        str, typer.Option(help="Expected hash of the pack (else of the table).")
    ] = "",
) -> None:
    """Build a concepts folder from terminologies, a table or a MedCAT model pack."""
    manifest = build_concepts(
        clusters=clusters,
        out=out,
        table=table,
        pack=pack,
        sha256=sha256,
        sources=sources,
        short=source or (),
        lists=lists,
    )
    counts = ", ".join(
        f"{label} {about.get('concepts', 0)}"
        for label, about in manifest["counts"].items()
    )
    print(f"{out}: concepts of {manifest['source']} {manifest['name']}: {counts}")
    _print_sources(manifest)
    for reason, number in sorted(manifest["drops"].items()):
        print(f"  left out: {number} x {reason}")
    if rows := manifest.get("lists", {}).get("rows_that_match_nothing"):
        shown = ", ".join(map(str, rows[:20])) + (" ..." if len(rows) > 20 else "")
        print(f"  {len(rows)} rows of {lists} match nothing: {shown}")


@concepts_app.command("train")
def train(
    notes: Annotated[
        Path, typer.Argument(help="CSV, JSONL, text (or .gz), Parquet; file or folder.")
    ],
    concepts: Annotated[
        Path, typer.Option(help="Folder made by 'concepts build' from names.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to make; holds a model pack.")],
    sample: Annotated[int, typer.Option(help="Read N records; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of sample and training.")] = 0,
    category: Annotated[
        list[str] | None, typer.Option(help="Keep this category; may be repeated.")
    ] = None,
    columns: Annotated[str, COLUMNS] = "",
    least_patients: Annotated[
        int, typer.Option(help="Keep words that notes of so many patients have.")
    ] = LEAST_PATIENTS,
) -> None:
    """Let notes teach a concepts folder what its ambiguous names mean.

    Makes a MedCAT model pack, which 'label' loads like any other: loading a pack runs
    code from it. It holds common words of the notes, so keep it where the notes are.
    """
    learning = Learning(
        sample, seed, category or (), ColumnNames.parse(columns), least_patients
    )
    manifest = train_concepts(notes, concepts, out, learning)
    about = manifest["trained"]
    ready = ", ".join(f"{about['ambiguous_names'][k]} {k}" for k in ("all", "some"))
    print(
        f"{out}: {about['notes']} notes, {about['words']} words, "
        f"{about['concepts_trained']} concepts trained; of "
        f"{sum(about['ambiguous_names'].values())} ambiguous names {ready} "
        "of their concepts"
    )


def _print_sources(manifest: dict[str, Any]) -> None:
    """One line a terminology, with what was left out, and one for what was joined."""
    for about in manifest.get("terminologies", ()):
        names = ", ".join(file["name"] for file in about["files"])
        print(
            f"  {about['kind']} {names}: {about['concepts']} concepts "
            f"({about['new_concepts']} new), {about['names']} names, licence "
            f"{about['licence']}"
        )
        for reason, number in sorted(about["drops"].items()):
            print(f"    left out: {number} x {reason}")
    for reason, number in manifest.get("joined", {}).items():
        print(f"  joined: {number} x {reason}")
