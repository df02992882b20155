import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spacy_mslm.runners.private import private_folder

PREFIX = "mslm-test-"
# Whoever starts the tests in the background has SIGINT ignored, and so its children.
HOLD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from spacy_mslm.runners.private import private_folder
with private_folder("mslm-test-", Path(sys.argv[1])) as folder:
    (folder / "text").write_text("x")
    print(folder, flush=True)
    time.sleep(600)
"""


def test_closed_to_others_and_removed(tmp_path: Path) -> None:
    with private_folder(PREFIX, tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "below").mkdir()
        (folder / "below" / "text").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_removed_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), private_folder(PREFIX, tmp_path) as folder:
        (folder / "text").write_text("x")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_removed_when_the_process_is_killed(tmp_path: Path, number: int) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    folder = Path(process.stdout.readline().strip())
    assert (folder / "text").exists()
    process.send_signal(number)
    process.wait(30)
    deadline = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.stdout.close()


def test_folders_of_the_dead_go_and_of_the_living_stay(tmp_path: Path) -> None:
    dead = tmp_path / f"{PREFIX}{2**22 + 1}-abc"
    living = tmp_path / f"{PREFIX}{os.getpid()}-abc"
    other = tmp_path / f"{PREFIX}notes"
    for path in (dead, living, other):
        path.mkdir()
        (path / "text").write_text("x")
    with private_folder(PREFIX, tmp_path):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([living, other])
