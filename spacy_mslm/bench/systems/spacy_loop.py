"""spaCy's own training loop, as `spacy train` runs it, over one of our configs."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..spec import Spec, TakeTurn, Turn, turns_of

CONFIGS = Path(__file__).parents[3] / "configs"


def fit(spec: Spec, config: str, overrides: dict[str, Any]) -> None:
    """Train for `spec.updates` updates and write the pipeline to `spec.model`."""
    nlp, updates = _start(spec, config, overrides)
    for _ in itertools.islice(updates, spec.updates):
        pass
    nlp.to_disk(spec.model)


def train(spec: Spec, config: str, overrides: dict[str, Any]) -> TakeTurn:
    """Turns over one endless run of updates: reading, batching, sentence marks,
    update and optimizer, all that `spacy train` does but evaluate and save."""
    _, updates = _start(spec, config, overrides)

    return turns_of(updates)


def predict_with(nlp: Any, spec: Spec) -> TakeTurn:
    """`nlp.pipe` over the texts; sentences given as words are made into Docs anew in
    each turn, as a Doc that was read once holds its entities already."""
    from spacy.tokens import Doc

    nlp.batch_size = spec.options.get("batch_size", nlp.batch_size)
    texts = spec.texts()

    def turn(words: int) -> Turn:
        sources = (t if isinstance(t, str) else Doc(nlp.vocab, words=t) for t in texts)
        return Turn(found=sum(len(doc.ents) for doc in nlp.pipe(sources)))

    return turn


def _start(
    spec: Spec, config: str, overrides: dict[str, Any]
) -> tuple[Any, Iterator[int]]:
    """An initialised pipeline and its updates, each giving the words it trained on."""
    from spacy.schemas import ConfigSchemaTraining
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import create_train_batches, train_while_improving
    from spacy.util import load_config, registry, resolve_dot_names

    paths = {
        "paths.train": str(Path(spec.corpus) / "train"),
        "paths.dev": str(Path(spec.corpus) / "dev"),
        "paths.encoder": spec.encoder,
        "system.seed": spec.seed,
        "training.max_epochs": 0,  # no end
        "training.optimizer.learn_rate.epochs": 1,
    }
    loaded = load_config(
        CONFIGS / config, overrides={**paths, **overrides}, interpolate=False
    )
    nlp = init_nlp(loaded)
    resolved = registry.resolve(
        nlp.config.interpolate()["training"], schema=ConfigSchemaTraining
    )
    (corpus,) = resolve_dot_names(nlp.config.interpolate(), [resolved["train_corpus"]])
    batches = create_train_batches(
        nlp, corpus, resolved["batcher"], resolved["max_epochs"]
    )
    steps = train_while_improving(
        nlp,
        resolved["optimizer"],
        batches,
        evaluate=lambda: (0.0, {}),
        dropout=resolved["dropout"],
        accumulate_gradient=resolved["accumulate_gradient"],
        patience=0,
        max_steps=0,
        eval_frequency=10**9,
        exclude=[],
        annotating_components=resolved["annotating_components"],
        before_update=None,
    )
    return nlp, (sum(len(e.reference) for e in batch) for batch, _, _ in steps)
