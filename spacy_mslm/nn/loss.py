"""The three parts of the objective (Abaho et al. 2024, equations 6-12)."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from .bio import MISSING
from .shapes import Float, Int


@dataclass(frozen=True)
class LossParts:
    """Each part a mean over its own units: masked pieces, words, spans.

    (Or sums over them a sentence, where the objective says so.)
    """

    mslm: Float[Tensor, ""]
    detection: Float[Tensor, ""]
    classification: Float[Tensor, ""]

    def total(self, weights: "LossWeights") -> Float[Tensor, ""]:
        """eq. 12, with a coefficient for each part (the paper's are all 1)."""
        return (
            weights.mslm * self.mslm
            + weights.detection * self.detection
            + weights.classification * self.classification
        )


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Coefficients of eq. 12; a config may say 1 for 1.0."""

    mslm: float | int = 1.0
    detection: float | int = 1.0
    classification: float | int = 1.0


def mslm_loss(
    logits: Float[Tensor, "M V"],
    targets: Int[Tensor, " M"],
    weights: Float[Tensor, " M"],
    *,
    divisor: float | None = None,
) -> Float[Tensor, ""]:
    """eq. 6 over the masked pieces, with weights rescaled to mean 1.

    `weights` come from counts, so no gradient may reach them. Rescaling makes a
    change of weighting a change of emphasis, not of scale. With a `divisor` the sum
    as it is written, weights as they are, is divided by it. 0 where nothing is masked.
    """
    if not len(targets):
        return logits.sum() * 0.0
    errors = F.cross_entropy(logits, targets, reduction="none")
    weights = weights.detach()
    return (weights * errors).sum() / (weights.sum() if divisor is None else divisor)


def detection_loss(
    logits: Float[Tensor, "W L"],
    tags: Int[Tensor, " W"],
    *,
    divisor: float | None = None,
) -> Float[Tensor, ""]:
    """eq. 8: cross entropy of BIO tags, mean over the words whose tag is known.

    With a `divisor` the sum is divided by it instead.
    """
    return _cross_entropy(logits, tags, divisor)


def classification_loss(
    logits: Float[Tensor, "S L"],
    types: Int[Tensor, " S"],
    *,
    divisor: float | None = None,
) -> Float[Tensor, ""]:
    """eq. 11: cross entropy of the spans' types, mean over spans.

    With a `divisor` the sum is divided by it instead.
    """
    return _cross_entropy(logits, types, divisor)


def _cross_entropy(
    logits: Float[Tensor, "U L"], targets: Int[Tensor, " U"], divisor: float | None
) -> Float[Tensor, ""]:
    total = F.cross_entropy(logits, targets, ignore_index=MISSING, reduction="sum")
    if divisor is not None:
        return total / divisor
    return total / (targets != MISSING).sum().clamp(min=1)
