"""A disk that is full, or a limit on files: one coded line, nothing lost, a resume."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.runners.atomic import atomic_write_text
from spacy_mslm.stages.labelling.concepts import build_concepts

pytestmark = pytest.mark.medcat
LIMIT = 4000


@pytest.fixture(scope="module")
def concepts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("concepts")
    (folder / "clusters.yml").write_text("D:\n  ids: [T047]\n")
    (folder / "table.csv").write_text("cui,name,type_ids\n1,asthma,T047\n")
    table = str(folder / "table.csv")
    build_concepts(clusters=folder / "clusters.yml", out=folder / "out", table=table)
    return folder / "out"


def write_notes(folder: Path) -> Path:
    """Shards of two: the third is over the limit."""
    rows = [
        f'{n},{n},"secret asthma {n} {"word " * (900 if n == 5 else 3)}"'
        for n in range(8)
    ]
    path = folder / "notes.csv"
    path.write_text("note_id,patient_id,text\n" + "\n".join(rows) + "\n")
    return path


def run(
    notes: Path, concepts: Path, out: Path, *more: str, limit: int = -1
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "spacy_mslm", "label", str(notes)]
    command += ["--concepts", str(concepts), "--out", str(out), "--shard-size", "2"]

    def limited() -> None:
        if limit > 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [*command, *more], capture_output=True, text=True, preexec_fn=limited
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("options", [(), ("--processes", "2")])
def test_a_run_out_of_room_says_so_keeps_what_is_done_and_is_gone_on_with(
    options: tuple[str, ...], tmp_path: Path, concepts: Path
) -> None:
    notes, out = write_notes(tmp_path), tmp_path / "out"
    full = run(notes, concepts, out, *options, limit=LIMIT)
    assert full.returncode == 1
    last = full.stderr.splitlines()[-1]
    assert last.startswith("[M754] ") and "part-00002.jsonl" in last
    assert os.strerror(errno.EFBIG) in last and "Traceback" not in full.stderr
    assert "secret" not in full.stderr + full.stdout
    kept = tree(out)
    assert {"part-00000.jsonl", "part-00001.jsonl"} <= set(kept)
    assert "manifest.json" not in kept and "part-00002.jsonl" not in kept
    assert not [name for name in kept if ".tmp-" in name]
    again = run(notes, concepts, out, *options)
    assert again.returncode == 0, again.stderr
    fresh = run(notes, concepts, tmp_path / "fresh")
    assert fresh.returncode == 0
    assert tree(out) == tree(tmp_path / "fresh")
    assert {k: v for k, v in tree(out).items() if k in kept} == kept


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_what_the_user_can_mend_is_coded(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    atomic_write_text(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MslmError, match=r"^\[M754\].*/x: .*again: what is done"):
        atomic_write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]
