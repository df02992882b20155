"""spaCy's own: spacy-transformers' transformer, transition-based ner on top."""

from typing import Any

from ..spec import Spec, TakeTurn
from . import spacy_loop

CONFIG = "spacy_baseline.cfg"
# The fastest of its batchers on 2 cores: batches of 2,000 padded tokens.
PADDED = {
    "training.batcher": {
        "@batchers": "spacy.batch_by_padded.v1",
        "size": 2000,
        "buffer": 256,
        "discard_oversize": False,
        "get_length": None,
    }
}


def fit(spec: Spec) -> None:
    """Train with configs/spacy_baseline.cfg."""
    spacy_loop.fit(spec, CONFIG, _overrides(spec))


def train(spec: Spec) -> TakeTurn:
    """The same, in turns; `options["padded"]`: with padded batches of 2,000."""
    return spacy_loop.train(spec, CONFIG, _overrides(spec))


def predict(spec: Spec) -> TakeTurn:
    """`nlp.pipe`; it calculates in float32 alone on a CPU."""
    import spacy

    return spacy_loop.predict_with(spacy.load(spec.model), spec)


def _overrides(spec: Spec) -> dict[str, Any]:
    return PADDED if spec.options.get("padded") else {}
