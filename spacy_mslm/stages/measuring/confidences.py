"""What `calibrate` and `evaluate` share: a pipeline's confidences as they come, and
whether the reference agrees with each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from spacy.language import Language

from ...pipeline.component import MslmNer
from ...scoring.calibration import measure
from ...scoring.unseen import GoldMention

# An entity and its confidence, None where the pipeline gives none.
Scored = tuple[GoldMention, float | None]


@dataclass
class Judged:
    """Confidences of predicted spans beside whether boundaries and type are those of
    the reference, which holds `n_reference` spans. Spans without a confidence (of
    another component) take no part and are counted in `without`."""

    n_reference: int = 0
    confidences: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    without: int = 0

    def measure(self, temperature: float) -> dict[str, Any]:
        """`scoring.calibration.measure` of these spans; no text."""
        made = measure(self.confidences, self.right, self.n_reference, temperature)
        return {**made, "spans_without_confidence": self.without}


def judge(
    reference: Sequence[Sequence[GoldMention]], found: Sequence[Sequence[Scored]]
) -> Judged:
    """Compare document by document; strict spans."""
    judged = Judged()
    for mentions, scored in zip(reference, found, strict=True):
        true = {mention[:3] for mention in mentions}
        judged.n_reference += len(true)
        for mention, confidence in scored:
            if confidence is None:
                judged.without += 1
            else:
                judged.confidences.append(confidence)
                judged.right.append(mention[:3] in true)
    return judged


def entity_components(nlp: Language) -> list[MslmNer]:
    """The `mslm_ner` components that set `doc.ents`, in the pipeline's order."""
    pipes = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, MslmNer)]
    return [pipe for pipe in pipes if pipe.spans_key is None]


def temperature_of(nlp: Language) -> float:
    """The temperature behind `span._.confidence`: that of the last component that sets
    `doc.ents`; 1.0 where there is none."""
    components = entity_components(nlp)
    return components[-1].temperature if components else 1.0


@contextmanager
def raw_confidences(nlp: Language) -> Iterator[None]:
    """While this lasts every span is predicted, with its confidence at T = 1."""
    components = entity_components(nlp)
    before = [(pipe.temperature, pipe.threshold) for pipe in components]
    try:
        for pipe in components:
            pipe.temperature, pipe.threshold = 1.0, 0.0
        yield
    finally:
        for pipe, (temperature, threshold) in zip(components, before, strict=True):
            pipe.temperature, pipe.threshold = temperature, threshold


@contextmanager
def outside_bias(nlp: Language, bias: float) -> Iterator[None]:
    """While this lasts every component decodes with `bias`."""
    components = entity_components(nlp)
    before = [pipe.outside_bias for pipe in components]
    try:
        for pipe in components:
            pipe.outside_bias = bias
        yield
    finally:
        for pipe, value in zip(components, before, strict=True):
            pipe.outside_bias = value
