"""Shards made by worker processes: the same bytes, whatever a note does to them."""

import importlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.runners.engines import engine_of
from spacy_mslm.runners.processes import ProcessEngine
from spacy_mslm.runners.shards import Job, run_shards

ITEMS = [f"item {number}" for number in range(9)]


@pytest.fixture(scope="module")
def works() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield importlib.import_module("engine_works")


def job(work: Any, size: int = 2, key: str = "k") -> Job[str]:
    return Job(work=work, fingerprint=str, name=name_of, key=key, shard_size=size)


def name_of(item: str) -> str:
    return f"<{item.rpartition(' ')[2]}>"


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def children() -> set[int]:
    """Processes that this one has begun and that are not over."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid() and state != "Z":
            found.add(int(stat.parent.name))
    return found


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


@pytest.mark.parametrize("processes", [1, 3])
def test_the_folder_is_that_of_one_process(
    works: ModuleType, tmp_path: Path, processes: int
) -> None:
    items = [*ITEMS, "raise this", "last one"]
    here = run_shards(items, job(works.Obedient()), tmp_path / "here")
    engine = ProcessEngine(processes)
    there = run_shards(items, job(works.Obedient()), tmp_path / "there", engine=engine)
    assert tree(tmp_path / "here") == tree(tmp_path / "there")
    assert there == here
    assert there.quarantined == [{"name": "<this>", "error": "RuntimeError"}]
    again = run_shards(items, job(works.Obedient()), tmp_path / "here", engine=engine)
    assert again.resumed == len(again.shards) == 6


@settings(deadline=None, max_examples=8)
@given(st.lists(st.booleans(), max_size=12), st.integers(1, 4), st.integers(1, 3))
def test_any_number_of_items_size_and_processes(
    works: ModuleType,
    tmp_path_factory: pytest.TempPathFactory,
    fails: list[bool],
    size: int,
    processes: int,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    items = [f"{'raise' if bad else 'fine'} {n}" for n, bad in enumerate(fails)]
    run_shards(items, job(works.Obedient(), size), folder / "here")
    seen: list[str] = []
    run_shards(
        items,
        job(works.Obedient(), size),
        folder / "there",
        engine=ProcessEngine(processes),
        on_shard=lambda shard: seen.append(shard.file),
    )
    assert tree(folder / "here") == tree(folder / "there")
    assert seen == sorted(seen) and len(seen) == -(-len(items) // size)


def test_the_work_is_loaded_once_a_process_and_not_without_need(
    works: ModuleType, tmp_path: Path
) -> None:
    loads = tmp_path / "loads"
    work = job(works.Obedient(str(loads)))
    run_shards(ITEMS, work, tmp_path / "out", engine=ProcessEngine(2))
    pids = loads.read_text().split()
    assert 1 <= len(pids) <= 2 and len(set(pids)) == len(pids)
    assert str(os.getpid()) not in pids
    run_shards(ITEMS, work, tmp_path / "out", engine=ProcessEngine(2))
    assert loads.read_text().split() == pids


REASONS = {
    "segfault": "crash",
    "exit": "crash",
    "abort": "crash",
    "quit": "crash",
    "memory": "MemoryError",
    "raise": "RuntimeError",
}


@pytest.mark.parametrize("word", REASONS)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_note_that_ends_its_worker_is_quarantined_alone(
    works: ModuleType, tmp_path: Path, word: str, processes: int
) -> None:
    items = [*ITEMS[:4], f"{word} secret 77", *ITEMS[4:]]
    out = tmp_path / "out"
    engine = ProcessEngine(processes)
    run = run_shards(items, job(works.Obedient(), 3), out, engine=engine)
    assert run.quarantined == [{"name": "<77>", "error": REASONS[word]}]
    assert run.rows == 9 and run.counts["letters"] == sum(map(len, ITEMS))
    lines = b"".join(data for n, data in tree(out).items() if n.endswith("jsonl"))
    assert lines.decode().splitlines() == [item.upper() for item in ITEMS]
    whole = tree(out)
    assert not any(b"secret" in data for data in whole.values())
    # Any other number of processes, a part of it done before: the same bytes.
    (out / "part-00001.jsonl").unlink()
    run_shards(items, job(works.Obedient(), 3), out, engine=ProcessEngine(3))
    assert tree(out) == whole


@pytest.mark.parametrize("word", ["sleep", "loop"])
def test_a_note_that_hangs_is_quarantined_as_timeout(
    works: ModuleType, tmp_path: Path, word: str
) -> None:
    items = [*ITEMS[:3], f"{word} 77", *ITEMS[3:]]
    engine = ProcessEngine(2, note_timeout=0.4)
    begun = time.monotonic()
    run = run_shards(items, job(works.Obedient(), 5), tmp_path / "out", engine=engine)
    assert run.quarantined == [{"name": "<77>", "error": "timeout"}]
    assert run.rows == 9
    assert time.monotonic() - begun > 0.8, "twice, as once may be the machine's fault"


def test_slow_notes_are_no_timeout_together(works: ModuleType, tmp_path: Path) -> None:
    items = [f"slow {number}" for number in range(5)]
    engine = ProcessEngine(1, note_timeout=1.2)
    run = run_shards(items, job(works.Obedient(), 5), tmp_path / "out", engine=engine)
    assert run.rows == 5 and not run.quarantined


def test_a_worker_killed_by_somebody_costs_no_note(
    works: ModuleType, tmp_path: Path
) -> None:
    items = [*ITEMS, f"once:{tmp_path / 'a'} 1", f"once:{tmp_path / 'b'} 2", "end 3"]
    engine = ProcessEngine(2)
    run = run_shards(items, job(works.Obedient(), 4), tmp_path / "out", engine=engine)
    assert run.rows == 12 and not run.quarantined
    assert (tmp_path / "a").exists() and (tmp_path / "b").exists()


def test_several_bad_notes_in_one_shard(works: ModuleType, tmp_path: Path) -> None:
    items = ["segfault 1", "fine 2", "raise 3", "exit 4", "sleep 5", "fine 6"]
    engine = ProcessEngine(1, note_timeout=0.4)
    run = run_shards(items, job(works.Obedient(), 6), tmp_path / "out", engine=engine)
    assert run.quarantined == [
        {"name": "<1>", "error": "crash"},
        {"name": "<3>", "error": "RuntimeError"},
        {"name": "<4>", "error": "crash"},
        {"name": "<5>", "error": "timeout"},
    ]
    assert run.rows == 2


@pytest.mark.parametrize(
    ("items", "reasons", "rows"),
    [
        (["a", "b", "exit 1", "d", "e"], ["crash"], 4),
        (["a", "exit 1", "exit 2", "d", "exit 3"], ["crash"] * 3, 2),
        # No note's own fault: the shard is made one by one.
        (["a", "b", "crowd", "d", "e"], [], 5),
        (["a", "b", "crowd", "exit 1"], ["crash"], 3),
    ],
)
def test_work_on_several_items_at_once(
    works: ModuleType, tmp_path: Path, items: list[str], reasons: list[str], rows: int
) -> None:
    engine = ProcessEngine(1)
    run = run_shards(items, job(works.Pairs(), 5), tmp_path / "out", engine=engine)
    assert [q["error"] for q in run.quarantined] == reasons
    assert run.rows == rows


def test_an_error_of_the_users_ends_the_run_and_keeps_what_is_done(
    works: ModuleType, tmp_path: Path
) -> None:
    items = [*ITEMS[:4], "mend 1", *ITEMS[4:]]
    with pytest.raises(MslmError, match=r"^\[M000\] mend this\.$"):
        run_shards(items, job(works.Obedient()), tmp_path, engine=ProcessEngine(2))
    assert {"part-00000.jsonl", "part-00001.jsonl"} <= set(tree(tmp_path))
    assert ".shards/.run" not in tree(tmp_path)


def test_what_was_read_before_an_error_of_reading_is_made(
    works: ModuleType, tmp_path: Path
) -> None:
    def items() -> Iterator[str]:
        yield from ITEMS[:5]
        raise MslmError("[M000] row 6.")

    with pytest.raises(MslmError, match="M000"):
        run_shards(items(), job(works.Obedient()), tmp_path, engine=ProcessEngine(2))
    assert {"part-00000.jsonl", "part-00001.jsonl"} <= set(tree(tmp_path))
    assert "part-00002.jsonl" not in tree(tmp_path)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", r"^\[M755\].*\(RuntimeError\)"),
        ("mend", r"^\[M000\]"),
        ("segfault", r"^\[M757\].*ended 5 times.*Segmentation fault"),
        ("exit", r"^\[M757\].*exit status 0"),
    ],
)
def test_a_work_that_cannot_load(
    works: ModuleType, tmp_path: Path, how: str, message: str
) -> None:
    with pytest.raises(MslmError, match=message):
        run_shards(ITEMS, job(works.Unloadable(how)), tmp_path, engine=ProcessEngine(2))
    if how in ("raise", "mend"):
        with pytest.raises(MslmError, match=message):
            run_shards(ITEMS, job(works.Unloadable(how)), tmp_path)


def test_a_machine_that_can_begin_no_process(
    works: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*command: Any, **options: Any) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", full)
    with pytest.raises(MslmError, match=r"^\[M756\].*\(BlockingIOError\)"):
        run_shards(ITEMS, job(works.Obedient()), tmp_path, engine=ProcessEngine(2))


def test_stopped_in_the_middle_no_process_goes_on(
    works: ModuleType, tmp_path: Path
) -> None:
    items = [*ITEMS[:4], *(f"sleep {number}" for number in range(20))]

    class Stop(Exception):
        pass

    def stop(shard: Any) -> None:
        raise Stop

    before = children()
    with pytest.raises(Stop):
        run_shards(
            items,
            job(works.Obedient()),
            tmp_path,
            engine=ProcessEngine(2),
            on_shard=stop,
        )
    assert children() <= before


HANGING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import engine_works
from spacy_mslm.runners.processes import ProcessEngine
from spacy_mslm.runners.shards import Job, run_shards
job = Job(engine_works.Obedient(sys.argv[2] + "/loads"), str, str, "k")
run_shards(["loop 1"], job, Path(sys.argv[2]) / "out", engine=ProcessEngine(1))
"""


