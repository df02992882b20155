"""Of an experiment: what is done and missing, where it comes from, what it cost."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ..experiments.plans import Experiment, family
from ..experiments.spec import RunSpec
from ..experiments.tables import Row, arms_of
from .lab_tables import Table

RESULTS = Path("results")
COST_SAYS = "Mean seconds of training a run, over seeds, without measurements."


def command(name: str, results: Path) -> str:
    """What makes the runs of an experiment that `results` does not hold."""
    made = f"python -m spacy_mslm experiment run {shlex.quote(name)} --data DATA"
    folder = shlex.quote(str(results))
    return made if results == RESULTS else f"{made} --results {folder}"


def missing(plan: Experiment, done: Iterable[str]) -> list[str]:
    """The runs whose ids are not `done`: a line a data set, arms with their seeds."""
    done = set(done)
    planned = _by_set(plan.runs)
    left = _by_set(spec for spec in plan.runs if spec.id not in done)
    return [
        f"{data}: "
        + ("all arms" if arms == planned[data] else _listed(arms, planned[data]))
        for data, arms in left.items()
    ]


def _by_set(specs: Iterable[RunSpec]) -> dict[str, dict[str, list[int]]]:
    """Data set to arm to seeds."""
    found: dict[str, dict[str, list[int]]] = {}
    for spec in specs:
        found.setdefault(spec.data, {}).setdefault(spec.arm, []).append(spec.seed)
    return found


def _listed(
    arms: Mapping[str, Sequence[int]], planned: Mapping[str, Sequence[int]]
) -> str:
    return "; ".join(
        arm if seeds == planned[arm] else f"{arm} ({_seeds(seeds)})"
        for arm, seeds in arms.items()
    )


def _seeds(seeds: Sequence[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"


def facts(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Where the results come from, as (name, value)."""
    made = [row["provenance"] for row in rows]
    seeds = sorted({row["spec"].get("seed", 0) for row in rows})
    return [
        ("Commits", _counted(about["commit"] for about in made)),
        ("Machines", _counted(place(row) for row in rows)),
        ("Versions", _counted(_pairs(about["versions"]) for about in made)),
        ("Data", _counted(_data(row) for row in rows)),
        ("Seeds", ", ".join(map(str, seeds))),
        ("Dev trials of each family", _trials(rows)),
    ]


def place(row: Row) -> str:
    """Processor and device that a run was made on."""
    about = row["provenance"]
    machine, threads = about["machine"], about["threads"]
    used = f"{machine['cpu']}, {threads} of {machine['cores']} cores"
    return used if about["device"] == "cpu" else f"{about['device']} ({used})"


def cost_tables(rows: Iterable[Row]) -> list[Table]:
    """Mean seconds a run, an arm a row and a data set a column; a table a place."""
    by_place: dict[str, list[Row]] = {}
    for row in rows:
        by_place.setdefault(place(row), []).append(row)
    return [_cost(where, group) for where, group in by_place.items()]


def _cost(where: str, rows: Iterable[Row]) -> Table:
    groups = arms_of(rows)
    sets = list(dict.fromkeys(data for data, _ in groups))
    cells = [
        [arm, *(_seconds(groups.get((data, arm), ())) for data in sets)]
        for arm in dict.fromkeys(arm for _, arm in groups)
    ]
    return Table(f"Seconds a run on {where}", ["arm", *sets], cells)


def _seconds(group: Sequence[Row]) -> str:
    return f"{fmean(row['seconds'] for row in group):.0f}" if group else ""


def _data(row: Row) -> str:
    return f"{row['spec']['data']} {row['data_hash']}"


def _trials(rows: Iterable[Row]) -> str:
    """The most that a result of each data set and family says."""
    most: dict[str, dict[str, int]] = {}
    for row in rows:
        of_set = most.setdefault(row["spec"]["data"], {})
        name = family(row["spec"]["arm"])
        of_set[name] = max(of_set.get(name, 0), row["trials"])
    return "; ".join(f"{data}: {_pairs(found)}" for data, found in most.items())


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _counted(values: Iterable[str]) -> str:
    """Each once, with its number of runs where there are several."""
    counts = Counter(values)
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(
        f"{value} ({n} {'run' if n == 1 else 'runs'})" for value, n in counts.items()
    )
