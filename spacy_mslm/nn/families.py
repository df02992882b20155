"""Where the families of checkpoints keep the parts of their masked-LM heads."""

from collections.abc import Container

# Transform, norm, bias over the vocabulary: of BERT (and DeBERTa), RoBERTa,
# DistilBERT, ELECTRA.
_HEADS = (
    (
        "cls.predictions.transform.dense",
        "cls.predictions.transform.LayerNorm",
        "cls.predictions.bias",
    ),
    ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
    ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias"),
    (
        "generator_predictions.dense",
        "generator_predictions.LayerNorm",
        "generator_lm_head.bias",
    ),
)


def mlm_head_names(names: Container[str]) -> dict[str, str] | None:
    """The checkpoint's name for each parameter of `MlmHead`.

    None where `names`, the checkpoint's own, hold no whole head of a known family.
    """
    for dense, norm, bias in _HEADS:
        parts = {"dense": dense, "norm": norm}
        found = {
            f"{ours}.{kind}": f"{theirs}.{kind}"
            for ours, theirs in parts.items()
            for kind in ("weight", "bias")
        }
        found["bias"] = bias
        if all(name in names for name in found.values()):
            return found
    return None
