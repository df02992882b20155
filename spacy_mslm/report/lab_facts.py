"""Of an experiment: what is done and missing, where it comes from, what it cost."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ..experiments.plans import Experiment, family
from ..experiments.spec import MINILM, RunSpec
from ..experiments.tables import Row, arms_of
from .lab_tables import Table

RESULTS = Path("results")
COST_SAYS = (
    "Words count once for each view that reads them: what an arm costs. Seconds are of "
    "training without measurements, as they came, also where other work ran beside it."
)


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
        *_encoders(rows),
        ("Seeds", ", ".join(map(str, seeds))),
        ("Dev trials of each family", _trials(rows)),
    ]


def _encoders(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """By name and the hash of their weights; older results have no hash."""
    used = (row for row in rows if row["spec"].get("system") in (None, "spacy"))
    found = [
        f"{row['spec'].get('encoder', MINILM)} {row.get('encoder_hash', '')}".strip()
        for row in used
    ]
    return [("Encoders", _counted(found))] if found else []


def place(row: Row) -> str:
    """Processor and device that a run was made on."""
    about = row["provenance"]
    machine, threads = about["machine"], about["threads"]
    used = f"{machine['cpu']}, {threads} of {machine['cores']} cores"
    return used if about["device"] == "cpu" else f"{about['device']} ({used})"


def cost_tables(rows: Sequence[Row]) -> list[Table]:
    """Words through the encoder in a run, then seconds on each place; an arm a row and
    a data set a column, means over seeds."""
    if not rows:
        return []
    tables = [
        _cost("Thousands of words through the encoder", rows, "words_encoded", 1e3)
    ]
    by_place: dict[str, list[Row]] = {}
    for row in rows:
        by_place.setdefault(place(row), []).append(row)
    for where, group in by_place.items():
        tables.append(_cost(f"Seconds a run on {where}", group, "seconds", 1.0))
    return tables


def _cost(title: str, rows: Iterable[Row], key: str, unit: float) -> Table:
    groups = arms_of(rows)
    sets = list(dict.fromkeys(data for data, _ in groups))
    cells = [
        [arm, *(_mean(groups.get((data, arm), ()), key, unit) for data in sets)]
        for arm in dict.fromkeys(arm for _, arm in groups)
    ]
    return Table(title, ["arm", *sets], cells)


def _mean(group: Sequence[Row], key: str, unit: float) -> str:
    return f"{fmean(row[key] for row in group) / unit:.0f}" if group else ""


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
