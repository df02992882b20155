"""Registered builders: the model, its encoder and its masking, all plain objects."""

from typing import Any, Literal

from spacy.tokens import Doc
from thinc.api import Model

from ..masking import Strategy, Weighting
from ..nn import HeadSettings, LossWeights, ScoredSpan, predict
from ..nn.encoder import resolve_source
from ..nn.heads import Decoder
from ..nn.precision import Precision
from ..nn.predict import DocVectors
from ..nn.step import DetectionView, Reduction
from ..types import Corruption
from .reading import read_doc
from .settings import EncoderSource, ModelSettings, ScratchSource, at_least
from .shim import MslmShim, shim_of

Predictions = list[list[ScoredSpan]]  # one list a Doc


def build_mslm_ner(
    *,
    encoder: EncoderSource,
    masking: Strategy | None,
    corruption: Corruption,
    masked_share: float,
    weighting: Weighting,
    detection_view: DetectionView,
    reduction: Reduction,
    mslm_weight: float,
    detection_weight: float,
    classification_weight: float,
    tagging: Literal["untyped", "typed"],
    none_class: bool,
    decoder: Decoder,
    detection_vector: int,
    classification_vector: int,
    max_pieces: int,
    max_batch_pieces: int,
    precision: Precision,
    heads_learn_rate: float,
    layer_decay: float,
    seed: int,
) -> Model[list[Doc], Predictions]:
    """`spacy-mslm.MslmNer.v1`: Docs to scored spans, by the torch core.

    encoder (EncoderSource): read at `initialize`, never here.
    masking (Optional[Strategy]): what the masked view hides; null for none (vanilla).
    precision (str): of the encoder's calculation; its weights stay float32.
    heads_learn_rate, layer_decay (float): the heads' learning rate as a multiple of the
        encoder's; each encoder layer's as a share of that of the layer above.
    Others: the objective, heads and batches (docs/method.md, section 3; each value is
        explained in configs/mslm.cfg).
    seed (int): part of the key of every mask.
    RETURNS (Model): predicts; training goes through the component's `update`.
    """
    settings = ModelSettings(
        encoder=encoder,
        masking=masking,
        corruption=corruption,
        masked_share=masked_share,
        weighting=weighting,
        detection_view=detection_view,
        reduction=reduction,
        loss_weights=LossWeights(mslm_weight, detection_weight, classification_weight),
        heads=HeadSettings(
            typed=tagging == "typed",
            none_class=none_class,
            decoder=decoder,
            detection_vector=detection_vector,
            classification_vector=classification_vector,
        ),
        max_pieces=max_pieces,
        max_batch_pieces=max_batch_pieces,
        precision=precision,
        seed=seed,
    )
    shim = MslmShim(heads_learn_rate=heads_learn_rate, layer_decay=layer_decay)
    return _model(settings, shim)


def _model(settings: ModelSettings, shim: MslmShim) -> Model[list[Doc], Predictions]:
    attrs = {"settings": settings, "outside_bias": 0.0}
    return Model("mslm_ner", _forward, attrs=attrs, shims=[shim])


def _forward(
    model: Model[list[Doc], Predictions], docs: list[Doc], is_train: bool
) -> tuple[Predictions, Any]:
    return predict_docs(model, docs), lambda d_predictions: []


def predict_docs(
    model: Model[list[Doc], Predictions],
    docs: list[Doc],
    *,
    vectors: list[DocVectors] | None = None,
) -> Predictions:
    """Scored spans of each Doc; its pieces and their vectors too, if `vectors` is a
    list for them."""
    settings: ModelSettings = model.attrs["settings"]
    network = shim_of(model).network
    assert network is not None, "the component checks that it is initialised"
    return predict(
        network,
        [read_doc(doc) for doc in docs],
        max_pieces=settings.max_pieces,
        max_batch_pieces=settings.max_batch_pieces,
        outside_bias=model.attrs["outside_bias"],
        vectors=vectors,
    )


def build_corruption(*, mask: float, random: float, keep: float) -> Corruption:
    """`spacy-mslm.Corruption.v1`: shares of masked pieces that are shown as the mask
    piece, as a random piece, and as they are; they sum to 1."""
    return Corruption(mask, random, keep)


def build_encoder_source(*, source: str) -> EncoderSource:
    """`spacy-mslm.HfEncoder.v1`: hub name, hub-layout folder or package:NAME/PATH."""
    return EncoderSource(source)


def build_scratch_encoder(
    *, tokenizer: str, kind: str, config: dict[str, Any], seed: int
) -> ScratchSource:
    """`spacy-mslm.ScratchEncoder.v1`: an encoder that has learnt nothing.

    tokenizer (str): hub name, folder (of `tokenizer`, or in hub layout) or
        package:NAME/PATH, read at `initialize`; its pieces are the encoder's.
    kind (str): of transformers' encoders: distilbert, bert, roberta …
    config (Dict[str, Any]): values of that kind's config by their names there; what
        is not named has its default, vocab_size that of the tokenizer.
    seed (int): of its random weights.
    """
    at_least("seed", seed, 0)
    return ScratchSource(tokenizer, kind, config, seed)


def build_encoder_folder(*, source: str) -> str:
    """`spacy-mslm.EncoderFolder.v1`: the same places, as a hub name or a folder's path.

    For configs of other components, which know no `package:NAME/PATH`.
    """
    return resolve_source(source)
