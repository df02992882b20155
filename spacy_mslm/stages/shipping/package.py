"""Wheels side by side: the pipeline's own, and ours that it requires."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ...errors import Errors, MslmError
from ...runners.atomic import atomic_folder

CONSTRAINTS = "constraints.txt"


def package(model: Path, out: Path, *, source: Path | None = None) -> list[str]:
    """Write the wheel of `model` to `out`, and ours beside it where `source` is given.

    `source` is a checkout of this package (its folder with setup.cfg): no index has
    our wheel, and the pipeline requires it. Everything is built in a fresh folder,
    without index; with ours comes the exact set of versions that was tested.
    RETURNS (list): the wheels' names.
    Raises M751 where a build fails.
    """
    from spacy.cli.package import package as spacy_package

    if not (model / "meta.json").is_file():
        raise MslmError(Errors.M701.format(path=model / "meta.json"))
    with tempfile.TemporaryDirectory() as build, atomic_folder(out) as wheels:
        spacy_package(model, Path(build), create_sdist=False)
        (folder,) = Path(build).iterdir()
        _build("--wheel", folder, wheels)
        if source is not None:
            # By way of a source archive, so that no stale build folder gets in.
            _build("", source, wheels)
            shutil.copy(source / CONSTRAINTS, wheels)
        for archive in wheels.glob("*.tar.gz"):
            archive.unlink()
    return sorted(path.name for path in out.glob("*.whl"))


def _build(kind: str, folder: Path, out: Path) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    command += [kind] if kind else []
    run = subprocess.run(
        [*command, str(folder.resolve())], capture_output=True, text=True, cwd=out
    )
    if run.returncode:
        reason = " ".join(run.stdout.split()[-30:] + run.stderr.split()[-30:])
        raise MslmError(Errors.M751.format(path=folder, reason=reason[-300:]))
