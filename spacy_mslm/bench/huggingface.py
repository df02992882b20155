"""Hugging Face token classification as a user would write it: the peer of `vanilla`.

Typed BIO on each word's first piece, dynamic padding, AdamW, linear warm-up and decay.
Decoding takes each word's best tag; an I that continues nothing begins a span.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ..corpus.iob import IobSentence
from ..nn.encoder import resolve_source
from ..nn.precision import Precision, calculating
from ..scoring.strict import Span

IGNORED = -100


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
    from transformers import AutoModelForTokenClassification, AutoTokenizer
    from transformers import get_linear_schedule_with_warmup as linear

    torch.manual_seed(seed)
    place = resolve_source(encoder)
    names = ["O", *sorted({t for s in train for t in s.tags} - {"O"})]
    tokenizer = AutoTokenizer.from_pretrained(place)
    model: Any = AutoModelForTokenClassification.from_pretrained(
        place, num_labels=len(names)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=learn_rate, weight_decay=0.01)
    steps = epochs * math.ceil(len(train) / batch)
    schedule = linear(optimizer, int(warmup * steps), steps)
    rng = np.random.default_rng(seed)
    model.train()
    for _ in range(epochs):
        for rows in _batches([len(s.words) for s in train], batch, rng):
            inputs = _encode(tokenizer, [train[i] for i in rows], names)
            with calculating(precision, model.device):
                loss = model(**inputs).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    return list(_predict(model.eval(), tokenizer, test, names, batch))


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
    tokenizer: Any, sentences: Sequence[IobSentence], names: Sequence[str]
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
