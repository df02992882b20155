"""What lies in a folder that `gold` writes; light, for most runs are without gold."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...runners.atomic import atomic_write_text
from ..files import json_text

SAYS, MODEL, RUNS, LINK = "gold.json", "model", "runs", "source"
# What `model` was trained on, chosen by and scored on, as a corpus.
CORPUS = "corpus"


def check_out(out: Path) -> None:
    """Raise M732 where `out` holds what is not ours, for the model will be replaced."""
    ours = {SAYS, MODEL, RUNS, LINK, CORPUS}
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if any(name not in ours and not name.startswith(".") for name in names):
        raise MslmError(Errors.M732.format(path=out))


def write_no_gold(out: Path) -> dict[str, Any]:
    """gold.json that says so; what an earlier run with gold left goes."""
    check_out(out)
    (out / SAYS).unlink(missing_ok=True)
    for name in (MODEL, RUNS, CORPUS):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / LINK).unlink(missing_ok=True)
    made: dict[str, Any] = {"given": False, "says": "no gold given", "rows": []}
    atomic_write_text(out / SAYS, json_text(made))
    return made


def measured_on(corpus: Path, gold: Path | None) -> Path:
    """The corpus to measure a pipeline on: that of the gold documents where it was
    trained on any (folder `gold`), for weak labels would then measure the labeller."""
    if gold is not None and (gold / MODEL).is_dir() and (gold / CORPUS).is_dir():
        return gold / CORPUS
    return corpus


def read_json(path: Path) -> dict[str, Any]:
    """An object, {} where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def link(path: Path, target: Path) -> None:
    """Make `path` a link to `target`, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    os.symlink(target.resolve(), new)
    os.replace(new, path)
