import os
import stat
import threading
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.runners import atomic
from spacy_mslm.runners.atomic import (
    atomic_folder,
    atomic_write_bytes,
    atomic_write_text,
    remove_leftovers,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_keeps_its_line_ends_and_makes_parents(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "note.txt"
    atomic_write_text(path, "é\r\nx\n")
    assert path.read_bytes() == b"\xc3\xa9\r\nx\n"
    assert names(path.parent) == ["note.txt"]


def test_file_mode_follows_the_umask(tmp_path: Path) -> None:
    atomic_write_text(tmp_path / "x", "x")
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == stat.S_IMODE(
        plain.stat().st_mode
    )


def test_a_failing_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    atomic_write_text(path, "old")

    def full(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        atomic_write_text(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    atomic_write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_folder_and_file_are_not_mistaken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(MslmError, match=r"\[M702\].*file"),
        atomic_folder(tmp_path / "file"),
    ):
        pass
    with pytest.raises(MslmError, match=r"\[M703\]"):
        atomic_write_bytes(tmp_path, b"x")
    with pytest.raises(MslmError, match=r"\[M702\].*file"):
        atomic_write_text(tmp_path / "file" / "below", "x")


@pytest.mark.parametrize("can_exchange", [True, False])
def test_folder_replaces_an_older_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda new, target: False)
    out = tmp_path / "out"
    for content in ("one", "two"):
        with atomic_folder(out) as folder:
            (folder / content).write_text(content)
            if content == "two":
                assert names(out) == ["one"], "readable until the new one is ready"
        assert names(out) == [content]
    assert names(tmp_path) == ["out"]


def test_folder_is_never_missing_while_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with atomic_folder(out) as folder:
        (folder / "x").write_text("0")
    missing, stop = [], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if not (out / "x").exists() and not out.exists():
                missing.append(1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(50):
        with atomic_folder(out) as folder:
            (folder / "x").write_text(str(number))
    stop.set()
    watcher.join()
    assert not missing


def test_a_raising_block_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with atomic_folder(out) as folder:
        (folder / "x").write_text("old")
    with pytest.raises(RuntimeError), atomic_folder(out) as folder:
        (folder / "x").write_text("new")
        raise RuntimeError
    assert (out / "x").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_leftovers_of_dead_writers_go_and_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x"
    living = atomic._temporary(target)
    living.write_text("being written")
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: 2**22 + 1)
        dead = atomic._temporary(target)
    dead.mkdir()
    (dead / "half").write_text("half")
    atomic_write_text(target, "whole")
    assert names(tmp_path) == sorted([living.name, "x"])
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ["x"]
