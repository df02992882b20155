"""The systems of a table (`stages.systems`) on one corpus: each trained by `spacy
train` and scored on test, in clean text. One JSON line a system and seed.

Budgets are counted in updates: epochs times the words of train, over the words of a
batch. The last update is what is measured; nothing is chosen on dev.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...experiments.store import Store
from ..systems import System
from .one_system import Read, Variant, plan_of, run_system

Say = Callable[[str], None]


def run_systems(
    corpus: Path,
    systems: Iterable[System],
    results: Path,
    *,
    seeds: Sequence[int],
    variant: Variant | None = None,
    models: Path | None = None,
    gpu: int = -1,
    say: Say = print,
) -> dict[str, str]:
    """Train and measure each, a line each in the file `results`; what is there already
    is not made again.

    corpus: folder of `corpus import` or `corpus sambd`. models: keep the trained
    pipelines there, a folder each.
    RETURNS (dict): the systems that could not be made, with the reason. Raises what
    `Read.of` raises, M804 for a file of other lines.
    """
    variant = variant or Variant()
    read = Read.of(corpus)
    done = {line["id"] for line in read_lines(results)}
    failed: dict[str, str] = {}
    for system in systems:
        name = variant.named(system)
        for seed in seeds:
            plan = plan_of(system, variant, read, seed)
            if plan["id"] in done:
                say(f"{name}, seed {seed}: done before")
                continue
            say(f"{name}, seed {seed}: {plan['updates']} updates")
            try:
                made = run_system(system, variant, read, plan, models, gpu)
            except MslmError as err:
                # An encoder that cannot be had is no reason to leave out the others.
                failed[name] = str(err)
                say(f"{name}: {err}")
                break
            Store(results).add(made)
            say(
                f"{name}, seed {seed}: strict F1 "
                f"{100 * made['scores']['span_strict_micro_f']:.1f}, "
                f"{made['seconds']:.0f} s"
            )
    return failed


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The results of a file; none where there is no file. Raises M804."""
    lines: list[dict[str, Any]] = []
    if not path.is_file():
        return lines
    for row, text in enumerate(path.read_text("utf8").splitlines(), start=1):
        try:
            line = json.loads(text)
            _ = line["id"], line["system"], line["scores"]
        except (ValueError, KeyError, TypeError) as err:
            reason = f"no result of a system ({type(err).__name__})"
            raise MslmError(
                Errors.M804.format(path=path, row=row, reason=reason)
            ) from None
        lines.append(line)
    return lines
