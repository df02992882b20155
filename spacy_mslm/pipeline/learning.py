"""What training needs beside the step itself: counted masks, losses by name."""

from collections.abc import Iterable, Sequence

from spacy.training import Example
from spacy.util import minibatch

from ..masking import EQUAL, mask_weights
from ..nn import Annotation, LossParts, MslmNetwork, count_kinds, make_batch
from ..types import MaskWeights
from .reading import read_annotation, read_doc
from .settings import ModelSettings

COUNTED_AT_ONCE = 256


def read_annotations(
    examples: Iterable[Example], labels: Sequence[str], spans_key: str | None
) -> list[Annotation]:
    """What the references say of each document, types as indices into `labels`."""
    indices = {label: i for i, label in enumerate(labels)}
    return [read_annotation(e, indices, spans_key) for e in examples]


def count_mask_weights(
    settings: ModelSettings,
    network: MslmNetwork,
    examples: Iterable[Example],
    spans_key: str | None,
) -> MaskWeights:
    """eq. 2-5 from the masks that the first pass over the examples would draw; those
    of a weighting that asks for no counts without a look at them."""
    if settings.masking is None:
        return EQUAL
    if settings.weighting == "none" or not isinstance(settings.weighting, str):
        return mask_weights(0, 0, settings.weighting)
    n_entity = n_base = 0
    for chunk in minibatch(examples, COUNTED_AT_ONCE):
        batch = make_batch(
            network.tokenizer,
            [read_doc(example.predicted) for example in chunk],
            read_annotations(chunk, network.labels, spans_key),
            settings.masking,
            seed=settings.seed,
            update=0,
        )
        entity, base = count_kinds(batch)
        n_entity, n_base = n_entity + entity, n_base + base
    return mask_weights(n_entity, n_base, settings.weighting)


def add_losses(
    losses: dict[str, float], name: str, parts: LossParts, total: float
) -> None:
    """Add the total under `name` and each part under a name of its own."""
    values = {
        name: total,
        f"{name}_mslm": float(parts.mslm.detach()),
        f"{name}_detection": float(parts.detection.detach()),
        f"{name}_classification": float(parts.classification.detach()),
    }
    for key, value in values.items():
        losses[key] = losses.get(key, 0.0) + value
