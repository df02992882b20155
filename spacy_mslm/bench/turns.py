"""Systems that take turns: A B C A B C …, so that a machine's drift meets them all."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from ..errors import Errors, MslmError
from .spec import Spec

ROOT = str(Path(__file__).parents[2])
WARM_UP = 1


@dataclass(frozen=True)
class Contender:
    """A system under the name that tables show. `python`: its interpreter, if it lives
    in another environment. `share`: of the words of a turn, for very slow ones."""

    name: str
    system: str
    spec: Spec
    python: str = sys.executable
    share: float = 1.0


def check_known(names: Collection[str], known: Collection[str]) -> None:
    """Raise M622 for a system that a bench does not have."""
    for name in names:
        if name not in known:
            options = "; ".join(known)
            raise MslmError(Errors.M622.format(value=name, options=options))


@dataclass
class Measured:
    """`seconds`, `words`: an entry a turn, warm-up left out; `cpu_seconds` are those of
    the process itself, which others on the machine disturb less. `found`: of the last.
    """

    name: str
    versions: dict[str, str]
    seconds: list[float] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    found: int = 0
    peak_mb: float = 0.0

    @property
    def speeds(self) -> list[float]:
        """Words a second, turn by turn."""
        return [w / s for w, s in zip(self.words, self.seconds, strict=True)]

    @property
    def speed(self) -> float:
        return statistics.median(self.speeds)

    def to_line(
        self, settings: Mapping[str, Any], provenance: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The result as it is kept: a line of JSON."""
        return {
            "system": self.name,
            "speed": round(self.speed, 1),
            "speeds": [round(speed, 1) for speed in self.speeds],
            "words": self.words,
            "cpu_seconds": [round(seconds, 3) for seconds in self.cpu_seconds],
            "found": self.found,
            "peak_mb": round(self.peak_mb),
            "settings": dict(settings),
            "versions": self.versions,
            "provenance": dict(provenance),
        }


def take_turns(
    contenders: Sequence[Contender],
    job: str,
    *,
    words: int,
    rounds: int,
    log: Path,
) -> list[Measured]:
    """Time `rounds` turns of each system, after one that warms up.

    `words`: of a turn. Systems are loaded one after another, then take turns, each in
    a process of its own; what they print goes to the file `log`.
    Raises MslmError (M621) where a system's process ends.
    """
    with ExitStack() as stack:
        output = stack.enter_context(log.open("a", encoding="utf8"))
        workers = [stack.enter_context(_started(c, job, output)) for c in contenders]
        measured = [
            Measured(c.name, w.answer()["ready"])
            for c, w in zip(contenders, workers, strict=True)
        ]
        for number in range(WARM_UP + rounds):
            for contender, worker, row in zip(
                contenders, workers, measured, strict=True
            ):
                answer = worker.turn(round(contender.share * words))
                if number >= WARM_UP:
                    row.seconds.append(answer["seconds"])
                    row.cpu_seconds.append(answer["cpu_seconds"])
                    row.words.append(answer["words"] or words)
                row.found, row.peak_mb = answer["found"], answer["peak_mb"]
    return measured


def fit(contender: Contender, log: Path) -> None:
    """Train the contender's model in a process of its own; whole or not there."""
    part = f"{contender.spec.model}.part"
    shutil.rmtree(part, ignore_errors=True)
    told = replace(contender, spec=replace(contender.spec, model=part))
    with (
        log.open("a", encoding="utf8") as output,
        _started(told, "fit", output) as worker,
    ):
        worker.answer()
    os.replace(part, contender.spec.model)


class _Worker:
    def __init__(self, name: str, process: "subprocess.Popen[str]", log: str) -> None:
        self.name = name
        self.process = process
        self.log = log

    def turn(self, words: int) -> dict[str, Any]:
        self.write(str(words))
        return self.answer()

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> MslmError:
        return MslmError(Errors.M621.format(system=self.name, log=self.log))


@contextmanager
def _started(contender: Contender, job: str, log: TextIO) -> Iterator[_Worker]:
    module = f"{__package__}.worker"
    with subprocess.Popen(
        [contender.python, "-m", module, contender.system, job],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=_environment(os.environ),
    ) as process:
        try:
            worker = _Worker(contender.name, process, log.name)
            worker.write(contender.spec.to_json())
            yield worker
        finally:
            process.kill()


def _environment(base: Mapping[str, str]) -> dict[str, str]:
    """Nothing is fetched, and a peer's environment finds the worker."""
    path = os.pathsep.join(filter(None, (ROOT, base.get("PYTHONPATH"))))
    return {**base, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"}
