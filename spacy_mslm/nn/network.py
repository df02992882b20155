"""The network: an encoder, and heads that read its vectors."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .bio import n_tags
from .heads import HeadSettings, MlmHead, TagHead, pool_spans
from .pieces import PieceTokenizer
from .precision import Precision, calculating
from .shapes import Float, Int
from .windows import Window

PLACE = "_name_or_path"
# Encoder batches of one update whose activations are kept for the backward pass: a
# batch of 4,096 pieces holds 2 GB with MiniLM, about 8 GB with BERT-base.
BATCHES_KEPT = 2


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
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.labels = tuple(labels)
        self.mlm = mlm
        # How to calculate, not what was learned: set by its user, never stored.
        self.precision: Precision = "float32"
        self.head_settings = heads
        width = self.config.hidden_size
        self.dropout = nn.Dropout(0.0)
        self.detection = TagHead(
            width,
            n_tags(len(self.labels) if heads.typed else 1),
            n_vector=heads.detection_vector,
        )
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

    def add_labels(self, labels: Sequence[str]) -> None:
        """Learn more types: fresh outputs, everything learnt so far is kept."""
        n_old, n_new = len(self.labels), len(labels)
        self.labels = (*self.labels, *labels)
        if self.classification is None:
            self.detection = self.detection.widened(2 * n_new, at=n_tags(n_old))
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

        Windows are encoded in order of length, at most `max_batch_pieces` padded
        pieces at once, so that little is spent on padding. In training a document of
        many such batches keeps no inner activations: they are computed again in the
        backward pass, which bounds memory by one batch, whatever the document.
        """
        lengths = [len(w.ids) for w in windows]
        order = sorted(range(len(windows)), key=lengths.__getitem__)
        batches = [
            [windows[i] for i in order[first:last]]
            for first, last in _batches([lengths[i] for i in order], max_batch_pieces)
        ]
        if not batches:
            return self.detection.linear.weight.new_zeros(0, self.config.hidden_size)
        again = torch.is_grad_enabled() and len(batches) > BATCHES_KEPT
        vectors = [
            checkpoint(self._encode_rows, rows, use_reentrant=False)
            if again
            else self._encode_rows(rows)
            for rows in batches
        ]
        counts = torch.tensor(
            [windows[i].scored[1] - windows[i].scored[0] for i in order]
        )
        pieces = torch.cat(vectors)
        return pieces[_restore(torch.tensor(order), counts).to(pieces.device)]

    def _encode_rows(self, rows: Sequence[Window]) -> Float[Tensor, "n H"]:
        width = max(len(row.ids) for row in rows)
        ids = torch.full((len(rows), width), self.tokenizer.specials.pad)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        scored = torch.zeros(len(rows), width, dtype=torch.bool)
        for i, row in enumerate(rows):
            ids[i, : len(row.ids)] = torch.from_numpy(row.ids)
            mask[i, : len(row.ids)] = 1
            scored[i, row.scored[0] : row.scored[1]] = True
        device = self.device
        with calculating(self.precision, device):
            hidden: Float[Tensor, "B P H"] = self.encoder(
                input_ids=ids.to(device), attention_mask=mask.to(device)
            ).last_hidden_state
        return hidden[scored.to(device)].float()

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


def _batches(lengths: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Ranges over ascending `lengths`, each of at most `most` padded pieces."""
    first = 0
    for last, length in enumerate(lengths):
        if last > first and (last + 1 - first) * length > most:
            yield first, last
            first = last
    if lengths:
        yield first, len(lengths)


def _restore(order: Tensor, counts: Tensor) -> Tensor:
    """Indices that bring pieces stacked by `order` back to the windows' own order."""
    starts = counts.cumsum(0) - counts
    back = torch.argsort(order)
    starts, counts = starts[back], counts[back]
    row = torch.repeat_interleave(counts)
    within = torch.arange(len(row)) - (counts.cumsum(0) - counts)[row]
    return starts[row] + within