def test_a_worker_is_killed_with_its_run_at_whatever_note(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    process = subprocess.Popen([sys.executable, "-c", HANGING, here, str(tmp_path)])
    loads = tmp_path / "loads"
    wait_for(lambda: loads.exists() and loads.read_text().endswith("\n"))
    worker = Path("/proc", loads.read_text().strip(), "cmdline")
    assert b"worker" in worker.read_bytes()
    process.kill()
    process.wait()
    wait_for(lambda: not worker.exists() or b"worker" not in worker.read_bytes())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_memory_holds_a_bounded_number_of_shards(
    works: ModuleType, tmp_path: Path
) -> None:
    living: weakref.WeakSet[str] = weakref.WeakSet()
    most = 0

    def items() -> Iterator[str]:
        nonlocal most
        for number in range(120):
            text = works.Text(f"item {number}")
            living.add(text)
            most = max(most, len(living))
            yield text

    engine = ProcessEngine(2)
    run = run_shards(items(), job(works.Obedient()), tmp_path, engine=engine)
    assert run.rows == 120
    # Two shards a process, the one being read, and those a thread is done with.
    assert most <= 2 * (4 + 1 + 2)


def test_children_killed_again_and_again(works: ModuleType, tmp_path: Path) -> None:
    items = [f"slow {number}" for number in range(18)]
    rng = random.Random(1)
    run_shards(
        items, job(works.Obedient(), 3), tmp_path / "whole", engine=ProcessEngine(2)
    )
    before = children()
    killed: list[int] = []
    timers: list[threading.Timer] = []

    def kill() -> None:
        for pid in sorted(children() - before)[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    def soon(shard: Any) -> None:
        if len(timers) < 4:
            timers.append(threading.Timer(rng.uniform(0, 0.7), kill))
            timers[-1].start()

    engine = ProcessEngine(2)
    run = run_shards(
        items, job(works.Obedient(), 3), tmp_path / "out", engine=engine, on_shard=soon
    )
    for timer in timers:
        timer.join()
    assert killed and not run.quarantined
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_worker_of_a_run_that_is_over_writes_nothing(
    works: ModuleType, tmp_path: Path
) -> None:
    from spacy_mslm.runners.folder import held
    from spacy_mslm.runners.tasks import Plan, ShardTask, make_shard

    work = job(works.Obedient())
    with held(tmp_path) as old:
        [task, *_] = Plan(ITEMS, work, tmp_path, old).tasks()
    assert isinstance(task, ShardTask)
    with held(tmp_path), pytest.raises(MslmError, match=r"^\[M712\]"):
        make_shard(task, work.shard_work)
    assert "part-00000.jsonl" not in tree(tmp_path)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"name": "threads"}, "M759"),
        ({"name": "process", "processes": 2}, "M760"),
        ({"name": "processes", "address": "auto"}, "M760"),
        ({"processes": -1}, "M765"),
        ({"note_timeout": -1.0}, "M765"),
        ({"note_timeout": float("nan")}, "M765"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], code: str) -> None:
    with pytest.raises(MslmError, match=rf"^\[{code}\]"):
        engine_of(**options)


def test_options_choose_the_engine() -> None:
    assert type(engine_of()).__name__ == "InProcess"
    assert type(engine_of(note_timeout=5)).__name__ == "ProcessEngine"
    engine = engine_of(processes=3)
    assert isinstance(engine, ProcessEngine) and engine.processes == 3
