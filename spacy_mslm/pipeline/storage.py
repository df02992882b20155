"""A component as named parts of bytes: cfg, and the network's own parts."""

import json
from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import srsly

from ..errors import Errors, MslmError
from ..nn import MslmNetwork
from ..nn.checkpoint import PARTS, from_parts, to_parts
from ..runners.atomic import atomic_write_bytes
from .concept_ids import ConceptIds
from .shim import MslmShim

CFG = "cfg"
CONCEPTS = "concepts.json"


class Stored:
    """What spaCy asks of a component that is written and read: one set of named parts
    on disk or as bytes, JSON and safetensors, tied weights once, no pickle."""

    cfg: dict[str, Any]
    concepts: ConceptIds

    @property
    @abstractmethod
    def shim(self) -> MslmShim: ...

    @abstractmethod
    def _place(self, network: MslmNetwork) -> None: ...

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write a folder with one file a part."""
        write_folder(Path(path), self._to_parts())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read such a folder. Raises M409 for a missing or damaged part."""
        return self._from_parts(read_folder(Path(path)), str(path))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return srsly.msgpack_dumps(self._to_parts())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        return self._from_parts(srsly.msgpack_loads(data), "(bytes)")

    def _to_parts(self) -> dict[str, bytes]:
        # Not srsly: its reader changes the last digit of some numbers.
        cfg = json.dumps(self.cfg, sort_keys=True).encode("utf8")
        concepts = self.concepts.to_bytes()
        return {CFG: cfg, CONCEPTS: concepts, **network_parts(self.shim.network)}

    def _from_parts(self, parts: dict[str, bytes], path: str) -> Self:
        cfg, network = read_parts(parts, path)
        self.cfg.update(cfg)
        self.concepts = read_concepts(parts, path)
        if network is not None:
            self._place(network)
        return self


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
        cfg = json.loads(parts[CFG])
    except ValueError:
        damaged = Errors.M409.format(path=path, part=CFG, reason="not JSON")
        raise MslmError(damaged) from None
    trained = "mask_weights" in cfg
    return cfg, from_parts(parts, path=path) if trained else None


def read_concepts(parts: dict[str, bytes], path: str) -> ConceptIds:
    """The concepts of names. Raises MslmError (M409)."""
    try:
        return ConceptIds.from_bytes(parts.get(CONCEPTS, b"{}"))
    except ValueError:
        reason = "not a look-up of names"
        message = Errors.M409.format(path=path, part=CONCEPTS, reason=reason)
        raise MslmError(message) from None


def write_folder(path: Path, parts: dict[str, bytes]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in parts.items():
        atomic_write_bytes(path / name, content)


def read_folder(path: Path) -> dict[str, bytes]:
    """The parts that are there; what is missing shows in `read_parts`."""
    files = ((name, path / name) for name in (CFG, CONCEPTS, *PARTS))
    return {name: file.read_bytes() for name, file in files if file.is_file()}
