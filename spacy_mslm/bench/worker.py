"""A process that holds one system and times its turns when told to.

`python -m spacy_mslm.bench.worker SYSTEM JOB`, the `Spec` as the first line of standard
input, then a line (a number of words) for every turn; an answer in JSON for each.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from ..runners.provenance import installed
from .spec import Spec

PACKAGES = ("torch", "transformers", "spacy", "spacy-transformers", "edsnlp", "medcat")


def main(system: str, job: str) -> None:
    """Answer `{"ready": versions}`, then a line a turn; `fit` ends after the first."""
    answers = _own_stdout()
    spec = Spec.from_json(sys.stdin.readline())
    module = importlib.import_module(f"{__package__}.systems.{system}")
    prepared = getattr(module, job)(spec)
    _answer(answers, {"ready": installed(PACKAGES)})
    for line in sys.stdin if prepared else ():
        started, before = time.perf_counter(), time.process_time()
        turn = prepared(int(line))
        times = {
            "seconds": time.perf_counter() - started,
            "cpu_seconds": time.process_time() - before,
        }
        _answer(answers, {**times, "peak_mb": peak_memory(), **turn._asdict()})


def peak_memory() -> float:
    """The most memory this process ever held, in MiB (Linux; NaN elsewhere)."""
    return _status("VmHWM:")


def memory_now() -> float:
    """The memory that this process holds, in MiB (Linux; NaN elsewhere)."""
    return _status("VmRSS:")


def _status(field: str) -> float:
    try:
        status = Path("/proc/self/status").read_text(encoding="utf8")
    except OSError:
        return float("nan")
    return int(status.partition(field)[2].split()[0]) / 1024


def _own_stdout() -> TextIO:
    """Standard output for answers alone: what libraries print goes to the log."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)
    return answers


def _answer(stream: TextIO, content: dict[str, Any]) -> None:
    stream.write(json.dumps(content) + "\n")
    stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
