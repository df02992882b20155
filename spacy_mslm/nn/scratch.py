"""Encoders from scratch: any transformers config, random weights of a seed."""

from collections.abc import Mapping
from typing import Any

import torch

from ..errors import Errors, MslmError
from .encoder import LoadedEncoder, load_tokenizer, without_pooler
from .heads import MlmHead

# Under these names any config knows them, beside its own.
SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads")


def load_scratch(
    tokenizer: str, kind: str, values: Mapping[str, Any], *, seed: int
) -> LoadedEncoder:
    """An encoder that has learnt nothing, the pieces of a tokenizer, a fresh head.

    tokenizer (str): hub name, folder or `package:NAME/PATH`; its weights, if it has
        any, are not read.
    kind (str), values (Mapping): see `scratch_config`; where `vocab_size` is not
        given it is the tokenizer's.
    seed (int): the same seed gives the same weights; torch's own generator stays as
        it is.
    Raises MslmError: M440-M443, and M403-M407 for the tokenizer.
    """
    pieces = load_tokenizer(tokenizer)
    number = pieces.tokenizer.get_vocab_size()
    known = {"vocab_size": number, "pad_token_id": pieces.specials.pad}
    config = scratch_config(kind, {**known, **values})
    # As with a checkpoint: rows to spare, at most a tenth.
    if not 0.9 * config.vocab_size <= number <= config.vocab_size:
        message = Errors.M443.format(
            source=tokenizer, pieces=number, rows=config.vocab_size
        )
        raise MslmError(message)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        encoder = build_encoder(config)
        mlm = MlmHead.for_encoder(encoder)
    return LoadedEncoder(encoder, pieces, mlm, pretrained_mlm=False)


def scratch_config(kind: str, values: Mapping[str, Any]) -> Any:
    """The transformers config of a kind ("distilbert": `DistilBertConfig`), with its
    own defaults for what is not named.

    Raises MslmError: M440 for what is no encoder of masked text, M441 for names that
    the config would take and never use.
    """
    from transformers import CONFIG_MAPPING, MODEL_FOR_MASKED_LM_MAPPING

    known = kind in CONFIG_MAPPING
    if not known or CONFIG_MAPPING[kind] not in MODEL_FOR_MASKED_LM_MAPPING:
        raise MslmError(Errors.M440.format(kind=kind))
    made: Any = CONFIG_MAPPING[kind]
    usual = made()
    unknown = sorted(set(values) - set(usual.to_dict()) - set(usual.attribute_map))
    if unknown:
        sizes = [usual.attribute_map.get(name, name) for name in SIZES]
        message = Errors.M441.format(
            kind=kind, names=", ".join(unknown), sizes=", ".join(sizes)
        )
        raise MslmError(message)
    try:
        config = made(**values)
        for name in (*SIZES, "vocab_size"):
            if not getattr(config, name) >= 1:
                name = usual.attribute_map.get(name, name)
                raise ValueError(f"'{name}' must be 1 or more")
    except Exception as err:  # releases check values with errors of their own
        raise _unfit(kind, err) from None
    return config


def build_encoder(config: Any) -> Any:
    """The encoder of a config, without a pooler, its weights drawn from torch's
    generator (or none drawn, on the device "meta"). Raises MslmError (M442)."""
    from transformers import AutoModel

    try:
        return without_pooler(AutoModel.from_config(config))
    except (ValueError, TypeError, RuntimeError, ArithmeticError) as err:
        raise _unfit(config.model_type, err) from None


def _unfit(kind: str, err: Exception) -> MslmError:
    reason = " ".join(str(err).split())[:160] or type(err).__name__
    return MslmError(Errors.M442.format(kind=kind, reason=reason))
