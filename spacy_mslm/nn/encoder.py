"""Encoders by hub name, folder in hub layout, or installed package's folder."""

import contextlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ..errors import Errors, MslmError
from .families import mlm_head_names
from .heads import MlmHead
from .pieces import PieceTokenizer, read_specials

PACKAGE = "package:"
# By one of these a folder is told from any other.
ENCODER_FILES = ("config.json",)
TOKENIZER_FILES = ("tokenizer_config.json", "config.json")


@dataclass(frozen=True)
class LoadedEncoder:
    """`pretrained_mlm` says whether `mlm` came with the checkpoint or is fresh."""

    encoder: nn.Module
    tokenizer: PieceTokenizer
    mlm: MlmHead
    pretrained_mlm: bool


def resolve_source(source: str, *, holding: Sequence[str] = ENCODER_FILES) -> str:
    """A hub name as it is; a folder or `package:NAME/PATH` as a folder's path.

    Raises MslmError: M406 for a package that is not installed, M403 for a folder
    that does not exist or holds none of the files `holding`.
    """
    if source.startswith(PACKAGE):
        name, _, inner = source.removeprefix(PACKAGE).partition("/")
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            package = name.replace("_", "-")
            raise MslmError(Errors.M406.format(source=source, package=package))
        folder = Path(spec.submodule_search_locations[0]) / inner
    else:
        folder = Path(source).expanduser()
        if not folder.exists() and _looks_like_hub_name(source):
            return source
    if not any((folder / name).is_file() for name in holding):
        raise MslmError(Errors.M403.format(source=source))
    return str(folder)


def _looks_like_hub_name(source: str) -> bool:
    parts = source.split("/")
    return len(parts) <= 2 and all(parts) and not source.startswith((".", "/", "~"))


def load_encoder(source: str) -> LoadedEncoder:
    """Load encoder, tokenizer and masked-LM head (a fresh one where there is none).

    Weights are read from safetensors, or from `.bin` files as plain tensors
    (`weights_only`). Raises MslmError: M403-M407.
    """
    with _explained(source) as place:
        fast = _fast_tokenizer(place)
        model, missing = _load_model(place)
    tokenizer = _pieces_of(fast, source)
    encoder = getattr(model, model.base_model_prefix, model)
    _check_vocabulary(source, len(fast), encoder)
    mlm, pretrained = _mlm_head(model, encoder, missing)
    return LoadedEncoder(without_pooler(encoder), tokenizer, mlm, pretrained)


def load_tokenizer(source: str) -> PieceTokenizer:
    """The encoder's tokenizer alone; `source` may be a folder of a tokenizer's files
    and nothing else. Raises MslmError: M403-M407."""
    with _explained(source, holding=TOKENIZER_FILES) as place:
        fast = _fast_tokenizer(place)
    return _pieces_of(fast, source)


def _fast_tokenizer(place: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(place, use_fast=True, add_prefix_space=True)


def _pieces_of(fast: Any, source: str) -> PieceTokenizer:
    if not getattr(fast, "is_fast", False):
        raise MslmError(Errors.M405.format(source=source, reason="no fast tokenizer"))
    return PieceTokenizer(fast.backend_tokenizer, read_specials(fast, source))


@contextlib.contextmanager
def _explained(source: str, *, holding: Sequence[str] = ENCODER_FILES) -> Iterator[str]:
    """Where `source` lies; what goes wrong in reading it becomes M404 or M405."""
    place = resolve_source(source, holding=holding)
    local = Path(place).exists()
    try:
        with _quiet():
            yield place
    except (OSError, ValueError, RuntimeError, KeyError, EOFError, ImportError) as err:
        raise _explain(source, err, local=local) from None
    except Exception as err:
        # tokenizers raises plain Exception, safetensors and pickle types of their own;
        # transformers a TypeError where there is no file of a tokenizer.
        reader = type(err).__module__.split(".")[0] in _READERS
        if not reader and type(err) not in (Exception, AttributeError, TypeError):
            raise
        raise _explain(source, err, local=local) from None


_READERS = (
    "safetensors",
    "safetensors_rust",
    "tokenizers",
    "pickle",
    "_pickle",
)


def _explain(source: str, err: Exception, *, local: bool) -> MslmError:
    # The first sentence says what is wrong; the rest is advice for other tools.
    reason = " ".join(str(err).split()).partition(". ")[0][:160] or type(err).__name__
    message = Errors.M405 if local else Errors.M404
    return MslmError(message.format(source=source, reason=reason))


def _check_vocabulary(source: str, n_tokenizer: int, encoder: Any) -> None:
    """A vocabulary file cut short still loads; its size gives it away (M405).

    Embeddings may be padded by a few rows, never by a tenth.
    """
    n_rows = len(encoder.get_input_embeddings().weight)
    if not 0.9 * n_rows <= n_tokenizer <= n_rows:
        reason = f"{n_tokenizer} entries in the vocabulary, {n_rows} embeddings"
        raise MslmError(Errors.M405.format(source=source, reason=reason))


def longest_window(encoder: Any) -> int | None:
    """Most pieces a window may have, specials included; None without a limit."""
    embeddings = getattr(encoder, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if table is None:
        return None
    # RoBERTa and its kin keep the rows up to the padding id's to themselves.
    reserved = 0 if table.padding_idx is None else table.padding_idx + 1
    return int(table.num_embeddings - reserved)


def _load_model(place: str) -> tuple[Any, set[str]]:
    """The model with its masked-LM head if its kind has one; names not in the file.

    Raises OSError for encoder weights that the checkpoint lacks.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

    config = AutoConfig.from_pretrained(place)
    kind: Any = AutoModel
    if type(config) in MODEL_FOR_MASKED_LM_MAPPING:
        kind = AutoModelForMaskedLM
    model, info = kind.from_pretrained(place, output_loading_info=True)
    missing = set(info["missing_keys"])
    prefix = model.base_model_prefix + "." if kind is AutoModelForMaskedLM else ""
    lost = [k for k in missing if k.startswith(prefix) and "pooler" not in k]
    if lost:
        raise OSError(f"{len(lost)} weights of the encoder are missing")
    return model.float(), missing


def _mlm_head(model: Any, encoder: Any, missing: set[str]) -> tuple[MlmHead, bool]:
    head = MlmHead.for_encoder(encoder)
    state = {k: v for k, v in model.state_dict().items() if k not in missing}
    names = mlm_head_names(state)
    if names is None:
        return head, False
    head.load_state_dict({ours: state[theirs] for ours, theirs in names.items()})
    return head, True


def without_pooler(encoder: Any) -> Any:
    """Drop BERT's pooler: nothing here reads it."""
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the note that heads are newly initialised (`doctor` says it better) and
    a page of connection attempts (the error says it in a line)."""
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging as transformers

    levels = hub.get_verbosity(), transformers.get_verbosity()
    hub.set_verbosity_error()
    transformers.set_verbosity_error()
    try:
        yield
    finally:
        hub.set_verbosity(levels[0])
        transformers.set_verbosity(levels[1])
