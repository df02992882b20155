"""This project's component: through `spacy train`, and through `nlp.pipe`."""

from typing import Any

from ..spec import Spec, TakeTurn
from . import spacy_loop


def fit(spec: Spec) -> None:
    """Train with `options["config"]` (mslm.cfg unless it says otherwise)."""
    spacy_loop.fit(spec, _config(spec), _overrides(spec))


def train(spec: Spec) -> TakeTurn:
    """The same, in turns."""
    return spacy_loop.train(spec, _config(spec), _overrides(spec))


def predict(spec: Spec) -> TakeTurn:
    """`nlp.pipe`, calculating in `spec.precision`."""
    import spacy

    from ...pipeline.component import MslmNer

    nlp = spacy.load(spec.model)
    ner: Any = nlp.get_pipe("ner")
    assert isinstance(ner, MslmNer)
    ner.network.precision = spec.precision
    return spacy_loop.predict_with(nlp, spec)


def _config(spec: Spec) -> str:
    return str(spec.options.get("config", "mslm.cfg"))


def _overrides(spec: Spec) -> dict[str, Any]:
    return {
        "components.ner.model.precision": spec.precision,
        **spec.options.get("overrides", {}),
    }
