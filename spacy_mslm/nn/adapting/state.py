"""A checkpoint of an adaptation: weights and optimizer, safetensors and JSON."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ...errors import Errors, MslmError
from ..network import MslmNetwork

NETWORK = "network.safetensors"
OPTIMIZER = "optimizer.safetensors"
PROGRESS = "progress.json"


def write_state(
    folder: Path, network: MslmNetwork, optimizer: Any, progress: dict[str, Any]
) -> None:
    """Write a checkpoint into `folder`, which its caller makes appear as a whole."""
    state = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
    save_file(state, folder / NETWORK)
    moments = {
        f"{index}.{name}": value.detach().cpu().contiguous()
        for index, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }
    save_file(moments, folder / OPTIMIZER)
    text = json.dumps(progress, indent=2, sort_keys=True)
    (folder / PROGRESS).write_text(text + "\n", encoding="utf8")


def read_progress(folder: Path) -> dict[str, Any]:
    """What `write_state` was given as progress. Raises M422 for a damaged file."""
    try:
        progress = json.loads((folder / PROGRESS).read_text(encoding="utf8"))
        int(progress["update"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise _damaged(folder, PROGRESS, err) from None
    found: dict[str, Any] = progress
    return found


def read_state(folder: Path, network: MslmNetwork, optimizer: Any) -> None:
    """Bring network and optimizer, made as they once were, to where they stood.

    Raises MslmError (M422) for a part that is missing, damaged or of another network.
    """
    try:
        network.load_state_dict(load_file(folder / NETWORK))
    except (SafetensorError, RuntimeError, OSError) as err:
        raise _damaged(folder, NETWORK, err) from None
    try:
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in load_file(folder / OPTIMIZER).items():
            index, _, name = key.partition(".")
            state.setdefault(int(index), {})[name] = value
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    except (SafetensorError, RuntimeError, OSError, ValueError) as err:
        raise _damaged(folder, OPTIMIZER, err) from None


def _damaged(folder: Path, part: str, err: Exception) -> MslmError:
    reason = " ".join(str(err).split())[:120]
    return MslmError(Errors.M422.format(path=folder, part=part, reason=reason))
