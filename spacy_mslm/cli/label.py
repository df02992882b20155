"""`label`: weak labels for notes."""

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ..notes.columns import ColumnNames
from ..notes.sources import NOT_SAMPLED
from ..runners.engines import engine_of
from ..runners.pace import Pace, duration
from ..runners.shards import Shard
from ..stages.labelling.finding import LabelSettings
from ..stages.labelling.label import label_notes
from ..stages.labelling.sources import Sources
from ..weak.coverage import table
from . import app
from .options import ADDRESS, COLUMNS, ENGINE, NOTE_TIMEOUT, PROCESSES

# Sources

Concepts = Annotated[
    Path | None,
    typer.Option(help="Source: MedCAT, with a folder made by 'concepts build'."),
]
Dictionary = Annotated[
    Path | None,
    typer.Option(
        help="Source: longest match of such a folder's names, or a concept table's."
    ),
]
ClustersFile = Annotated[
    Path | None, typer.Option(help="Types and labels, for a table as --dictionary.")
]
Patterns = Annotated[
    Path | None,
    typer.Option(help="Source: regular expressions in a .jsonl or .yml file."),
]
Pipeline = Annotated[
    str, typer.Option(help="Source: a spaCy pipeline, by name or path.")
]
PipelineLabels = Annotated[
    str, typer.Option(help="ITS=OURS,…: rename its labels, leave out all others.")
]

Plain = Annotated[
    bool,
    typer.Option(
        "--plain",
        help="Names as the tables have them: do not read what the note says of them "
        "(measured substances, acronyms it defines, words by their form).",
    ),
]

# Labels

Resolve = Annotated[
    str, typer.Option(help="Of several sources: priority, majority or longest.")
]
Priority = Annotated[
    str,
    typer.Option(help="Trust these first; else patterns,medcat,dictionary,pipeline."),
]
Abstain = Annotated[
    bool,
    typer.Option("--abstain", help="Leave open what a source found and none kept."),
]
Context = Annotated[
    bool, typer.Option("--context", help="Mark negated mentions and family history.")
]
MinScore = Annotated[float, typer.Option(help="Drop spans whose score is lower.")]
Policy = Annotated[
    str, typer.Option(help="Of a source's overlapping spans: longest, score, first.")
]

# Notes

Category = Annotated[
    list[str] | None, typer.Option(help="Keep this category; may be repeated.")
]


@app.command("label")
def label(
    notes: Annotated[
        Path, typer.Argument(help="CSV, JSONL, text (or .gz), Parquet; file or folder.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; a stopped run resumes.")],
    concepts: Concepts = None,
    dictionary: Dictionary = None,
    clusters: ClustersFile = None,
    patterns: Patterns = None,
    pipeline: Pipeline = "",
    pipeline_labels: PipelineLabels = "",
    plain: Plain = False,
    resolve: Resolve = "priority",
    priority: Priority = "",
    abstain: Abstain = False,
    context: Context = False,
    min_score: MinScore = 0.0,
    policy: Policy = "longest",
    columns: Annotated[str, COLUMNS] = "",
    sample: Annotated[int, typer.Option(help="Label N records; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    category: Category = None,
    shard_size: Annotated[int, typer.Option(help="Notes in one file.")] = 1000,
    engine: Annotated[str, ENGINE] = "",
    processes: Annotated[int, PROCESSES] = 0,
    address: Annotated[str, ADDRESS] = "",
    note_timeout: Annotated[float, NOTE_TIMEOUT] = 0,
) -> None:
    """Label notes with one source or several; run again after a stop, it resumes."""
    renamed = _pairs(pipeline_labels)
    first = tuple(filter(None, (name.strip() for name in priority.split(","))))
    pace = Pace()
    manifest = label_notes(
        notes,
        Sources(concepts, dictionary, clusters, patterns, pipeline, renamed, plain),
        out,
        settings=LabelSettings(
            min_score, policy, shard_size, resolve, first, abstain, context
        ),
        sample=sample,
        seed=seed,
        categories=category or (),
        columns=ColumnNames.parse(columns),
        on_shard=partial(_progress, pace),
        engine=engine_of(
            engine, processes=processes, address=address, note_timeout=note_timeout
        ),
    )
    for line in (*_told(out, manifest), *_estimates(pace, manifest)):
        print(line)


def _progress(pace: Pace, shard: Shard) -> None:
    pace.add(shard)
    said = f"{shard.file}: {pace.notes} notes, {pace.rate:.0f} notes/s"
    print(said, file=sys.stderr)


def _pairs(text: str) -> dict[str, str]:
    # Here, as what reads annotations is not light to load.
    from ..stages.annotating.imported import parse_labels

    return parse_labels(text) if text.strip() else {}


def _told(out: Path, manifest: dict[str, Any]) -> Iterable[str]:
    yield f"{out}: {manifest['notes']} notes, spans: {_counts(manifest['spans'])}"
    for what, counts in manifest.get("context", {}).items():
        yield f"  {what}: {_counts(counts) or 'none'}"
    if agreement := manifest.get("agreement"):
        yield from (f"  {line}" for line in table(agreement["sources"]))
        if agreement["abstain"]:
            yield f"  {agreement['unannotated_characters']} characters left unannotated"
    for reason, number in sorted(manifest["drops"].items()):
        yield f"  left out: {number} x {reason}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())


def _estimates(pace: Pace, manifest: dict[str, Any]) -> Iterable[str]:
    """How long all notes of the input would take, and as many as MIMIC-III has."""
    estimate = pace.estimate()
    if not estimate:
        return
    left = manifest["drops"].get(NOT_SAMPLED, 0)
    if left:
        total = manifest["notes"] + left
        yield f"  all {total:,} notes would take {duration(total / pace.rate)}"
    yield f"  {estimate}"
