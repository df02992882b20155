"""A folder for others' temporary files: nobody else reads it, and nothing is left.

What is put there may hold text of notes, so it goes away even when this process is
killed: a guard waits for the end of a pipe that only this process holds open.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The end of the input means that the run is over, or killed. Whoever still writes into
# the folder is about to be killed too, so once is not enough.
_GUARD = """
import shutil, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
sys.stdin.buffer.read()
for _ in range(100):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    try:
        open(sys.argv[1]).close()
    except FileNotFoundError:
        break
    except OSError:
        pass
    time.sleep(0.1)
"""


@contextlib.contextmanager
def private_folder(prefix: str, base: Path | None = None) -> Iterator[Path]:
    """A new folder in `base`, or where temporary files go, that only this user may
    enter; it is removed at the end, whatever end that is. Folders of killed runs that
    kept theirs go first."""
    base = base or Path(tempfile.gettempdir())
    _sweep(base, prefix)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=base))
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _GUARD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        assert guard.stdin
        guard.stdin.close()
        guard.wait()


def _sweep(base: Path, prefix: str) -> None:
    for path in base.glob(f"{prefix}[0-9]*-*"):
        pid = path.name.removeprefix(prefix).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)
