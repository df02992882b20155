"""The network: an encoder, and heads that read its vectors."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .bio import n_tags
from .buckets import PREDICTED_PART, TRAINED_PART
from .crf import LinearChainCrf
from .dropout import Dropout, with_cheap_dropout
from .heads import HeadSettings, MlmHead, TagHead, pool_spans
from .layout import Layout
from .pieces import PieceTokenizer
from .precision import Precision, calculating, uses_bfloat16
from .served import Served
from .shapes import Bool, Float, Int
from .windows import Window

PLACE = "_name_or_path"
Reader = Callable[[Tensor], Tensor]  # (B, P) places to vectors of scored pieces
# Times `max_batch_pieces` whose activations one update keeps for the backward pass:
# 4,096 pieces hold 2 GB with MiniLM, about 8 GB with BERT-base.
PARTS_KEPT = 2


class MslmNetwork(nn.Module):
    """An encoder with detection, classification and (until stripped) an MLM head.

    `labels`: entity types in the order of the classifier's outputs; one more output,
    the last, means "no entity" and lets it reject a detected span (`heads.none_class`).
    With typed tags there is no classifier.
    """

    def __init__(
        self,
        encoder: Any,
        tokenizer: PieceTokenizer,
        labels: Sequence[str],
        *,
        mlm: MlmHead | None,
        heads: HeadSettings | None = None,
    ) -> None:
        super().__init__()
        heads = heads or HeadSettings()
        self.encoder = with_cheap_dropout(encoder)
        self.tokenizer = tokenizer
        self.labels = tuple(labels)
        self.mlm = mlm
        # How to calculate, not what was learned: set by its user, never stored.
        self.precision: Precision = "float32"
        self.head_settings = heads
        width = self.config.hidden_size
        self.served = Served()
        self.dropout = Dropout(0.0)
        self.detection = TagHead(
            width,
            n_tags(len(self.labels) if heads.typed else 1),
            n_vector=heads.detection_vector,
        )
        self.crf: LinearChainCrf | None = None
        if heads.decoder == "crf":
            self.crf = LinearChainCrf(self.detection.linear.out_features)
        self.classification: TagHead | None = None
        if not heads.typed:
            self.classification = TagHead(
                width,
                len(self.labels) + heads.none_class,
                n_vector=heads.classification_vector,
            )

    @property
    def config(self) -> Any:
        return self.encoder.config

    @property
    def device(self) -> torch.device:
        return self.detection.linear.weight.device

    def train(self, mode: bool = True) -> "MslmNetwork":
        """As in torch; copies of the weights are given up before they change."""
        if mode:
            self.served.forget()
        return super().train(mode)

    def add_labels(self, labels: Sequence[str]) -> None:
        """Learn more types: fresh outputs, everything learnt so far is kept."""
        n_old, n_new = len(self.labels), len(labels)
        self.labels = (*self.labels, *labels)
        if self.classification is None:
            self.detection = self.detection.widened(2 * n_new, at=n_tags(n_old))
            self.crf = self.crf and self.crf.widened(2 * n_new)
        else:
            self.classification = self.classification.widened(n_new, at=n_old)

    def heads(self) -> list[nn.Parameter]:
        """All parameters outside the encoder."""
        inside = {id(p) for p in self.encoder.parameters()}
        return [p for p in self.parameters() if id(p) not in inside]

    def encode(
        self, windows: Sequence[Window], *, max_batch_pieces: int
    ) -> Float[Tensor, "N H"]:
        """Vectors of all scored pieces, in the order of `windows`.

        Windows of like length are encoded together, at most `max_batch_pieces` padded
        pieces at once, so that little is spent on padding. In training a document of
        many such parts keeps no inner activations: they are computed again in the
        backward pass, which bounds memory by one part, whatever the document.
        """
        if not windows:
            return self.detection.linear.weight.new_zeros(0, self.config.hidden_size)
        learning = torch.is_grad_enabled()
        layout = Layout.of(windows, self.tokenizer.specials.pad)
        part = TRAINED_PART if learning else PREDICTED_PART
        parts = layout.parts(most=max_batch_pieces, part=part)
        ids, scored, order, *places = (
            torch.from_numpy(array).to(self.device)
            for array in (layout.ids, layout.scored, layout.order(parts), *parts)
        )
        if not learning:
            return self._in_order(self._serving(ids, scored), places, order)
        read = self._learning(ids, scored)
        if sum(p.size for p in parts) > PARTS_KEPT * max_batch_pieces:
            read = partial(checkpoint, read, use_reentrant=False)
        # One context for all parts: weights are cast once.
        with calculating(self.precision, self.device):
            return torch.cat([read(p) for p in places])[order.argsort()]

    def _in_order(
        self, read: Reader, places: Sequence[Tensor], order: Int[Tensor, " N"]
    ) -> Float[Tensor, "N H"]:
        """The parts' vectors where they belong, each copied once."""
        shape = len(order), self.config.hidden_size
        vectors = self.detection.linear.weight.new_empty(shape)
        done = 0
        for part in map(read, places):
            vectors[order[done : done + len(part)]] = part
            done += len(part)
        return vectors

    def _learning(self, ids: Int[Tensor, " n"], scored: Bool[Tensor, " n"]) -> Reader:
        """Reads a part while gradients are kept. All embeddings are looked up at once:
        each look-up costs a gradient as large as the vocabulary."""
        embeddings: Any = self.encoder.get_input_embeddings()
        vectors = embeddings(ids)

        def read(places: Int[Tensor, "B P"]) -> Float[Tensor, "n H"]:
            hidden: Float[Tensor, "B P H"] = self.encoder(
                inputs_embeds=F.embedding(places, vectors),
                attention_mask=(places > 0).long(),
            ).last_hidden_state
            return hidden[scored[places]].float()

        return read

    def _serving(self, ids: Int[Tensor, " n"], scored: Bool[Tensor, " n"]) -> Reader:
        """Reads a part in prediction, in bfloat16 by a copy of the encoder."""
        encoder = self.encoder
        if uses_bfloat16(self.precision, self.device):
            encoder = self.served(encoder)

        def read(places: Int[Tensor, "B P"]) -> Float[Tensor, "n H"]:
            hidden: Float[Tensor, "B P H"] = encoder(
                input_ids=ids[places], attention_mask=(places > 0).long()
            ).last_hidden_state
            return hidden[scored[places]].float()

        return read

    def detect(self, vectors: Float[Tensor, "W H"]) -> Float[Tensor, "W L"]:
        """Logits of the BIO tags for the vectors of words' first pieces."""
        logits: Float[Tensor, "W L"] = self.detection(self.dropout(vectors))
        return logits

    def classify(
        self,
        vectors: Float[Tensor, "N H"],
        starts: Int[Tensor, " S"],
        ends: Int[Tensor, " S"],
    ) -> Float[Tensor, "S L"]:
        """Logits of the types, "no entity" last, for ranges of pieces."""
        assert self.classification is not None, "typed tags have no classifier"
        pooled = self.dropout(pool_spans(vectors, starts, ends))
        logits: Float[Tensor, "S L"] = self.classification(pooled)
        return logits

    def reconstruct(self, vectors: Float[Tensor, "M H"]) -> Float[Tensor, "M V"]:
        """Logits over the vocabulary for the vectors of masked pieces."""
        assert self.mlm is not None, "a stripped network has no masked view"
        embeddings: Any = self.encoder.get_input_embeddings()
        with calculating(self.precision, self.device):
            logits: Float[Tensor, "M V"] = self.mlm(vectors, embeddings.weight)
        return logits.float()

    def description(self) -> bytes:
        """The JSON from which `checkpoint` rebuilds the network."""
        # Where the encoder came from may be a path of this machine, and is not needed.
        encoder = {k: v for k, v in self.config.to_dict().items() if k != PLACE}
        content = {
            "labels": list(self.labels),
            "mlm": self.mlm is not None,
            "heads": asdict(self.head_settings),
            "encoder": encoder,
        }
        return json.dumps(content, indent=2, sort_keys=True).encode("utf8")
