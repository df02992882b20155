"""What `adapt` masks, and how: by options or as a training config says it."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spacy.util import registry

from ...errors import Errors, MslmError
from ...masking import (
    JointMasking,
    Strategy,
    TermMasking,
    TokenMasking,
    Weighting,
    check_weighting,
)
from ...types import Corruption
from ..files import file_sha256
from ..training_config import model_block, resolved

REGISTERED = "spacy-mslm.{name}Masking.v1"
STRATEGIES = ("joint", "token", "span", "pmi")
# Settings that the builders want to be told, as in the default configs.
DEFAULTS = {"entity_rate": 0.5, "base_rate": 0.15, "rate": 0.15, "unit": "word"}
# What held-out documents are masked by, whatever the training masks: so losses of
# runs with different strategies can be compared.
MEASURE = JointMasking(entity=TermMasking(rate=0.5), base=TokenMasking(rate=0.15))


@dataclass(frozen=True)
class Masking:
    """A strategy, its weighting (eq. 2-5) and how masked pieces are shown.

    `about`: all of it as JSON, without a path of this machine.
    """

    strategy: Strategy
    weighting: Weighting
    corruption: Corruption
    about: dict[str, Any]

    def __post_init__(self) -> None:
        check_weighting(self.weighting)


def masking_of_options(
    name: str,
    values: Mapping[str, Any],
    *,
    weighting: Weighting,
    corruption: Corruption,
) -> Masking:
    """The strategy `name` of `STRATEGIES`, made by its registered builder.

    `values` that are None count as not given: `DEFAULTS` and the builder's own stand
    in. Raises MslmError: M410 (no such strategy), M775 for a value that the builder
    does not know, and for one that it needs.
    """
    if name not in STRATEGIES:
        options = ", ".join(STRATEGIES)
        raise MslmError(
            Errors.M410.format(name="strategy", options=options, value=name)
        )
    registered = REGISTERED.format(name=name.capitalize())
    known = inspect.signature(registry.misc.get(registered)).parameters
    needed = {k for k, p in known.items() if p.default is inspect.Parameter.empty}
    given = {key: value for key, value in values.items() if value is not None}
    block = {k: v for k, v in DEFAULTS.items() if k in needed} | given
    if "budget" in given and "rate" not in given:
        block["rate"] = None
    if block.keys() - known.keys() or needed - block.keys():
        raise MslmError(
            Errors.M775.format(
                strategy=name,
                unknown=", ".join(sorted(block.keys() - known.keys())) or "none",
                needed=", ".join(sorted(needed - block.keys())) or "none",
            )
        )
    return _masking({"@misc": registered, **block}, weighting, corruption)


def masking_of_config(path: Path) -> Masking:
    """That of the config's `mslm_ner` component: masking, weighting, corruption.

    Raises MslmError: M701, M770-M771, see `model_block`.
    """
    model = model_block(path)
    corruption = model.get("corruption")
    return _masking(
        dict(model["masking"]),
        model.get("weighting", "paper"),
        Corruption() if corruption is None else resolved(dict(corruption), path),
    )


def _masking(
    block: dict[str, Any], weighting: Weighting, corruption: Corruption
) -> Masking:
    about = {
        "strategy": _without_paths(block),
        "weighting": weighting,
        "corruption": asdict(corruption),
    }
    return Masking(resolved(block), weighting, corruption, about)


def _without_paths(value: Any) -> Any:
    """Files by name and hash: what is in them counts, not where they lie."""
    if isinstance(value, dict):
        return {key: _without_paths(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(inner) for inner in value]
    if isinstance(value, str | Path) and (path := Path(value)).is_file():
        return {"name": path.name, "sha256": file_sha256(path)}
    return value
