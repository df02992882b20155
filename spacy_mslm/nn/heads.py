"""Heads on the encoder: masked pieces, entity detection, entity classification."""

from dataclasses import dataclass
from typing import Any, Literal

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


Decoder = Literal["softmax", "crf"]


@dataclass(frozen=True)
class HeadSettings:
    """The form of the entity heads; kept with the network, as weights depend on it.

    `typed`: one head of typed BIO tags, and no classifier (no L_EL). `none_class`: the
    classifier has one more output, the last, for spans that are no entities. `decoder`:
    "softmax" reads each word's tag for itself, "crf" the tags of a sentence together.
    `detection_vector`, `classification_vector`: k and d, the sizes of the trainable
    vectors of eq. 7 and 10; 0 leaves the vector to the bias, which is the same model.
    """

    typed: bool = False
    none_class: bool = True
    decoder: Decoder = "softmax"
    detection_vector: int = 0
    classification_vector: int = 0


class TagHead(nn.Module):
    """softmax(W [h; v] + b) without the softmax (eq. 7 and 10).

    `v` is a trainable vector of size `n_vector`, the same for every h, so that
    W [h; v] + b = W_h h + (W_v v + b): a bias, and no more capacity than without it.
    """

    def __init__(self, width: int, n_labels: int, *, n_vector: int = 0) -> None:
        super().__init__()
        self.width = width
        self.linear = nn.Linear(width + n_vector, n_labels)
        self.vector = nn.Parameter(torch.empty(n_vector)) if n_vector else None
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)
        if self.vector is not None:
            nn.init.normal_(self.vector)

    def forward(self, vectors: Float[Tensor, "N H"]) -> Float[Tensor, "N L"]:
        if self.vector is not None:
            beside = self.vector.expand(len(vectors), -1)
            vectors = torch.cat((vectors, beside), dim=1)
        logits: Float[Tensor, "N L"] = self.linear(vectors)
        return logits

    def widened(self, n_new: int, *, at: int) -> "TagHead":
        """A copy with `n_new` fresh outputs before output `at`; the rest is kept."""
        n_vector = 0 if self.vector is None else len(self.vector)
        n_labels = self.linear.out_features
        head = TagHead(self.width, n_labels + n_new, n_vector=n_vector)
        head.to(self.linear.weight.device)
        old = [i if i < at else i + n_new for i in range(n_labels)]
        with torch.no_grad():
            head.linear.weight[old] = self.linear.weight
            head.linear.bias[old] = self.linear.bias
            if head.vector is not None and self.vector is not None:
                head.vector.copy_(self.vector)
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
