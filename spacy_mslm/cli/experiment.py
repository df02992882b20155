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
RESULTS = Path("results")


@experiment_app.command("list")
def list_cli(results: Annotated[Path, _RESULTS] = RESULTS) -> None:
    """The experiments, and how many of their runs are done."""
    from ..experiments.plans import experiments
    from ..experiments.store import Store

    for name, plan in experiments().items():
        ids = {row["id"] for row in Store(results / f"{name}.jsonl").read()}
        done = sum(spec.id in ids for spec in plan.runs)
        print(f"{name:<16}{done:>4} of {len(plan.runs):<5}{plan.about}")


@experiment_app.command("run")
def run_cli(
    name: Annotated[str, _NAME],
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")],
    results: Annotated[Path, _RESULTS] = RESULTS,
    arms: Annotated[str, typer.Option(help="Separated by ';'. All by default.")] = "",
    most: Annotated[int | None, typer.Option(min=1, help="Runs to make.")] = None,
) -> None:
    """Make the runs that are not done yet; stop it and start it again at will."""
    from ..experiments.plans import experiment
    from ..experiments.sequence import run_all
    from ..experiments.store import Store

    plan = experiment(name)
    store = Store(results / f"{name}.jsonl")
    chosen = [arm.strip() for arm in arms.split(";") if arm.strip()]
    made = sum(1 for _ in run_all(plan, data, store, arms=chosen, most=most))
    print(f"Made {made} runs; results in {store.path}")


@experiment_app.command("table")
def table_cli(
    name: Annotated[str, _NAME],
    results: Annotated[Path, _RESULTS] = RESULTS,
    split: Annotated[str, typer.Option(help="dev or test.")] = "dev",
    reference: Annotated[str, typer.Option(help="Arm to compare with.")] = "vanilla",
) -> None:
    """Means over seeds, and differences with 95 per cent intervals."""
    from ..errors import Errors, MslmError
    from ..experiments.plans import experiment
    from ..experiments.store import Store
    from ..report.lab_tables import score_tables

    plan = experiment(name)
    rows = [r for r in Store(results / f"{name}.jsonl").read() if r.get(split)]
    if not rows:
        raise MslmError(Errors.M810.format(name=name, missing=f"split '{split}'"))
    ids = {spec.id for spec in plan.runs}
    planned = [row for row in rows if row["id"] in ids]
    for table in score_tables(planned, split, reference):
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
    from ..report.lab import write_plots

    paths = write_plots(name, results)
    print(f"Wrote {len(paths)} charts to {paths[0].parent}; now 'experiment report'")
