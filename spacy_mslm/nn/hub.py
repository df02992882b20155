"""A trained encoder and its masked-LM head as a folder in hub layout."""

import copy
import shutil
from pathlib import Path
from typing import Any

import torch

from ..errors import Errors, MslmError
from .encoder import resolve_source
from .families import mlm_head_names
from .network import PLACE, MslmNetwork


def check_writable(network: MslmNetwork, source: str) -> None:
    """Raise M420 where `write_hub_folder` knows no form for the head's weights.

    Costs no memory, so that it can be asked before anything is trained.
    """
    with torch.device("meta"):
        _model(network.config, source)


def write_hub_folder(network: MslmNetwork, source: str, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer's files into `folder`.

    Weights have their family's own names, the head among them, so that
    `AutoModelForMaskedLM`, `AutoModel` and `load_encoder` all read the folder.
    `source` is where the encoder came from, whose tokenizer is written again.
    Raises MslmError (M420).
    """
    from transformers import AutoTokenizer

    assert network.mlm is not None, "a stripped network has no head to write"
    model, names = _model(network.config, source)
    prefix = model.base_model_prefix
    state = {f"{prefix}.{k}": v for k, v in network.encoder.state_dict().items()}
    head = network.mlm.state_dict()
    state.update({theirs: head[ours] for ours, theirs in names.items()})
    # Copied in place, so tied weights stay tied: the output matrix is the embeddings,
    # and what `state` does not name is the same tensor under a second name.
    _, unknown = model.load_state_dict(state, strict=False)
    assert not unknown, "an encoder other than its own config says"
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(resolve_source(source)).save_pretrained(folder)
    # Weights come out readable by their owner alone, the other files as usual.
    for path in folder.iterdir():
        shutil.copymode(folder / "config.json", path)


def _model(config: Any, source: str) -> tuple[Any, dict[str, str]]:
    """A fresh model with masked-LM head, and the names of the head's parameters."""
    from transformers import AutoModelForMaskedLM
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

    config = copy.deepcopy(config)
    # The head's output matrix is the embeddings, whatever the checkpoint did; weights
    # are float32; where they came from may be a path of this machine.
    config.tie_word_embeddings = True
    config.torch_dtype = torch.float32
    setattr(config, PLACE, "")
    if type(config) in MODEL_FOR_MASKED_LM_MAPPING:
        model = AutoModelForMaskedLM.from_config(config)
        names = mlm_head_names(model.state_dict())
        if names is not None:
            return model, names
    raise MslmError(Errors.M420.format(source=source, kind=config.model_type))
