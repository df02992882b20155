"""Settings of a model, checked at the registered signature and kept in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ..errors import Errors, MslmError
from ..masking import Strategy, Weighting, check_weighting
from ..nn import HeadSettings, LoadedEncoder, LossWeights, Objective, load_encoder
from ..nn.heads import Decoder
from ..nn.precision import PRECISIONS, Precision
from ..nn.scratch import load_scratch
from ..nn.step import DetectionView, Reduction
from ..types import Corruption, MaskWeights

SMALLEST_WINDOW = 16


@dataclass(frozen=True)
class EncoderSource:
    """Where an encoder comes from: hub name, folder, or `package:NAME/PATH`."""

    source: str

    def load(self) -> LoadedEncoder:
        """Read it now; building the component touches neither disk nor network."""
        return load_encoder(self.source)


@dataclass(frozen=True)
class ScratchSource(EncoderSource):
    """An encoder that has learnt nothing: a transformers config by `kind` and
    `values`, random weights of `seed`; `source` is where its tokenizer comes from."""

    kind: str
    values: Mapping[str, Any]
    seed: int

    def load(self) -> LoadedEncoder:
        """Read the tokenizer and draw the weights."""
        return load_scratch(self.source, self.kind, self.values, seed=self.seed)


@dataclass(frozen=True)
class ModelSettings:
    """What `MslmNer.v1` was given. `masking` None trains without a masked view.

    Raises MslmError (M401, M408, M410, M431-M433) for values out of range.
    """

    encoder: EncoderSource
    masking: Strategy | None
    weighting: Weighting
    loss_weights: LossWeights
    detection_view: DetectionView
    reduction: Reduction
    corruption: Corruption
    masked_share: float
    heads: HeadSettings
    max_pieces: int
    max_batch_pieces: int
    precision: Precision
    seed: int

    def __post_init__(self) -> None:
        check_weighting(self.weighting)
        for name, options in (
            ("precision", PRECISIONS),
            ("detection_view", get_args(DetectionView)),
            ("reduction", get_args(Reduction)),
        ):
            one_of(name, getattr(self, name), options)
        one_of("decoder", self.heads.decoder, get_args(Decoder))
        for name, low in (
            ("max_pieces", SMALLEST_WINDOW),
            ("max_batch_pieces", 1),
            ("seed", 0),
        ):
            at_least(name, getattr(self, name), low)
        for name in ("detection_vector", "classification_vector"):
            at_least(name, getattr(self.heads, name), 0)
        for part in ("mslm", "detection", "classification"):
            at_least(f"{part}_weight", getattr(self.loss_weights, part), 0)
        if self.detection_view != "clean" and self.masking is None:
            raise MslmError(Errors.M431.format(view=self.detection_view))
        if not 0 <= self.masked_share <= 1:
            value = self.masked_share
            raise MslmError(Errors.M401.format(name="masked_share", value=value))
        if self.masked_share < 1 and self.detection_view != "clean":
            message = Errors.M433.format(
                share=self.masked_share, view=self.detection_view
            )
            raise MslmError(message)
        if self.heads.typed and self.heads.classification_vector:
            message = Errors.M432.format(name="classification_vector", default=0)
            raise MslmError(message)

    def objective(self, mask_weights: MaskWeights) -> Objective:
        """What one training step is to do."""
        return Objective(
            mask_weights=mask_weights,
            loss_weights=self.loss_weights,
            max_pieces=self.max_pieces,
            max_batch_pieces=self.max_batch_pieces,
            detection_view=self.detection_view,
            reduction=self.reduction,
            corruption=self.corruption,
            masked_share=self.masked_share,
        )


def one_of(name: str, value: str, options: tuple[str, ...]) -> None:
    """Raise M410 unless `value` is one of `options`."""
    if value not in options:
        message = Errors.M410.format(
            name=name, options=", ".join(options), value=str(value)[:40]
        )
        raise MslmError(message)


def at_least(name: str, value: float, low: float) -> None:
    """Raise M408 unless `value` is `low` or more (and a number)."""
    if not value >= low:
        raise MslmError(
            Errors.M408.format(name=name, low=low, high="2^31", value=value)
        )
