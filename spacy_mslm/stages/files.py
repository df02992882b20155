"""What stages share about files: one form of JSON, hashes, and manifests."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import Errors, MslmError

MANIFEST = "manifest.json"


def json_text(value: Any) -> str:
    """JSON with sorted keys, so that the same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def file_sha256(path: Path) -> str:
    """The hash of one file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(paths: Iterable[Path]) -> str:
    """One hash over the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(file_sha256(path).encode())
    return digest.hexdigest()


def read_manifest(folder: Path, stage: str) -> dict[str, Any]:
    """The manifest that `stage` wrote last into `folder`.

    Raises M701 (no such folder), M730 (no manifest: the stage has not finished),
    M731 (a damaged one).
    """
    if not folder.is_dir():
        raise MslmError(Errors.M701.format(path=folder))
    path = folder / MANIFEST
    if not path.is_file():
        raise MslmError(Errors.M730.format(path=folder, stage=stage))
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:
        raise MslmError(Errors.M731.format(path=path, stage=stage)) from err
    if not isinstance(manifest, dict):
        raise MslmError(Errors.M731.format(path=path, stage=stage))
    return manifest


def check_replaceable(folder: Path) -> None:
    """Raise M732 where `folder` holds files of no stage's making: an output folder is
    replaced as a whole, and must not take anything else with it."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise MslmError(Errors.M732.format(path=folder))
