"""Versions of Python and of the installed packages, against our own metadata."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from .check import MISSING, NOTE, OK, Check

OURS = "spacy-mslm"
# What the workflow needs of the extras: labelling, and building the wheel.
NEEDED = ("medcat", "build", "wheel", "setuptools")
# What one configuration needs: spacy_baseline.cfg.
USEFUL = ("spacy-transformers",)


def check_packages() -> Iterator[Check]:
    """Python, then each package that the workflow needs."""
    yield check_python(platform.python_version())
    try:
        ranges = [Requirement(line) for line in requires(OURS) or ()]
    except PackageNotFoundError:
        yield Check(MISSING, OURS, "not installed", "pip install -e .")
        return
    yield Check(OK, OURS, version(OURS))
    seen: set[str] = set()
    for wanted in ranges:
        extra = wanted.marker is not None
        if wanted.name in seen or (extra and wanted.name not in (*NEEDED, *USEFUL)):
            continue
        seen.add(wanted.name)
        yield check_package(wanted)


def check_python(found: str) -> Check:
    """Whether this Python is one that we claim."""
    try:
        wanted = metadata(OURS)["Requires-Python"] or ""
    except PackageNotFoundError:
        wanted = ""
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return Check(OK, "python", found)
    fix = "make a virtual environment with Python 3.11: python3.11 -m venv .venv"
    return Check(MISSING, "python", f"{found}, needs {wanted}", fix)


def check_package(wanted: Requirement) -> Check:
    """Whether what is installed lies in the range."""
    status = NOTE if wanted.name in USEFUL else MISSING
    needs = str(wanted.specifier) or "any version"
    fix = f"pip install '{wanted.name}{wanted.specifier}'"
    if wanted.name in USEFUL:
        fix += " (only spacy_baseline.cfg needs it)"
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return Check(status, wanted.name, f"not installed, needs {needs}", fix)
    if wanted.specifier.contains(found, prereleases=True):
        return Check(OK, wanted.name, found)
    return Check(status, wanted.name, f"{found}, needs {needs}", fix)
