"""The folder that `annotate` fills: what may be written into it, and what never."""

import json
from collections.abc import Iterator
from pathlib import Path

from ...errors import Errors, MslmError
from ...notes.streams import text_lines
from ...runners.atomic import atomic_write_bytes
from ..files import MANIFEST
from .formats import WRITERS, Files, Format
from .sources import DOCUMENTS


def check_folder(out: Path, form: Format) -> None:
    """Raise M789 where `out` holds files and was not begun by `annotate`, or was in
    another format; M702 where it is a file."""
    if not out.exists():
        return
    if not out.is_dir():
        raise MslmError(Errors.M702.format(path=out))
    names = [path.name for path in out.iterdir() if path.name != MANIFEST]
    others = {suffix for other in WRITERS.values() for suffix in other.suffixes}
    foreign = tuple(others - set(form.suffixes))
    begun = not names or (out / DOCUMENTS).is_dir()
    if not begun or any(name.endswith(foreign) for name in names):
        raise MslmError(Errors.M789.format(path=out))


def write_new(out: Path, files: Files) -> None:
    """Write files that are not there yet.

    Raises M788, before anything is written, where one is there with other content: it
    was made with other settings, or somebody corrected it.
    """
    there = {name for name in files if (out / name).is_file()}
    for name in sorted(there):
        if (out / name).read_bytes() != files[name]:
            raise MslmError(Errors.M788.format(path=out / name))
    for name in files.keys() - there:
        atomic_write_bytes(out / name, files[name])


def write_sidecars(out: Path, files: Files) -> None:
    """Write files that the user may have changed: one that is there stays."""
    for name, data in files.items():
        if not (out / name).exists():
            atomic_write_bytes(out / name, data)


def forget_lost(out: Path, form: Format) -> None:
    """Remove the list of each shard that names a file which is gone, so that the shard
    is made again."""
    for part in _parts(out):
        try:
            lost = any(not (out / name).is_file() for name in _named(part, form))
        except (ValueError, KeyError, TypeError, MslmError):
            lost = True
        if lost:
            part.unlink()


def check_strays(out: Path, form: Format, sidecars: Files) -> int:
    """The number of files that the lists name. Raises M789 where `out` holds others of
    this format: left by a run over other notes, or put there."""
    known = {name for part in _parts(out) for name in _named(part, form)}
    for path in sorted(out.iterdir()):
        ours = path.name in known or path.name in sidecars or path.name == MANIFEST
        if path.suffix in form.suffixes and not ours and path.name[:1] != ".":
            raise MslmError(Errors.M789.format(path=out))
    return len(known)


def _parts(out: Path) -> list[Path]:
    return sorted((out / DOCUMENTS).glob("part-*.jsonl"))


def _named(part: Path, form: Format) -> Iterator[str]:
    for _, line in text_lines(part):
        yield from form.names(json.loads(line)["file"])
