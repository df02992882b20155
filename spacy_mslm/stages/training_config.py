"""What a training config says of its one `mslm_ner` component."""

from pathlib import Path
from typing import Any

import spacy
from catalogue import RegistryError
from spacy.util import load_config, registry
from thinc.api import ConfigValidationError

from ..errors import Errors, MslmError

FACTORY = "mslm_ner"


def model_block(path: Path) -> dict[str, Any]:
    """The model of the component, values as written, variables filled in.

    Raises MslmError: M701, M770 where the file is no config with one such component,
    M771 where that masks nothing.
    """
    if not path.is_file():
        raise MslmError(Errors.M701.format(path=path))
    try:
        config = load_config(path, interpolate=True)
        components = config["components"].values()
        [model] = [c["model"] for c in components if c.get("factory") == FACTORY]
        masking = model["masking"]
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        reason = "its model and masking were not found"
        raise MslmError(Errors.M770.format(path=path, reason=reason)) from None
    if masking is None:
        raise MslmError(Errors.M771.format(path=path))
    return dict(model)


def resolved(block: dict[str, Any], path: Path | None = None) -> Any:
    """The object of a block, by its registered builder.

    Raises MslmError (M770) for a builder that is not registered and for values that it
    refuses; `path` names the file that the block is from.
    """
    spacy.blank("en")  # the first pipeline fills the registry
    try:
        return registry.resolve({"block": block})["block"]
    except (ConfigValidationError, RegistryError) as err:
        reason = " ".join(str(err).split())[:160]
        where = path or "the settings"
        raise MslmError(Errors.M770.format(path=where, reason=reason)) from None
