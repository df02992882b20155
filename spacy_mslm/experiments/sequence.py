"""The runs of an experiment, one after another; finished ones are never repeated."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError
from .data import DataSet, load
from .plans import Experiment, family
from .run import Say, run
from .spec import RunSpec
from .store import Store
from .weak import whole_source

Runner = Callable[..., dict[str, Any]]


def run_all(
    experiment: Experiment,
    root: Path,
    store: Store,
    *,
    arms: Sequence[str] = (),
    most: int | None = None,
    say: Say = print,
    runner: Runner = run,
) -> Iterator[dict[str, Any]]:
    """Yield each result as soon as it is kept.

    root: folder of the data sets. arms: names of those to run; all for none. most:
    runs to make before leaving the rest for another time.
    Raises MslmError: M805 and M806 for the data, M803, M804 and M808 for results that
    do not go with it, M807 where a result cannot be kept.
    """
    wanted = [r for r in experiment.runs if not arms or r.arm in arms]
    sets = _load_all(root, wanted)
    hashes = {name: data.hash for name, data in sets.items()}
    for name, data in sets.items():
        hashes |= {f"{name} {key}": weak.hash for key, weak in data.weak.items()}
    _check_notes(wanted, sets, root)
    done = store.finished(hashes)
    left = [spec for spec in wanted if spec.id not in done]
    say(f"{experiment.name}: {len(wanted) - len(left)} of {len(wanted)} runs are done")
    for number, spec in enumerate(left[:most], start=1):
        say(f"run {number} of {len(left)}: {spec.data} {spec.arm} seed {spec.seed}")
        result = runner(
            spec,
            sets[spec.data],
            trials=_trials(store, spec) + 1,
            encoder=store.encoder(spec.encoder),
            say=say,
        )
        store.add(result)
        yield result


def _trials(store: Store, spec: RunSpec) -> int:
    """Results of the same data, share and family in the whole folder, each run once:
    looks at their dev set."""
    rows = (row["spec"] for row in store.folder().values())
    return sum(
        other["data"] == spec.data
        and family(other["arm"]) == family(spec.arm)
        and other.get("share", 1.0) == spec.share
        for other in rows
    )


def _load_all(root: Path, specs: Sequence[RunSpec]) -> dict[str, DataSet]:
    labels = {spec.data: spec.labels for spec in specs}
    return {
        name: load(root, name, labels=kinds, weak=_sources(specs, name))
        for name, kinds in labels.items()
    }


def _sources(specs: Sequence[RunSpec], name: str) -> list[str]:
    """Those that label, and of spoilt ones the whole terminology."""
    named = {s.weak for s in specs if s.data == name and s.weak}
    return sorted(named | {whole_source(source) for source in named})


def _check_notes(
    specs: Sequence[RunSpec], sets: Mapping[str, DataSet], root: Path
) -> None:
    """Raises M806 where a run is to read notes that are not there."""
    for spec in specs:
        if spec.notes and not sets[spec.data].weak[spec.weak].notes:
            missing = f"notes.{spec.weak}.tsv"
            message = Errors.M806.format(data=spec.data, path=root, missing=missing)
            raise MslmError(message)
