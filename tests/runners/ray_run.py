"""Run in a process of its own by test_ray.py: `ray_run.py FOLDER WHAT`."""

import contextlib
import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import engine_works as works

from spacy_mslm.runners import ray_engine
from spacy_mslm.runners.folder import Shard
from spacy_mslm.runners.ray_engine import RayEngine
from spacy_mslm.runners.shards import Job, run_shards

ITEMS = [
    *(f"slow {number}" for number in range(12)),
    "segfault canary 77",
    "raise canary 78",
    "loop canary 79",
    *(f"canary {number}" for number in range(80, 95)),
]


class Items(list[str]):
    """Learns how many were read, wherever that is."""

    read = 0

    def __iter__(self) -> Iterator[str]:
        for item in super().__iter__():
            self.read += 1
            yield item

    def learnt(self) -> int:
        return self.read

    def learn(self, what: int) -> None:
        self.read = what


def make_job() -> Job[str]:
    return Job(
        work=works.Obedient(),
        fingerprint=str,
        name=lambda item: f"<{item.split()[-1]}>",
        key="k",
        shard_size=3,
    )


def actors() -> list[int]:
    """Processes of ours: of a Ray that this process has begun."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            actor = (path / "cmdline").read_bytes().startswith(b"ray::MapWorker")
            if actor and os.getpid() in ancestors(int(path.name)):
                found.append(int(path.name))
    return sorted(found)


def ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid


def main(folder: Path, what: str) -> None:
    private: dict[str, int] = {}
    real = ray_engine.private_folder

    @contextlib.contextmanager
    def kept(prefix: str, base: Path | None = None) -> Iterator[Path]:
        """Keep what Ray wrote before it is removed."""
        with real(prefix, base) as made:
            private[str(made)] = stat.S_IMODE(made.stat().st_mode)
            yield made
            for path in made.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    copy = folder / "ray" / path.relative_to(made)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, copy)

    def on_shard(shard: Shard) -> None:
        (folder / "private.json").write_text(json.dumps(private))
        if shard.file == "part-00001.jsonl":
            driver = what == "kill-driver"
            whom = os.getpid() if driver else actors()[0]
            os.kill(whom, signal.SIGKILL)

    ray_engine.private_folder = kept
    items = Items(ITEMS)
    engine = RayEngine(workers=2, note_timeout=2)
    run = run_shards(
        items, make_job(), folder / "out", engine=engine, on_shard=on_shard
    )
    import ray
    from ray._common.usage.usage_lib import usage_stats_enabled

    result = {
        "rows": run.rows,
        "quarantined": run.quarantined,
        "read": items.read,
        "still on": ray.is_initialized(),
        "reports usage": usage_stats_enabled(),
    }
    (folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
