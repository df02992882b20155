"""Which run a checkpoint or a finished folder of `adapt` belongs to."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...nn import MslmNetwork
from ...nn.adapting.loop import AdaptSettings
from ...nn.adapting.state import PROGRESS, read_progress
from ...nn.encoder import PACKAGE
from ..files import MANIFEST, read_manifest
from .data import Data, Reading
from .masking import Masking

_SHOWN = 6


def unfinished(out: Path) -> Path:
    """The folder of the last checkpoint, beside `out`."""
    return out.with_name(f"{out.name}.unfinished")


def finished(out: Path, plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """The manifest in `out` where it is of this plan; None where nothing is there.

    Raises M773 where it is of another.
    """
    if not (out / MANIFEST).is_file():
        return None
    manifest = read_manifest(out, "adapt")
    if differ := _differences(plan, manifest):
        raise MslmError(Errors.M773.format(path=out, differ=differ))
    return manifest


def resumable(out: Path, plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """The progress of this plan's checkpoint; None where there is none.

    Raises M774 where it is of another plan, M422 where it is damaged, M732 where the
    folder holds something else.
    """
    folder = unfinished(out)
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    if not (folder / PROGRESS).is_file():
        raise MslmError(Errors.M732.format(path=folder))
    progress = read_progress(folder)
    if differ := _differences(plan, progress.get("plan") or {}):
        raise MslmError(Errors.M774.format(path=folder, differ=differ))
    return progress


def _differences(plan: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The dotted names of the plan's values that `other` has not, or ""."""
    mine, theirs = dict(_leaves(plan)), dict(_leaves(other))
    names = [n for n in mine if n not in theirs or theirs[n] != mine[n]]
    more = ["..."] if len(names) > _SHOWN else []
    return ", ".join(names[:_SHOWN] + more)


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _leaves(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def make_plan(
    network: MslmNetwork,
    data: Data,
    *,
    encoder: str,
    pretrained_mlm: bool,
    reading: Reading,
    masking: Masking,
    training: AdaptSettings,
    max_pieces: int,
    precision: str,
) -> dict[str, Any]:
    """All that the result depends on, as JSON, without a path of this machine.

    How the work is spread (`accumulate`, processes, device) is not part of it.
    """
    settings = asdict(training)
    del settings["accumulate"]
    return {
        "encoder": {
            "name": _public_name(encoder),
            "sha256": _weights_hash(network, pretrained_mlm),
            "pretrained_mlm": pretrained_mlm,
        },
        "source": data.about,
        "reading": {
            "categories": list(reading.categories),
            "sample": reading.sample,
            "held_out": reading.held_out,
            # Not named where it is not used: runs of before stay what they are.
            **({"domain_words": words} if (words := reading.domain_words) else {}),
        },
        "masking": masking.about,
        "training": settings,
        "windows": {"max_pieces": max_pieces},
        "precision": {"encoder": precision},
    }


def _public_name(encoder: str) -> str:
    """A folder's own name, without where it lies; any other name as it is."""
    folder = Path(encoder).expanduser()
    if encoder.startswith(PACKAGE) or not folder.exists():
        return encoder
    return folder.resolve().name


def _weights_hash(network: MslmNetwork, pretrained_mlm: bool) -> str:
    """Of what came with the checkpoint: a fresh head is made by the seed."""
    digest = hashlib.sha256()
    parts = [network.encoder, network.mlm] if pretrained_mlm else [network.encoder]
    for part in parts:
        for name, value in sorted(part.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
