"""Make a trained pipeline fit to be packaged: no masked-LM head, a model card."""

from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from ..errors import Errors, MslmError
from ..pipeline.component import MslmNer
from ..runners.atomic import atomic_folder


def strip(model: Path, out: Path, *, name: str = "", version: str = "") -> int:
    """Write `model` to `out` without masked-LM heads. RETURNS (int): heads removed.

    A masked-LM head can be asked to fill in what the notes said. Removing it lowers
    that risk and does not remove it: the encoder was trained on the notes as well.
    `name` and `version` go into the pipeline's meta where given.
    Raises M741 where no pipeline can be loaded.
    """
    nlp = load_pipeline(model)
    removed = sum(_strip_head(pipe) for _, pipe in nlp.components)
    if name:
        nlp.meta["name"] = name
    if version:
        nlp.meta["version"] = version
    with atomic_folder(out) as folder:
        nlp.to_disk(folder)
    return removed


def load_pipeline(model: Path) -> Language:
    """The pipeline in a folder. Raises M701 or M741 with the reason on one line."""
    if not Path(model).exists():
        raise MslmError(Errors.M701.format(path=model))
    try:
        return spacy.load(model)
    except MslmError:
        raise
    except (OSError, ValueError, KeyError) as err:
        reason = " ".join(str(err).split())[:120]
        raise MslmError(Errors.M741.format(model=model, reason=reason)) from None


def _strip_head(pipe: Any) -> bool:
    if not isinstance(pipe, MslmNer) or pipe.network.mlm is None:
        return False
    pipe.network.mlm = None
    return True
