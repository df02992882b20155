"""Hugging Face: its token classification model, and its pipeline."""

from itertools import islice
from typing import Any

from ..spec import Spec, TakeTurn, Turn, turns_of


def fit(spec: Spec) -> None:
    """Train for `spec.updates` updates of 32 sentences; model and tokenizer saved."""
    from ..huggingface import Learner

    learner = Learner(spec.encoder, _names(spec), precision="float32", seed=spec.seed)
    learner.schedule(spec.updates, learn_rate=1e-4, warmup=0.1)
    for _ in islice(learner.updates(spec.sentences(), 32), spec.updates):
        pass
    learner.model.save_pretrained(spec.model)
    learner.tokenizer.save_pretrained(spec.model)


def train(spec: Spec) -> TakeTurn:
    """Updates of `options["batch"]` sentences of like length, in turns."""
    from ..huggingface import Learner

    sentences, batch = spec.sentences(), int(spec.options.get("batch", 32))
    learner = Learner(
        spec.encoder, _names(spec), precision=spec.precision, seed=spec.seed
    )
    learner.schedule(10**6, learn_rate=1e-4, warmup=0.1)
    updates = learner.updates(sentences, batch)

    return turns_of(updates)


def predict(spec: Spec) -> TakeTurn:
    """`pipeline("token-classification")`; texts sorted by length beforehand, which it
    does not do itself, and windows with a stride so that nothing is cut off."""
    import torch
    from transformers import pipeline

    kinds = {"bfloat16": torch.bfloat16, "float32": torch.float32}
    find: Any = pipeline(
        "token-classification",
        model=spec.model,
        aggregation_strategy="first",
        torch_dtype=kinds[spec.precision],
        batch_size=int(spec.options.get("batch_size", 16)),
        stride=16,
    )
    find.tokenizer.model_max_length = 128
    texts = sorted(spec.plain_texts(), key=len)

    def turn(words: int) -> Turn:
        return Turn(found=sum(len(spans) for spans in find(texts)))

    return turn


def _names(spec: Spec) -> list[str]:
    return ["O", *(f"{b}-{label}" for label in spec.labels() for b in "BI")]
