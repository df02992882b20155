"""Files and folders that are there whole or not at all.

Everything is written to a hidden name beside its target and then renamed, so that a
reader, or a run killed at any moment, never sees half of it.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

from ..errors import Errors, MslmError

_MARK = ".tmp-"
# linux/fs.h; renameat2 with this flag swaps two paths in one step.
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
# What a user can mend: no room (left, or allowed), no right to write, a failing disk.
_MENDABLE = frozenset(
    (
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
    )
)


def atomic_write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` in one step; missing parent folders are made.

    The file is flushed to disk before the rename. A link is followed, not replaced.
    Raises M703 (a folder), M754 (no room, no right to write).
    """
    target = _target(path)
    if target.is_dir():
        raise MslmError(Errors.M703.format(path=path))
    temporary = _temporary(target)
    with writable(path):
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise


def atomic_write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8 to `path` in one step, line ends as they are."""
    atomic_write_bytes(path, text.encode("utf-8"))


@contextlib.contextmanager
def writable(path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise M754 with `path` where the block fails for want of room or of the right."""
    try:
        yield
    except OSError as err:
        if err.errno not in _MENDABLE:
            raise
        reason = os.strerror(err.errno)
        raise MslmError(Errors.M754.format(path=path, reason=reason)) from err


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes `path` when the block ends well.

    An existing folder at `path` stays as it is, and readable, until the new one is
    complete; then the two change places in one step (on file systems that can) and
    the old one is removed. When the block raises, nothing at `path` has changed.
    """
    target = _target(path)
    if target.exists() and not target.is_dir():
        raise MslmError(Errors.M702.format(path=path))
    temporary = _temporary(target)
    temporary.mkdir()
    try:
        yield temporary
        _replace_folder(temporary, target)
    finally:
        # After success this is the old folder, after a failure the unfinished one.
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in `folder`; only for who holds it alone."""
    for path in folder.glob(f".*{_MARK}*"):
        _remove(path)


def _replace_folder(new: Path, target: Path) -> None:
    if not target.exists():
        os.rename(new, target)
    elif not _exchange(new, target):
        # Two renames: the last resort where the kernel or file system cannot swap.
        aside = _temporary(target)
        os.rename(target, aside)
        try:
            os.rename(new, target)
        except OSError:
            os.rename(aside, target)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(new: Path, target: Path) -> bool:
    """Swap two paths in one step; False where that is not to be had."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    paths = os.fsencode(new), os.fsencode(target)
    status = rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE)
    return bool(status == 0)


def _target(path: str | os.PathLike[str]) -> Path:
    target = Path(os.path.realpath(path))
    try:
        with writable(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as err:
        raise MslmError(Errors.M702.format(path=target.parent)) from err
    return target


def _temporary(target: Path) -> Path:
    """A fresh hidden name beside `target`; leftovers of dead processes go first."""
    mine = f".{target.name}{_MARK}{socket.gethostname()}-"
    for path in target.parent.iterdir():
        if path.name.startswith(mine) and not _alive(path.name.removeprefix(mine)):
            _remove(path)
    return target.parent / f"{mine}{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _alive(rest: str) -> bool:
    pid = rest.partition("-")[0]
    return not pid.isdecimal() or Path(f"/proc/{pid}").exists()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
