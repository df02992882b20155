"""A component as named parts of bytes: cfg, and the network's own parts."""

from pathlib import Path
from typing import Any

import srsly

from ..errors import Errors, MslmError
from ..nn import MslmNetwork
from ..nn.checkpoint import PARTS, from_parts, to_parts
from ..runners.atomic import atomic_write_bytes

CFG = "cfg"


def network_parts(network: MslmNetwork | None) -> dict[str, bytes]:
    """Nothing for a component that is not initialised yet."""
    return {} if network is None else to_parts(network)


def read_parts(
    parts: dict[str, bytes], path: str
) -> tuple[dict[str, Any], MslmNetwork | None]:
    """cfg and network. Raises MslmError (M409) for missing or damaged parts."""
    if CFG not in parts:
        raise MslmError(Errors.M409.format(path=path, part=CFG, reason="missing"))
    try:
        cfg = srsly.json_loads(parts[CFG])
    except ValueError:
        damaged = Errors.M409.format(path=path, part=CFG, reason="not JSON")
        raise MslmError(damaged) from None
    trained = "mask_weights" in cfg
    return cfg, from_parts(parts, path=path) if trained else None


def write_folder(path: Path, parts: dict[str, bytes]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in parts.items():
        atomic_write_bytes(path / name, content)


def read_folder(path: Path) -> dict[str, bytes]:
    """The parts that are there; what is missing shows in `read_parts`."""
    files = ((name, path / name) for name in (CFG, *PARTS))
    return {name: file.read_bytes() for name, file in files if file.is_file()}
