"""Hugging Face token classification as a user would write it: the peer of `vanilla`.

Typed BIO on each word's first piece, dynamic padding, AdamW, linear warm-up and decay.
Decoding takes each word's best tag; an I that continues nothing begins a span.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np
import torch

from ..corpus.iob import IobSentence
from ..nn.encoder import resolve_source
from ..nn.precision import Precision, calculating
from ..scoring.strict import Span

IGNORED = -100


class Tagged(Protocol):
    """A sentence: words and their typed BIO tags."""

    @property
    def words(self) -> Sequence[str]: ...

    @property
    def tags(self) -> Sequence[str]: ...


def train_and_predict(
    encoder: str,
    train: Sequence[IobSentence],
    test: Sequence[IobSentence],
    *,
    epochs: int,
    batch: int,
    learn_rate: float,
    warmup: float,
    precision: Precision,
    seed: int,
) -> list[list[Span]]:
    """Fine-tune on `train`, return the word spans found in each sentence of `test`."""
    names = ["O", *sorted({t for s in train for t in s.tags} - {"O"})]
    updates = epochs * math.ceil(len(train) / batch)
    learner = Learner(encoder, names, precision=precision, seed=seed)
    learner.schedule(updates, learn_rate=learn_rate, warmup=warmup)
    for _ in islice(learner.updates(train, batch), updates):
        pass
    return list(_predict(learner.model.eval(), learner.tokenizer, test, names, batch))


class Learner:
    """A model with its tokenizer, and an optimizer once it has a schedule."""

    def __init__(
        self, encoder: str, names: Sequence[str], *, precision: Precision, seed: int
    ) -> None:
        from transformers import AutoModelForTokenClassification, AutoTokenizer

        torch.manual_seed(seed)
        place = resolve_source(encoder)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(place)
        self.model: Any = AutoModelForTokenClassification.from_pretrained(
            place, id2label=dict(enumerate(names))
        )
        self.names = list(names)
        self.precision = precision
        self.rng = np.random.default_rng(seed)

    def schedule(self, updates: int, *, learn_rate: float, warmup: float) -> None:
        """Warm up over a share of `updates`, then fall to zero."""
        from transformers import get_linear_schedule_with_warmup as linear

        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=learn_rate, weight_decay=0.01
        )
        self.rates = linear(self.optimizer, int(warmup * updates), updates)

    def updates(self, sentences: Sequence[Tagged], batch: int) -> Iterator[int]:
        """Updates without end, epoch by epoch; the words of each."""
        self.model.train()
        lengths = [len(s.words) for s in sentences]
        while True:
            for rows in _batches(lengths, batch, self.rng):
                yield self._update([sentences[i] for i in rows])

    def _update(self, sentences: Sequence[Tagged]) -> int:
        inputs = _encode(self.tokenizer, sentences, self.names)
        with calculating(self.precision, self.model.device):
            loss = self.model(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.rates.step()
        self.optimizer.zero_grad()
        return sum(len(s.words) for s in sentences)


def _batches(
    lengths: Sequence[int], batch: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Batches of like length in random order (as `group_by_length` of its Trainer):
    sentences are shuffled, sorted by length within runs of 50 batches, and cut."""
    order = rng.permutation(len(lengths))
    run = 50 * batch
    for start in range(0, len(order), run):
        part = order[start : start + run]
        order[start : start + run] = part[np.argsort(np.take(lengths, part))]
    batches = [order[i : i + batch] for i in range(0, len(order), batch)]
    return [batches[i] for i in rng.permutation(len(batches))]


def _encode(
    tokenizer: Any, sentences: Sequence[Tagged], names: Sequence[str]
) -> dict[str, torch.Tensor]:
    encoded = tokenizer(
        [list(s.words) for s in sentences],
        is_split_into_words=True,
        padding=True,
        return_tensors="pt",
    )
    labels = torch.full_like(encoded["input_ids"], IGNORED)
    for row, sentence in enumerate(sentences):
        for piece, word in _first_pieces(encoded.word_ids(row)):
            labels[row, piece] = names.index(sentence.tags[word])
    return {**encoded, "labels": labels}


def _first_pieces(words: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    previous = None
    for piece, word in enumerate(words):
        if word is not None and word != previous:
            yield piece, word
        previous = word


@torch.inference_mode()
def _predict(
    model: Any,
    tokenizer: Any,
    sentences: Sequence[IobSentence],
    names: Sequence[str],
    batch: int,
) -> Iterator[list[Span]]:
    for start in range(0, len(sentences), batch):
        chunk = sentences[start : start + batch]
        inputs = _encode(tokenizer, chunk, names)
        inputs.pop("labels")
        best = model(**inputs).logits.argmax(-1)
        words = tokenizer(
            [list(s.words) for s in chunk], is_split_into_words=True, padding=True
        )
        for row, sentence in enumerate(chunk):
            tags = ["O"] * len(sentence.words)
            for piece, word in _first_pieces(words.word_ids(row)):
                tags[word] = names[best[row, piece]]
            yield _spans(tags)


def _spans(tags: Sequence[str]) -> list[Span]:
    spans: list[Span] = []
    previous = "O"
    for i, tag in enumerate(tags):
        label = tag[2:]
        if tag.startswith("I-") and previous[2:] == label:
            spans[-1] = (spans[-1][0], i + 1, label)
        elif tag != "O":
            spans.append((i, i + 1, label))
        previous = tag
    return spans
