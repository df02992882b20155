"""`gold`: weak labels, then a little gold."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Errors, MslmError
from . import app

SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("gold", context_settings=SETTINGS)
def gold_cli(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="Pipeline trained on weak labels.")],
    gold: Annotated[
        str,
        typer.Argument(
            help="Annotated documents: brat folder, DocBin, Prodigy or Label Studio "
            "JSON lines. Empty: none, and nothing is trained."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder; a stopped run resumes.")],
    sizes: Annotated[
        str, typer.Option(help="Numbers of gold documents to train on.")
    ] = "0,10,50",
    labels: Annotated[
        str,
        typer.Option(help="What the pipeline calls the gold's types: FOUND=TYPE,…"),
    ] = "",
    add_labels: Annotated[
        bool, typer.Option("--add-labels", help="Learn types that it does not know.")
    ] = False,
    test: Annotated[
        float, typer.Option(help="Share of documents that is never trained on.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(help="Seed of the split; the first seed.")] = 0,
    repeats: Annotated[int, typer.Option(help="Seeds a number of documents.")] = 1,
    control: Annotated[
        bool, typer.Option("--control", help="Also train without weak labels.")
    ] = False,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Corpus of the weak labels; what it holds out stays out."),
    ] = None,
    config: Annotated[
        Path, typer.Option(help="How to train; --training.max_epochs 5 changes it.")
    ] = Path("configs/gold.cfg"),
    gpu: Annotated[int, typer.Option("--gpu-id", help="-1 for the CPU.")] = -1,
) -> None:
    """Train on with 0, 10 and 50 gold documents, and score them side by side."""
    if not gold:  # As in most runs: no need to wait for torch.
        from ..stages.gold.outputs import write_no_gold

        write_no_gold(out)
        print(f"Wrote {out}/gold.json: no gold given")
        return
    from ..stages.gold.data import parse_mapping
    from ..stages.gold.gold import Plan, train_with_gold
    from ..stages.gold.train import Recipe

    names = parse_mapping(labels)
    plan = Plan(_sizes(sizes), test, seed, repeats, control, names, add_labels)
    recipe = Recipe(config, _overrides(ctx.args), gpu, sys.stdout)
    made = train_with_gold(
        model, gold, out, plan=plan, recipe=recipe, weak_corpus=corpus
    )
    _show(made)
    print(f"Wrote {out}")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as err:
        raise MslmError(Errors.M726.format(value=text)) from err


def _overrides(args: list[str]) -> dict[str, Any]:
    """`--training.max_epochs 5` as `spacy train` reads it, environment included."""
    from click import NoSuchOption
    from spacy.cli._util import parse_config_overrides

    try:
        return parse_config_overrides(args)
    except NoSuchOption as err:
        expected = "an option of 'gold', or a setting such as --training.max_epochs"
        raise MslmError(
            Errors.M727.format(name=err.option_name, value="unknown", expected=expected)
        ) from err


def _show(made: Mapping[str, Any]) -> None:
    from ..report.gold import gold_says, gold_table

    header, rows = gold_table(made)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for cells in (header, *rows):
        pairs = zip(cells[1:], widths[1:], strict=True)
        right = "  ".join(f"{cell:>{width}}" for cell, width in pairs)
        print(f"{cells[0]:<{widths[0]}}  {right}")
    print(*gold_says(made), sep="\n")
