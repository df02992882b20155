"""`label`: weak labels for notes."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ..runners.shards import Shard
from ..stages.labelling.label import LabelSettings, label_notes
from . import app


@app.command("label")
def label(
    notes: Annotated[Path, typer.Argument(help="CSV, JSONL (also .gz) or folder.")],
    concepts: Annotated[Path, typer.Option(help="Folder made by 'concepts build'.")],
    out: Annotated[Path, typer.Option(help="Folder to write; a stopped run resumes.")],
    sample: Annotated[int, typer.Option(help="Label N records; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    category: Annotated[
        list[str] | None, typer.Option(help="Keep this category; may be repeated.")
    ] = None,
    min_score: Annotated[
        float, typer.Option(help="Drop spans whose score is lower.")
    ] = 0.0,
    policy: Annotated[
        str, typer.Option(help="Which overlapping span stays: longest, score, first.")
    ] = "longest",
    shard_size: Annotated[int, typer.Option(help="Notes in one file.")] = 1000,
) -> None:
    """Label notes with the concepts; run again after a stop, it resumes."""
    started, done = time.monotonic(), 0

    def on_shard(shard: Shard) -> None:
        nonlocal done
        done += shard.rows
        rate = done / max(time.monotonic() - started, 1e-9)
        print(f"{shard.file}: {done} notes, {rate:.0f} notes/s", file=sys.stderr)

    manifest = label_notes(
        notes,
        concepts,
        out,
        settings=LabelSettings(min_score, policy, shard_size),
        sample=sample,
        seed=seed,
        categories=category or (),
        on_shard=on_shard,
    )
    spans = ", ".join(f"{name} {n}" for name, n in manifest["spans"].items())
    print(f"{out}: {manifest['notes']} notes, spans: {spans}")
    for reason, number in sorted(manifest["drops"].items()):
        print(f"  left out: {number} x {reason}")
