"""`annotate`: predicted entities of notes, to use or to correct."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..notes.columns import ColumnNames
from ..runners.engines import engine_of
from ..runners.pace import Pace
from ..runners.shards import Shard
from . import app
from .options import ADDRESS, COLUMNS, ENGINE, NOTE_TIMEOUT, PROCESSES


@app.command("annotate")
def annotate_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    notes: Annotated[
        Path, typer.Argument(help="CSV, JSONL, text (or .gz), Parquet; file or folder.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder; a stopped run resumes.")],
    format: Annotated[
        str,
        typer.Option(
            help="docbin, brat, prodigy, label-studio, jsonl, or parquet: spans alone."
        ),
    ] = "brat",
    threshold: Annotated[
        float, typer.Option(help="Leave out spans of a lower confidence.")
    ] = 0.0,
    sample: Annotated[int, typer.Option(help="Take N records; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    category: Annotated[
        list[str] | None, typer.Option(help="Keep this category; may be repeated.")
    ] = None,
    columns: Annotated[str, COLUMNS] = "",
    spans_key: Annotated[
        str, typer.Option(help="Take doc.spans[KEY] instead of the entities.")
    ] = "",
    shard_size: Annotated[int, typer.Option(help="Notes in one shard.")] = 200,
    batch_size: Annotated[int, typer.Option(help="Notes predicted at once.")] = 32,
    engine: Annotated[str, ENGINE] = "",
    processes: Annotated[int, PROCESSES] = 0,
    address: Annotated[str, ADDRESS] = "",
    note_timeout: Annotated[float, NOTE_TIMEOUT] = 0,
) -> None:
    """Predict the entities of notes and write them for correction or use.

    The files hold the TEXT OF THE NOTES (parquet alone does not): keep them where the
    notes may be kept. 'corpus import' reads them back once they are corrected.
    """
    from ..stages.annotating.annotate import AnnotateSettings, annotate_notes

    pace = Pace()

    def on_shard(shard: Shard) -> None:
        pace.add(shard)
        print(f"{pace.notes} notes, {pace.rate:.1f} notes/s", file=sys.stderr)

    manifest = annotate_notes(
        model,
        notes,
        out,
        settings=AnnotateSettings(format, threshold, spans_key, shard_size, batch_size),
        sample=sample,
        seed=seed,
        categories=category or (),
        columns=ColumnNames.parse(columns),
        on_shard=on_shard,
        engine=engine_of(
            engine, processes=processes, address=address, note_timeout=note_timeout
        ),
    )
    _say(manifest, out)


def _say(manifest: dict[str, Any], out: Path) -> None:
    spans = ", ".join(f"{name} {n}" for name, n in manifest["spans"].items()) or "none"
    format = manifest["settings"]["format"]
    text = "the text" if manifest["holds_text"] else "no text"
    print(f"Wrote {out} ({format}, holds {text} of the notes):", end=" ")
    print(f"{manifest['notes']} notes, spans: {spans}")
    left = dict(manifest["drops"])
    if manifest["failed"]:
        left["note the pipeline failed on"] = len(manifest["failed"])
    for reason, number in sorted(left.items()):
        print(f"  left out: {number} x {reason}")
