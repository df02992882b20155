"""A learning rate that knows how long training will be: warm up, then fall to zero."""

import json
import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from ..errors import Errors, MslmError
from ..nn import warmup_linear


def warmup_linear_over_corpus(
    *,
    learn_rate: float,
    warmup: float,
    epochs: int,
    batch_words: int,
    corpus: str | None,
) -> Iterator[float]:
    """`spacy-mslm.WarmupLinear.v1`: one rate an update.

    learn_rate (float): the highest rate.
    warmup (float): share of all updates over which it is reached.
    epochs (int), batch_words (int): with the corpus' words they give the updates.
    corpus (Optional[str]): training folder of `corpus build` or `corpus iob`, whose
        manifest counts the words; null for a constant rate.
    Raises MslmError (M401, M408, M504).
    """
    if not 0 <= warmup <= 1:
        raise MslmError(Errors.M401.format(name="warmup", value=warmup))
    if corpus is None:
        return _constant(learn_rate)
    # With max_epochs 0 (no end) or -1 (a stream) there is no last update to fall to.
    for name, value in (("epochs", epochs), ("batch_words", batch_words)):
        if value < 1:
            raise MslmError(
                Errors.M408.format(name=name, low=1, high="2^31", value=value)
            )
    total = math.ceil(epochs * _training_words(Path(corpus)) / batch_words)
    return (
        learn_rate * warmup_linear(update, warmup=warmup, total=total)
        for update in count()
    )


def warmup_linear_over_updates(
    *, learn_rate: float, warmup: float, updates: int
) -> Iterator[float]:
    """`spacy-mslm.WarmupLinearUpdates.v1`: one rate an update.

    As `spacy-mslm.WarmupLinear.v1`, where training is so many updates long.
    Raises MslmError (M401, M408).
    """
    if not 0 <= warmup <= 1:
        raise MslmError(Errors.M401.format(name="warmup", value=warmup))
    if updates < 1:
        raise MslmError(
            Errors.M408.format(name="updates", low=1, high="2^31", value=updates)
        )
    return (
        learn_rate * warmup_linear(update, warmup=warmup, total=updates)
        for update in count()
    )


def _constant(rate: float) -> Iterator[float]:
    while True:
        yield rate


def _training_words(corpus: Path) -> int:
    manifest = corpus.parent / "manifest.json"
    try:
        content = json.loads(manifest.read_text(encoding="utf8"))
        return int(content["splits"][corpus.name]["tokens"])
    except (OSError, ValueError, KeyError, TypeError):
        raise MslmError(Errors.M504.format(path=manifest, split=corpus.name)) from None
