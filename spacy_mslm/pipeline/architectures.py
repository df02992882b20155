"""Registered builders: the model, its encoder and its masking, all plain objects."""

from typing import Any

from spacy.tokens import Doc
from thinc.api import Model

from ..masking import JointMasking, Strategy, TermMasking, TokenMasking, Unit, Weighting
from ..nn import LossWeights, ScoredSpan, predict
from ..nn.encoder import resolve_source
from ..nn.precision import Precision
from .reading import read_doc
from .settings import EncoderSource, ModelSettings
from .shim import MslmShim, shim_of

Predictions = list[list[ScoredSpan]]  # one list a Doc


def build_mslm_ner(
    *,
    encoder: EncoderSource,
    masking: Strategy | None,
    weighting: Weighting,
    mslm_weight: float,
    detection_weight: float,
    classification_weight: float,
    max_pieces: int,
    max_batch_pieces: int,
    precision: Precision,
    heads_learn_rate: float,
    seed: int,
) -> Model[list[Doc], Predictions]:
    """`spacy-mslm.MslmNer.v1`: Docs to scored spans, by the torch core.

    encoder (EncoderSource): read at `initialize`, never here.
    masking (Optional[Strategy]): what the masked view hides; null for none (vanilla).
    weighting (str): "paper" (eq. 2-5) or "none" (equal weights).
    mslm_weight, detection_weight, classification_weight (float): coefficients of the
        three parts of eq. 12.
    max_pieces (int): pieces a window, specials included.
    max_batch_pieces (int): padded pieces that go through the encoder at once.
    precision (str): "float32", "bfloat16" (the encoder alone; weights stay float32) or
        "auto": bfloat16 where the machine has it.
    heads_learn_rate (float): the heads' learning rate, as a multiple of the encoder's.
    seed (int): part of the key of every mask.
    RETURNS (Model): predicts; training goes through the component's `update`.
    """
    settings = ModelSettings(
        encoder=encoder,
        masking=masking,
        weighting=weighting,
        loss_weights=LossWeights(mslm_weight, detection_weight, classification_weight),
        max_pieces=max_pieces,
        max_batch_pieces=max_batch_pieces,
        precision=precision,
        seed=seed,
    )
    return Model(
        "mslm_ner",
        _forward,
        attrs={"settings": settings},
        shims=[MslmShim(heads_learn_rate=heads_learn_rate)],
    )


def _forward(
    model: Model[list[Doc], Predictions], docs: list[Doc], is_train: bool
) -> tuple[Predictions, Any]:
    settings: ModelSettings = model.attrs["settings"]
    network = shim_of(model).network
    assert network is not None, "the component checks that it is initialised"
    predictions = predict(
        network,
        [read_doc(doc) for doc in docs],
        max_pieces=settings.max_pieces,
        max_batch_pieces=settings.max_batch_pieces,
    )
    return predictions, lambda d_predictions: []


def build_encoder_source(*, source: str) -> EncoderSource:
    """`spacy-mslm.HfEncoder.v1`: hub name, hub-layout folder or package:NAME/PATH."""
    return EncoderSource(source)


def build_encoder_folder(*, source: str) -> str:
    """`spacy-mslm.EncoderFolder.v1`: the same places, as a hub name or a folder's path.

    For configs of other components, which know no `package:NAME/PATH`.
    """
    return resolve_source(source)


def build_joint_masking(
    *, entity_rate: float, base_rate: float, unit: Unit
) -> JointMasking:
    """`spacy-mslm.JointMasking.v1`: ELM and BLM (Abaho et al. 2024, section 3.1).

    entity_rate (float): share of a sentence's terms, rounded up.
    base_rate (float): share of the words outside terms.
    unit (str): "word" (whole words) or "piece".
    """
    return JointMasking(
        entity=TermMasking(rate=entity_rate),
        base=TokenMasking(rate=base_rate, unit=unit),
    )


def build_token_masking(*, rate: float, unit: Unit) -> TokenMasking:
    """`spacy-mslm.TokenMasking.v1`: plain masking, terms or not."""
    return TokenMasking(rate=rate, unit=unit)
