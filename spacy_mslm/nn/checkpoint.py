"""A network as named parts of bytes (JSON and safetensors, no pickle), and back."""

import json
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch.overrides import TorchFunctionMode

from ..errors import Errors, MslmError
from .encoder import without_pooler
from .heads import HeadSettings, MlmHead
from .network import MslmNetwork
from .pieces import PieceTokenizer, Specials

PARTS = ("network.json", "tokenizer.json", "specials.json", "model.safetensors")


def to_parts(network: MslmNetwork) -> dict[str, bytes]:
    """The content of each file of `PARTS`. Tied weights are stored once."""
    state = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
    return {
        "network.json": network.description(),
        **network.tokenizer.to_parts(),
        "model.safetensors": save(state),
    }


def from_parts(parts: dict[str, bytes], *, path: str) -> MslmNetwork:
    """The network of `parts`, built from its own description: no disk, no network.

    Raises MslmError (M409), naming `path` and the part, for missing or damaged ones.
    """
    for name in PARTS:
        if name not in parts:
            raise MslmError(Errors.M409.format(path=path, part=name, reason="missing"))
    try:
        network = _build(json.loads(parts["network.json"]), _tokenizer(parts, path))
    except (ValueError, KeyError, TypeError) as err:
        if isinstance(err, MslmError):
            raise
        raise _damaged(path, "network.json", err) from None
    try:
        network.load_state_dict(load(parts["model.safetensors"]))
    except (SafetensorError, RuntimeError) as err:
        raise _damaged(path, "model.safetensors", err) from None
    return network.eval()


def _tokenizer(parts: dict[str, bytes], path: str) -> PieceTokenizer:
    try:
        specials = Specials.from_bytes(parts["specials.json"])
    except (ValueError, TypeError) as err:
        raise _damaged(path, "specials.json", err) from None
    try:
        return PieceTokenizer.from_bytes(parts["tokenizer.json"], specials)
    except Exception as err:  # tokenizers raises plain Exception
        raise _damaged(path, "tokenizer.json", err) from None


def _damaged(path: str, part: str, err: Exception) -> MslmError:
    reason = " ".join(str(err).split())[:120]
    return MslmError(Errors.M409.format(path=path, part=part, reason=reason))


def _build(description: dict[str, Any], tokenizer: PieceTokenizer) -> MslmNetwork:
    from transformers import AutoConfig, AutoModel

    values = dict(description["encoder"])
    config = AutoConfig.for_model(values.pop("model_type"), **values)
    labels, heads = description["labels"], HeadSettings(**description["heads"])
    with _Unfilled():
        encoder: Any = without_pooler(AutoModel.from_config(config))
        mlm = MlmHead.for_encoder(encoder) if description["mlm"] else None
        return MslmNetwork(encoder, tokenizer, labels, mlm=mlm, heads=heads)


# Methods of tensors, and functions of torch.nn.init.
_FILLING = {"normal_", "uniform_", "trunc_normal_", "kaiming_uniform_"}


class _Unfilled(TorchFunctionMode):
    """No random numbers for weights that are read from a file right after."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)
