"""`experiment`: the runs behind results/."""

from pathlib import Path
from typing import Annotated

import typer

from . import app

experiment_app = typer.Typer(
    help="What the method is worth: runs, results, tables.", no_args_is_help=True
)
app.add_typer(experiment_app, name="experiment")

_NAME = typer.Argument(help="Experiment; 'experiment list' shows them.")
_RESULTS = typer.Option(help="Folder of results.")
_SET = typer.Option("--set", help="Another data set of the same form, by its folder.")
RESULTS = Path("results")


@experiment_app.command("list")
def list_cli(results: Annotated[Path, _RESULTS] = RESULTS) -> None:
    """The experiments, and how many of their runs are done."""
    from ..experiments.plans import experiments
    from ..experiments.store import Store

    for name, plan in experiments().items():
        ids = Store(results / f"{name}.jsonl").folder()
        done = sum(spec.id in ids for spec in plan.runs)
        print(f"{name:<16}{done:>4} of {len(plan.runs):<5}{plan.about}")
        if plan.exhibits:
            print(f"{'':<29}Beside Abaho et al. 2024: {plan.exhibits}.")


@experiment_app.command("run")
def run_cli(
    name: Annotated[str, _NAME],
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")],
    results: Annotated[Path, _RESULTS] = RESULTS,
    arms: Annotated[str, typer.Option(help="Separated by ';'. All by default.")] = "",
    most: Annotated[int | None, typer.Option(min=1, help="Runs to make.")] = None,
    data_set: Annotated[str, _SET] = "",
    configs: Annotated[
        Path, typer.Option(help="Folder of configs, for runs of 'spacy train'.")
    ] = Path("configs"),
) -> None:
    """Make the runs that are not done yet; stop it and start it again at will."""
    from ..experiments.plans import experiment
    from ..experiments.sequence import run_all
    from ..experiments.store import Store
    from ..stages.laboratory.through_spacy import runner

    plan = experiment(name, data_set)
    store = Store(results / f"{name}.jsonl")
    chosen = [arm.strip() for arm in arms.split(";") if arm.strip()]
    make = runner(configs)
    runs = run_all(plan, data, store, arms=chosen, most=most, runner=make)
    made = sum(1 for _ in runs)
    print(f"Made {made} runs; results in {store.path}")


@experiment_app.command("table")
def table_cli(
    name: Annotated[str, _NAME],
    results: Annotated[Path, _RESULTS] = RESULTS,
    split: Annotated[str, typer.Option(help="dev or test.")] = "dev",
    reference: Annotated[
        str, typer.Option(help="Arm to compare with, if not that of the plan.")
    ] = "",
    data_set: Annotated[str, _SET] = "",
) -> None:
    """Means over seeds, and differences with 95 per cent intervals."""
    from ..errors import Errors, MslmError
    from ..experiments.plans import experiment
    from ..experiments.store import Store
    from ..report.lab_tables import score_tables

    plan = experiment(name, data_set)
    found = Store(results / f"{name}.jsonl").folder()
    planned = [found[spec.id] for spec in plan.runs if spec.id in found]
    rows = [row for row in planned if row.get(split)]
    if not rows:
        raise MslmError(Errors.M810.format(name=name, missing=f"split '{split}'"))
    for table in score_tables(rows, split, reference or plan.reference):
        print(f"{table.markdown()}\n")


@experiment_app.command("report")
def report_cli(results: Annotated[Path, _RESULTS] = RESULTS) -> None:
    """Write README.md and index.html of all experiments that have results."""
    from ..report.lab import write_report

    written = write_report(results)
    made = ", ".join(f"{view.plan.name} {view.done}" for view in written.views)
    print(f"Wrote {written.readme} and {written.page}: {made} runs")


@experiment_app.command("plot")
def plot_cli(
    name: Annotated[str, _NAME],
    results: Annotated[Path, _RESULTS] = RESULTS,
) -> None:
    """Write the charts of an experiment as files; 'report' then shows them."""
    from ..report.lab import PLOTS, write_plots

    paths = write_plots(name, results)
    folder = results / PLOTS / name
    print(f"Wrote {len(paths)} charts to {folder}; now 'experiment report'")


@experiment_app.command("prepare")
def prepare_cli(
    gold: Annotated[
        Path,
        typer.Argument(help="IOB folder, or annotation that 'corpus import' reads."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the data set to make.")],
    concepts: Annotated[Path, typer.Option(help="Concept table.")],
    labels: Annotated[
        str, typer.Option(help="TYPE=LABEL,…: gold types to labels of the clusters.")
    ],
    clusters: Annotated[Path, typer.Option(help="Semantic types to labels.")] = Path(
        "assets/clusters.yml"
    ),
    notes: Annotated[
        Path | None, typer.Option(help="Further notes, without gold.")
    ] = None,
    sample: Annotated[int, typer.Option(help="Of the notes; 0 for all.")] = 0,
    noise: Annotated[
        str, typer.Option(help="Spoilt terminologies: '10-missing,30-wrong'.")
    ] = "",
    test: Annotated[float, typer.Option(help="Share of documents for test.")] = 0.4,
    dev: Annotated[float, typer.Option(help="Share of documents for dev.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the split and the sample.")] = 0,
) -> None:
    """Label gold text and notes weakly, for experiments; nothing is trained."""
    from ..stages.gold.data import parse_mapping
    from ..stages.laboratory.texts import SetSettings
    from ..stages.laboratory.weak_sets import prepare_set
    from ..weak.noise import Noise

    manifest = prepare_set(
        gold,
        out,
        concepts=concepts,
        clusters=clusters,
        notes=notes,
        settings=SetSettings(
            labels=parse_mapping(labels),
            noise=tuple(Noise.parse(n) for n in noise.split(",") if n.strip()),
            dev=dev,
            test=test,
            sample=sample,
            seed=seed,
        ),
    )
    for source, found in manifest["mentions"].items():
        shown = ", ".join(f"{n} {label}" for label, n in found.items())
        print(f"  {source}: {shown}")
    texts = ", ".join(f"{n} {split}" for split, n in manifest["texts"].items())
    print(f"Wrote {out}: {texts}")
    for reason, number in sorted(manifest["drops"].items()):
        print(f"  {number} x {reason}")
