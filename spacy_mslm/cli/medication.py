"""`medication`: the systems of Belkadi et al. on a corpus, and their table."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import Errors, MslmError
from . import app

if TYPE_CHECKING:
    from ..stages.systems import System

medication_app = typer.Typer(
    help="Systems with a CRF and without, pretrained and from scratch, side by side.",
    no_args_is_help=True,
)
app.add_typer(medication_app, name="medication")


@medication_app.command("run")
def run_cli(
    corpus: Annotated[
        Path, typer.Argument(help="Folder of 'corpus import' or 'corpus sambd'.")
    ],
    out: Annotated[Path, typer.Option(help="JSON lines; what is there is not redone.")],
    systems: Annotated[Path, typer.Option(help="Table of systems, YAML.")] = Path(
        "configs/medication.yml"
    ),
    only: Annotated[
        str, typer.Option(help="Systems by name, separated by ';'; else all.")
    ] = "",
    seeds: Annotated[str, typer.Option(help="Comma separated.")] = "0",
    epochs_times: Annotated[
        float, typer.Option(min=0.0, help="So many times the epochs of the table.")
    ] = 1.0,
    updates: Annotated[
        int, typer.Option(min=0, help="So many updates instead of epochs.")
    ] = 0,
    tokenizer: Annotated[
        str, typer.Option(help="Folder of 'tokenizer', for encoders from scratch.")
    ] = "",
    variant: Annotated[
        str, typer.Option(help="What goes after the systems' names, with --set.")
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE of the config; may be repeated."),
    ] = None,
    models: Annotated[
        Path | None, typer.Option(help="Keep the trained pipelines in this folder.")
    ] = None,
    gpu: Annotated[int, typer.Option("--gpu-id", help="-1 for the CPU.")] = -1,
) -> None:
    """Train each system with each seed and score it on test, in clean text."""
    from ..stages.laboratory.medication import run_systems
    from ..stages.laboratory.one_system import Variant

    chosen = _chosen(systems, only)
    failed = run_systems(
        corpus,
        chosen,
        out,
        seeds=_numbers(seeds),
        variant=Variant(
            variant,
            settings=_settings(settings or ()),
            times=epochs_times,
            updates=updates,
            tokenizer=tokenizer,
        ),
        models=models,
        gpu=gpu,
    )
    if failed:
        told = "; ".join(failed)
        n, of_all = len(failed), len(chosen)
        raise MslmError(Errors.M449.format(n=n, all=of_all, names=told, path=out))
    print(f"Wrote {out}")


@medication_app.command("table")
def table_cli(
    files: Annotated[list[Path], typer.Argument(help="What 'medication run' wrote.")],
    pairs: Annotated[
        str,
        typer.Option(
            help="Compare A>B;…: strict F1 of A less that of B, and its interval."
        ),
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Markdown file to write.")] = None,
) -> None:
    """The systems as a Markdown table, means over seeds."""
    from ..report.systems import compared, systems_table
    from ..runners.atomic import atomic_write_text
    from ..stages.laboratory.medication import read_lines

    lines = [line for path in files for line in read_lines(path)]
    text = systems_table(lines) + "\n"
    chosen = [pair for pair in pairs.split(";") if pair.strip()]
    if chosen:
        text += "\n" + compared(lines, [_pair(pair) for pair in chosen]) + "\n"
    print(text, end="")
    if out is not None:
        atomic_write_text(out, text)


def _chosen(table: Path, only: str) -> "list[System]":
    from ..stages.systems import read_systems

    known = read_systems(table)
    names = [name.strip() for name in only.split(";") if name.strip()]
    for name in names:
        if name not in known:
            options = "; ".join(known)
            raise MslmError(Errors.M447.format(name=name, path=table, known=options))
    return [known[name] for name in names or known]


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as err:
        expected = "whole numbers, comma separated"
        raise MslmError(
            Errors.M727.format(name="--seeds", value=text, expected=expected)
        ) from err


def _pair(text: str) -> tuple[str, str]:
    first, _, second = text.partition(">")
    if not second.strip():
        raise MslmError(
            Errors.M727.format(name="--pairs", value=text, expected="A>B;C>D")
        )
    return first.strip(), second.strip()


def _settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Values are JSON, or else text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise MslmError(
                Errors.M727.format(name="--set", value=pair, expected="KEY=VALUE")
            )
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
