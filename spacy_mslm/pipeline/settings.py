"""Settings of a model, checked at the registered signature and kept in one place."""

from dataclasses import dataclass

from ..errors import Errors, MslmError
from ..masking import Strategy, Weighting
from ..nn import LoadedEncoder, LossWeights, load_encoder
from ..nn.precision import PRECISIONS, Precision

SMALLEST_WINDOW = 16


@dataclass(frozen=True)
class EncoderSource:
    """Where an encoder comes from: hub name, folder, or `package:NAME/PATH`."""

    source: str

    def load(self) -> LoadedEncoder:
        """Read it now; building the component touches neither disk nor network."""
        return load_encoder(self.source)


@dataclass(frozen=True)
class ModelSettings:
    """What `MslmNer.v1` was given. `masking` None trains without a masked view.

    Raises MslmError (M401, M408, M410) for values out of range.
    """

    encoder: EncoderSource
    masking: Strategy | None
    weighting: Weighting
    loss_weights: LossWeights
    max_pieces: int
    max_batch_pieces: int
    precision: Precision
    seed: int

    def __post_init__(self) -> None:
        if self.weighting not in ("paper", "none"):
            raise MslmError(
                Errors.M410.format(
                    name="weighting", options="paper, none", value=self.weighting
                )
            )
        smallest = {"max_pieces": SMALLEST_WINDOW, "max_batch_pieces": 1, "seed": 0}
        if self.precision not in PRECISIONS:
            raise MslmError(
                Errors.M410.format(
                    name="precision",
                    options=", ".join(PRECISIONS),
                    value=self.precision,
                )
            )
        for name, low in smallest.items():
            value = getattr(self, name)
            if value < low:
                raise MslmError(
                    Errors.M408.format(name=name, low=low, high="2^31", value=value)
                )
