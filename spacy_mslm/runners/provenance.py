"""Where numbers come from: code, machine, versions. No host name, no user, no path."""

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("spacy-mslm", "spacy", "thinc", "torch", "transformers", "medcat", "numpy")
UNKNOWN = "unknown"


def git_commit(path: Path = Path(__file__)) -> str:
    """The commit of the checkout that holds `path`, with "-dirty" where tracked files
    were changed; "unknown" outside one or where `path` is not tracked (as installed
    into an environment that happens to lie in some checkout)."""
    folder = path.parent
    if _git(folder, "ls-files", "--error-unmatch", path.name) is None:
        return UNKNOWN
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit or UNKNOWN}{'-dirty' if changed else ''}"


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None where it fails or is not installed."""
    try:
        run = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()


def machine() -> dict[str, str | int]:
    """The processor's model and the number of cores this process may use."""
    return {
        "cpu": _cpu_model() or platform.machine() or UNKNOWN,
        "cores": len(os.sched_getaffinity(0)),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    models = (row.partition(":")[2] for row in lines if row.startswith("model name"))
    return next(models, "").strip()


def versions() -> dict[str, str]:
    """Python's version and those of the installed packages that matter here."""
    return {"python": platform.python_version(), **installed(PACKAGES)}


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The versions of those that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
