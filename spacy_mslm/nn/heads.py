"""Heads on the encoder: masked pieces, entity detection, entity classification."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.activations import ACT2FN

from .shapes import Float, Int


class MlmHead(nn.Module):
    """Transform, activation, norm, and the input embeddings as output matrix.

    The output matrix is the encoder's own (tied), passed in at each call and so
    stored once. One form serves BERT, RoBERTa, DistilBERT, ELECTRA and DeBERTa.
    """

    def __init__(
        self, width: int, embedding: int, n_vocab: int, *, activation: str, eps: float
    ) -> None:
        super().__init__()
        self.dense = nn.Linear(width, embedding)
        self.norm = nn.LayerNorm(embedding, eps=eps)
        self.bias = nn.Parameter(torch.zeros(n_vocab))
        self.activation = ACT2FN[activation]
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)

    @classmethod
    def for_encoder(cls, encoder: Any) -> "MlmHead":
        """A fresh head of the encoder's size."""
        config = encoder.config
        n_vocab, embedding = encoder.get_input_embeddings().weight.shape
        activation: Any = getattr(config, "hidden_act", None)
        return cls(
            config.hidden_size,
            embedding,
            n_vocab,
            activation=activation or getattr(config, "activation", "gelu"),
            eps=getattr(config, "layer_norm_eps", 1e-12),
        )

    def forward(
        self, vectors: Float[Tensor, "M H"], embeddings: Float[Tensor, "V E"]
    ) -> Float[Tensor, "M V"]:
        hidden = self.norm(self.activation(self.dense(vectors)))
        return F.linear(hidden, embeddings, self.bias)


def tag_head(width: int, n_labels: int) -> nn.Linear:
    """W h + b. The paper's trainable vector (eq. 7 and 10) is this bias."""
    head = nn.Linear(width, n_labels)
    nn.init.normal_(head.weight, std=0.02)
    nn.init.zeros_(head.bias)
    return head


def pool_spans(
    vectors: Float[Tensor, "N H"], starts: Int[Tensor, " S"], ends: Int[Tensor, " S"]
) -> Float[Tensor, "S H"]:
    """eq. 9: the mean of the vectors of each span's pieces, starts:ends half-open.

    A span without pieces has the zero vector.
    """
    lengths = ends - starts
    span = torch.repeat_interleave(lengths)
    offsets = torch.arange(len(span), device=vectors.device)
    firsts = lengths.cumsum(0) - lengths
    positions = offsets - firsts[span] + starts[span]
    sums = vectors.new_zeros(len(starts), vectors.shape[1])
    sums = sums.index_add(0, span, vectors[positions])
    return sums / lengths.clamp(min=1).unsqueeze(1)
