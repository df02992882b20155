"""Kill `label` with SIGKILL at random moments; resumed, it must end in the same bytes.

MSLM_KILLS sets how many kills (a few by default, 100 for the campaign before a
release): `MSLM_KILLS=100 python -m pytest tests/stages/test_label_resume.py`.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spacy_mslm.stages.labelling.concepts import build_concepts

KILLS = int(os.environ.get("MSLM_KILLS", "3"))
NOTES = 400
# A labeller of the real size slowed down, so that kills fall into the work itself.
SLOWED = """
import sys, time
from spacy_mslm.cli import main
from spacy_mslm.weak.medcat import MedcatLabeller
find = MedcatLabeller.find
def slow(self, note):
    time.sleep(0.0005)
    yield from find(self, note)
MedcatLabeller.find = slow
sys.argv[0] = "spacy-mslm"
main()
"""

pytestmark = [pytest.mark.medcat, pytest.mark.timeout(120 + 10 * KILLS)]


def make_inputs(folder: Path) -> tuple[Path, Path]:
    rng = random.Random(5)
    text = "he has asthma and chest pain but no fever today , denies cough ."
    words = text.split()
    lines = ["note_id,patient_id,text"]
    for number in range(NOTES):
        text = " ".join(rng.choices(words, k=60)) + "\n\n" + " ".join(words)
        lines.append(f'n{number},p{number % 50},"{text}"')
    (folder / "notes.csv").write_text("\n".join(lines) + "\n")
    (folder / "clusters.yml").write_text("D:\n  ids: [T047]\nS:\n  ids: [T184]\n")
    (folder / "table.csv").write_text(
        "cui,name,type_ids\n1,asthma,T047\n2,chest pain,T184\n3,fever,T184\n"
    )
    build_concepts(
        clusters=folder / "clusters.yml",
        out=folder / "concepts",
        table=str(folder / "table.csv"),
    )
    return folder / "notes.csv", folder / "concepts"


def start(notes: Path, concepts: Path, out: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", SLOWED, "label", str(notes)]
    command += ["--concepts", str(concepts), "--out", str(out), "--shard-size", "10"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def parts(out: Path) -> int:
    return sum(1 for _ in out.glob("part-*.jsonl"))


def kill_at_work(
    process: "subprocess.Popen[bytes]", out: Path, rng: random.Random
) -> bool:
    """Kill soon after the run begins to write; False if it was done before."""
    before = parts(out)
    deadline = time.monotonic() + 60
    while process.poll() is None and parts(out) == before:
        assert time.monotonic() < deadline, "the run writes nothing"
        time.sleep(0.002)
    time.sleep(rng.random() * rng.choice((0.03, 0.6)))
    process.kill()
    process.communicate()
    return process.returncode != 0


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def finish(process: "subprocess.Popen[bytes]") -> None:
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def test_killed_anywhere_and_resumed_the_bytes_are_the_same(tmp_path: Path) -> None:
    notes, concepts = make_inputs(tmp_path)
    finish(start(notes, concepts, tmp_path / "unbroken"))
    unbroken = tree(tmp_path / "unbroken")
    assert "manifest.json" in unbroken
    rng = random.Random(KILLS)
    kills, rounds = 0, 0
    while kills < KILLS:
        out = tmp_path / f"out-{rounds}"
        rounds += 1
        # Several kills to one folder, then let it end.
        for _ in range(rng.randint(1, 6)):
            if kills == KILLS:
                break
            process = start(notes, concepts, out)
            if not kill_at_work(process, out, rng):
                break
            kills += 1
            assert parts(out) > 0, "finished shards stay"
        finish(start(notes, concepts, out))
        assert tree(out) == unbroken
    assert kills == KILLS
