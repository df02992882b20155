"""Shards made on a real local Ray of two workers, each run in a process of its own."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.runners.engines import engine_of
from spacy_mslm.runners.processes import ProcessEngine
from spacy_mslm.runners.shards import run_shards

pytest.importorskip("ray")
pytestmark = pytest.mark.timeout(280)
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def ray_run() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        yield importlib.import_module("ray_run")


def start(folder: Path, what: str) -> "subprocess.Popen[bytes]":
    for name in ("tmp", "home"):
        (folder / name).mkdir(parents=True)
    places = {"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")}
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, str(HERE / "ray_run.py"), str(folder), what],
            env={**os.environ, **places},
            stdout=said,
            stderr=said,
        )


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def soon(condition: object, seconds: float = 40) -> bool:
    """Whether it becomes true."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def nothing_is_left(folder: Path, ray_run: ModuleType) -> None:
    private = [Path(name) for name in json.loads((folder / "private.json").read_text())]
    assert private and soon(lambda: not any(path.exists() for path in private))
    assert list((folder / "tmp").iterdir()) == []
    assert list((folder / "home").iterdir()) == []
    ours = [str(path).encode() for path in (folder, *private)]
    assert soon(
        lambda: not any(name in line for line in command_lines() for name in ours)
    )


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


def test_a_worker_killed_in_the_middle(ray_run: ModuleType, tmp_path: Path) -> None:
    process = start(tmp_path, "kill-actor")
    assert process.wait(240) == 0, (tmp_path / "said").read_text()
    result = json.loads((tmp_path / "result.json").read_text())
    assert result == {
        "rows": 27,
        "quarantined": [
            {"name": "<77>", "error": "crash"},
            {"name": "<78>", "error": "RuntimeError"},
            {"name": "<79>", "error": "timeout"},
        ],
        "read": 30,
        "still on": False,
        "reports usage": False,
    }
    engine = ProcessEngine(1, note_timeout=2)
    run_shards(ray_run.ITEMS, ray_run.make_job(), tmp_path / "one", engine=engine)
    assert tree(tmp_path / "out") == tree(tmp_path / "one")
    modes = json.loads((tmp_path / "private.json").read_text())
    assert set(modes.values()) == {0o700}
    nothing_is_left(tmp_path, ray_run)
    logs = tree(tmp_path / "ray")
    assert any("raylet" in name for name in logs), "the logs were looked at"
    assert not [name for name in logs if "usage_stats" in name]
    said = (tmp_path / "said").read_bytes()
    assert not [name for name, data in logs.items() if b"canary" in data]
    assert b"canary" not in said and b"CANARY" not in said


def test_a_killed_run_leaves_nothing_and_is_gone_on_with(
    ray_run: ModuleType, tmp_path: Path
) -> None:
    process = start(tmp_path, "kill-driver")
    assert process.wait(240) == -signal.SIGKILL, (tmp_path / "said").read_text()
    nothing_is_left(tmp_path, ray_run)
    job, out = ray_run.make_job(), tmp_path / "out"
    engine = ProcessEngine(2, note_timeout=2)
    run = run_shards(ray_run.ITEMS, job, out, engine=engine)
    assert run.resumed >= 2
    run_shards(ray_run.ITEMS, job, tmp_path / "one", engine=engine)
    assert tree(out) == tree(tmp_path / "one")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "x", "a:b"])
def test_no_ray_at_the_address(
    ray_run: ModuleType, tmp_path: Path, address: str
) -> None:
    engine = engine_of(address=address)
    with pytest.raises(MslmError, match=rf"^\[M767\] --address {address}: "):
        run_shards(["a"], ray_run.make_job(), tmp_path / "out", engine=engine)


def test_without_ray_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, ray_run: ModuleType, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MslmError, match=r"^\[M758\].*'spacy-mslm\[scale\]'"):
        run_shards(["a"], ray_run.make_job(), tmp_path / "out", engine=engine_of("ray"))
