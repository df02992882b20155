"""Kill `label` and `annotate` with SIGKILL at random moments, the run itself or one of
its workers; resumed, they must end in the same bytes.

MSLM_KILLS sets how many kills of each kind (by default a few of `label` and one of the
others, which take long to begin; 100 for the campaign before a release):
`MSLM_KILLS=100 python -m pytest tests/stages/test_label_resume.py`.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import spacy

from spacy_mslm.stages.labelling.concepts import build_concepts

KILLS = int(os.environ.get("MSLM_KILLS", "3"))
CAMPAIGN = "MSLM_KILLS" in os.environ
FEW = KILLS if CAMPAIGN else 1
LONG = pytest.mark.skipif(not CAMPAIGN, reason="takes long: in the campaign alone")
NOTES = 400
# A labeller of the real size slowed down, in the run and in its workers, so that kills
# fall into the work itself.
SLOWED = """
import time
from spacy_mslm.weak.medcat import MedcatLabeller
find = MedcatLabeller.find
def slow(self, note):
    time.sleep(0.0005)
    yield from find(self, note)
MedcatLabeller.find = slow
"""

pytestmark = [pytest.mark.medcat, pytest.mark.timeout(280 + 40 * KILLS)]


@dataclass
class Command:
    """What is run, less its `--out`; `parts`: where in there its shards lie."""

    arguments: Sequence[str]
    parts: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, out: Path, *more: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "spacy_mslm", *self.arguments]
        return subprocess.Popen(
            [*command, "--out", str(out), *more],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.environment},
        )

    def made(self, out: Path) -> int:
        return sum(1 for _ in (out / self.parts).glob("part-*.jsonl"))


def write_notes(folder: Path) -> Path:
    rng = random.Random(5)
    text = "he has asthma and chest pain but no fever today , denies cough ."
    words = text.split()
    lines = ["note_id,patient_id,text"]
    for number in range(NOTES):
        text = " ".join(rng.choices(words, k=60)) + "\n\n" + " ".join(words)
        lines.append(f'n{number},p{number % 50},"{text}"')
    (folder / "notes.csv").write_text("\n".join(lines) + "\n")
    return folder / "notes.csv"


def label(folder: Path) -> Command:
    (folder / "clusters.yml").write_text("D:\n  ids: [T047]\nS:\n  ids: [T184]\n")
    (folder / "table.csv").write_text(
        "cui,name,type_ids\n1,asthma,T047\n2,chest pain,T184\n3,fever,T184\n"
    )
    build_concepts(
        clusters=folder / "clusters.yml",
        out=folder / "concepts",
        table=str(folder / "table.csv"),
    )
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SLOWED)
    path = os.pathsep.join([str(folder / "site"), *sys.path])
    arguments = ["label", str(write_notes(folder)), "--shard-size", "10"]
    return Command(
        [*arguments, "--concepts", str(folder / "concepts")],
        environment={"PYTHONPATH": path},
    )


def annotate(folder: Path) -> Command:
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "S", "pattern": "fever"}])  # type: ignore[attr-defined]
    nlp.to_disk(folder / "model")
    notes = write_notes(folder)
    # brat: two files a note, so that kills fall between them.
    arguments = ["annotate", str(folder / "model"), str(notes), "--format", "brat"]
    return Command([*arguments, "--shard-size", "10"], parts="documents")


def children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, of = path.read_text().rpartition(")")[2].split()[:2]
            if int(of) == parent and state != "Z":
                found.append(int(path.parent.name))
    return found


def begins_to_write(
    process: "subprocess.Popen[bytes]", command: Command, out: Path
) -> None:
    before = command.made(out)
    deadline = time.monotonic() + 120
    while process.poll() is None and command.made(out) == before:
        assert time.monotonic() < deadline, "the run writes nothing"
        time.sleep(0.002)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def finish(process: "subprocess.Popen[bytes]") -> None:
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors.decode()


@pytest.mark.parametrize(
    ("make", "options", "kills"),
    [
        (label, (), KILLS),
        (label, ("--processes", "2"), FEW),
        pytest.param(annotate, (), FEW, marks=LONG),
        (annotate, ("--processes", "2"), FEW),
    ],
)
def test_killed_anywhere_and_resumed_the_bytes_are_the_same(
    make: Callable[[Path], Command],
    options: tuple[str, ...],
    kills: int,
    tmp_path: Path,
) -> None:
    command = make(tmp_path)
    finish(command.start(tmp_path / "unbroken"))
    unbroken = tree(tmp_path / "unbroken")
    assert "manifest.json" in unbroken
    rng = random.Random(kills)
    done, rounds = 0, 0
    while done < kills:
        out = tmp_path / f"out-{rounds}"
        rounds += 1
        # Several kills to one folder, then let it end.
        for _ in range(rng.randint(1, 6)):
            if done == kills:
                break
            process = command.start(out, *options)
            begins_to_write(process, command, out)
            # Soon after the run begins to write.
            time.sleep(rng.random() * rng.choice((0.03, 0.6)))
            process.kill()
            process.communicate()
            if process.returncode == 0:
                break
            done += 1
            assert command.made(out) > 0, "finished shards stay"
        finish(command.start(out, *options))
        assert tree(out) == unbroken
    assert done == kills


@pytest.mark.parametrize("make", [label, pytest.param(annotate, marks=LONG)])
def test_workers_killed_anywhere_cost_nothing(
    make: Callable[[Path], Command], tmp_path: Path
) -> None:
    command = make(tmp_path)
    finish(command.start(tmp_path / "unbroken"))
    rng = random.Random(FEW)
    done, rounds = 0, 0
    while done < FEW:
        out = tmp_path / f"out-{rounds}"
        rounds += 1
        process = command.start(out, "--processes", "2")
        for _ in range(rng.randint(1, 6)):
            begins_to_write(process, command, out)
            time.sleep(rng.random() * rng.choice((0.03, 0.6)))
            workers = children(process.pid)
            if done == FEW or process.poll() is not None or not workers:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
                done += 1
        finish(process)
        assert tree(out) == tree(tmp_path / "unbroken")
    assert done == FEW
