"""Labelling by one process, two, Ray, and two commands that know nothing of each other.

Whole commands are timed, loading included, in turns; all read the same notes.
"""

import csv
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from ..errors import Errors, MslmError
from ..notes.sources import read_notes
from ..stages.labelling.concepts import TABLE, read_manifest
from ..types import DropCounts
from ..weak.concepts import read_concepts
from .turns import check_known

ONE, TWO = "one process", "two processes"
APART = "two commands, half of the notes each"
RAY = "Ray, two workers"
SYSTEMS = (ONE, TWO, APART)
WAYS = (*SYSTEMS, RAY)
CSV_HEAD = ("note_id", "text")


def run_engines(
    notes: Path,
    concepts: Path,
    work: Path,
    *,
    number: int,
    words: int,
    rounds: int,
    systems: Sequence[str],
    options: Sequence[str],
    provenance: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """A line a system: seconds of each round, for `number` notes of `words` words.

    The notes are cut out of `notes`, from the beginning again where they run out.
    `options`: of 'label', for every system. Raises MslmError: M621 where a command
    fails, M622 (no such system), those of `read_notes` and of the folder.
    """
    check_known(systems, WAYS)
    _, concepts_hash = read_manifest(concepts)
    names = len({n for c in read_concepts(concepts / TABLE) for n in c.names})
    work.mkdir(parents=True, exist_ok=True)
    whole, *halves = _write_notes(notes, work, number=number, words=words)
    command = [*_LABEL, "--concepts", str(concepts), *options]
    ways: dict[str, Callable[[], list[Path]]] = {
        ONE: lambda: _run(work, command, [whole]),
        TWO: lambda: _run(work, [*command, "--processes", "2"], [whole]),
        APART: lambda: _run(work, command, halves),
        RAY: lambda: _run(work, [*command, "--engine", "ray"], [whole]),
    }
    seconds: dict[str, list[float]] = {system: [] for system in systems}
    made: dict[str, str] = {}
    for _ in range(rounds):
        for system in systems:
            begun = time.perf_counter()
            folders = ways[system]()
            seconds[system].append(time.perf_counter() - begun)
            made[system] = _hash(folders)
    settings = {
        "job": "engines",
        "notes": number,
        "words_a_note": words,
        "concepts": concepts_hash,
        "names": names,
        "options": list(options),
    }
    return [
        {
            "system": system,
            "seconds": [round(s, 2) for s in seconds[system]],
            "labels_hash": made[system],
            "settings": settings,
            "provenance": dict(provenance),
        }
        for system in systems
    ]


def summary(lines: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table: notes a second of the whole command, and how many times as fast
    as two commands in the same round (medians)."""
    rows = [["", "notes/s", "lowest-highest", "beside two commands"]]
    rows.append(["---", "---:", "---:", "---:"])
    apart = next((li["seconds"] for li in lines if li["system"] == APART), None)
    for line in lines:
        rates = [line["settings"]["notes"] / s for s in line["seconds"]]
        row = [line["system"], f"{median(rates):.0f}"]
        row.append(f"{min(rates):.0f}-{max(rates):.0f}")
        if apart:
            pairs = zip(apart, line["seconds"], strict=True)
            row.append(f"{median(a / s for a, s in pairs):.2f}")
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def tables(lines: Iterable[Mapping[str, Any]]) -> str:
    """A table for each terminology and setting."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for line in lines:
        told = line["settings"]
        key = f"{told['names']:,} names", *told["options"]
        groups.setdefault(key, []).append(line)
    parts = [f"**{', '.join(key)}**\n\n{summary(of)}" for key, of in groups.items()]
    return "\n\n".join(parts)


_LABEL = (sys.executable, "-m", "spacy_mslm", "label")


def _write_notes(notes: Path, work: Path, *, number: int, words: int) -> list[Path]:
    """The file of all notes, and those of its halves."""
    texts = (note.text for note in read_notes(notes, drops=DropCounts()))
    found = [word for text in texts for word in text.split()]
    endless = cycle(found)
    rows = [(str(i), " ".join(islice(endless, words))) for i in range(number) if found]
    half = number // 2
    paths = []
    for name, part in {
        "all": rows,
        "first": rows[:half],
        "second": rows[half:],
    }.items():
        paths.append(work / f"{name}.csv")
        with paths[-1].open("w", encoding="utf8", newline="") as file:
            csv.writer(file).writerows([CSV_HEAD, *part])
    return paths


def _run(work: Path, command: Sequence[str], inputs: Sequence[Path]) -> list[Path]:
    """Label each of the inputs, all at once; the folders that came of it."""
    folders = [work / f"labels-{path.stem}" for path in inputs]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    with (work / "log.txt").open("a", encoding="utf8") as log:
        running = [
            subprocess.Popen(
                [*command, str(path), "--out", str(folder)], stdout=log, stderr=log
            )
            for path, folder in zip(inputs, folders, strict=True)
        ]
        codes = [process.wait() for process in running]
    if any(codes):
        raise MslmError(Errors.M621.format(system="label", log=work / "log.txt"))
    return folders


def _hash(folders: Sequence[Path]) -> str:
    """Of all rows, in order."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("part-*.jsonl")):
            total.update(path.read_bytes())
    return total.hexdigest()
