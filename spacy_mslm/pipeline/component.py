"""`mslm_ner`: a trainable component that owns its encoder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import srsly
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.util import logger, minibatch
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer
from thinc.util import get_torch_default_device

from ..errors import Errors, MslmError, Notes
from ..masking import EQUAL, mask_weights
from ..nn import (
    Annotation,
    LossParts,
    MslmNetwork,
    Objective,
    ScoredSpan,
    count_kinds,
    make_batch,
    step,
)
from ..types import MaskWeights
from . import storage
from .confidence import SCORES_KEY
from .initialize import entity_labels, start_network, with_sentences
from .reading import read_annotation, read_doc
from .settings import ModelSettings
from .shim import MslmShim, shim_of

DEFAULT_MODEL = Config().from_disk(Path(__file__).with_name("default.cfg"))["model"]
COUNTED_AT_ONCE = 256


@Language.factory(
    "mslm_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "span._.confidence"],
    default_config={
        "model": DEFAULT_MODEL,
        "threshold": 0.0,
        "scorer": {"@scorers": "spacy-mslm.MslmScorer.v1"},
    },
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    },
)
def make_mslm_ner(
    nlp: Language,
    name: str,
    model: Model,
    threshold: float,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "MslmNer":
    return MslmNer(nlp.vocab, model, name, threshold=threshold, scorer=scorer)


class MslmNer(TrainablePipe):
    """Named entities by mask-specific language modeling, entity detection and
    classification (Abaho et al. 2024), trained in two views and read from clean text.

    vocab (Vocab): the shared vocabulary.
    model (Model): a `spacy-mslm.MslmNer.v1`; nothing is read from disk or network
        before `initialize` or `from_disk`.
    threshold (float): predicted entities below this confidence are left out.
    scorer (Optional[Callable]): called by `score`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "ner",
        *,
        threshold: float,
        scorer: Callable[..., dict[str, Any]] | None,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise MslmError(Errors.M401.format(name="threshold", value=threshold))
        self.vocab = vocab
        self.model = model
        self.name = name
        self.threshold = threshold
        self.scorer = scorer
        self.cfg: dict[str, Any] = {"labels": []}
        self._updates = 0

    # Parts

    @property
    def settings(self) -> ModelSettings:
        return self.model.attrs["settings"]

    @property
    def shim(self) -> MslmShim:
        return shim_of(self.model)

    @property
    def network(self) -> MslmNetwork:
        """The torch network. Raises E109 before `initialize` or `from_disk`."""
        if self.shim.network is None:
            raise ValueError(SpacyErrors.E109.format(name=self.name))
        return self.shim.network

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """What `init labels` writes and `initialize(labels=...)` reads."""
        return list(self.labels)

    def add_label(self, label: str) -> int:
        """Add an entity type before `initialize`. Raises M501 afterwards."""
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if label in self.cfg["labels"]:
            return 0
        if self.shim.network is not None:
            raise MslmError(Errors.M501.format(name=self.name, label=label))
        self.cfg["labels"].append(label)
        return 1

    # Prediction: clean text in, spans out

    def predict(self, docs: Iterable[Doc]) -> list[list[ScoredSpan]]:
        """Scored spans of each Doc. Reads words and sentences, no annotation."""
        _ = self.network
        return self.model.predict(list(docs))

    def set_annotations(
        self, docs: Iterable[Doc], predictions: Sequence[Sequence[ScoredSpan]]
    ) -> None:
        """Set `doc.ents`, and their confidences beside them in a span group."""
        for doc, spans in zip(docs, predictions, strict=True):
            kept = [s for s in spans if s.score >= self.threshold]
            entities = [Span(doc, s.start, s.end, self.labels[s.label]) for s in kept]
            doc.set_ents(entities)
            scores = {"scores": [s.score for s in kept]}
            group = SpanGroup(doc, name=SCORES_KEY, spans=entities, attrs=scores)
            doc.spans[SCORES_KEY] = group

    # Training

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch: masks are drawn, both views are read, losses add up.

        `drop` is the heads' dropout; the encoder keeps its own.
        """
        losses = {} if losses is None else losses
        examples = list(examples)
        validate_examples(examples, "MslmNer.update")
        docs = [read_doc(example.predicted) for example in examples]
        if not any(doc.words for doc in docs):
            losses.setdefault(self.name, 0.0)
            return losses
        network = self.network
        network.dropout.p = drop
        batch = make_batch(
            network.tokenizer,
            docs,
            self._annotations(examples),
            self.settings.masking if network.mlm is not None else None,
            seed=self.settings.seed,
            update=self._updates,
        )
        self._updates += 1
        parts = step(network, batch, self.objective)
        total = parts.total(self.settings.loss_weights)
        total.backward()
        if sgd not in (None, False):
            self.finish_update(sgd)
        self._add_losses(losses, parts, float(total.detach()))
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Any) -> tuple[float, Any]:
        """Not used: `update` computes the losses with their gradients."""
        raise MslmError(Errors.M502.format(name=self.name))

    @property
    def objective(self) -> Objective:
        return Objective(
            mask_weights=MaskWeights(**self.cfg["mask_weights"]),
            loss_weights=self.settings.loss_weights,
            max_pieces=self.settings.max_pieces,
            max_batch_pieces=self.settings.max_batch_pieces,
        )

    def _annotations(self, examples: Iterable[Example]) -> list[Annotation]:
        indices = {label: i for i, label in enumerate(self.labels)}
        return [read_annotation(example, indices) for example in examples]

    def _add_losses(
        self, losses: dict[str, float], parts: LossParts, total: float
    ) -> None:
        values = {
            self.name: total,
            f"{self.name}_mslm": float(parts.mslm.detach()),
            f"{self.name}_detection": float(parts.detection.detach()),
            f"{self.name}_classification": float(parts.classification.detach()),
        }
        for key, value in values.items():
            losses[key] = losses.get(key, 0.0) + value

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Read the encoder, fix the labels, count the masks that weigh them (eq. 2).

        labels (Optional[Sequence[str]]): taken from the examples where not given.
        Raises M403-M407 for the encoder, M503 where no label is found.
        """
        validate_get_examples(get_examples, "MslmNer.initialize")
        for label in labels or entity_labels(get_examples()):
            if label not in self.cfg["labels"]:
                self.cfg["labels"].append(label)
        if not self.labels:
            raise MslmError(Errors.M503.format(name=self.name))
        self._updates = 0
        self._place(start_network(self.settings, self.labels))
        examples = with_sentences(get_examples(), nlp)
        weights = self._mask_weights(examples) if self.settings.masking else EQUAL
        self.cfg["mask_weights"] = asdict(weights)
        logger.info(Notes.N501.format(name=self.name, **self.cfg["mask_weights"]))

    def _mask_weights(self, examples: Iterable[Example]) -> MaskWeights:
        """eq. 2-5 from the masks that the first pass over the examples would draw."""
        if self.settings.weighting == "none":
            return EQUAL
        n_entity = n_base = 0
        for chunk in minibatch(examples, COUNTED_AT_ONCE):
            batch = make_batch(
                self.network.tokenizer,
                [read_doc(example.predicted) for example in chunk],
                self._annotations(chunk),
                self.settings.masking,
                seed=self.settings.seed,
                update=0,
            )
            entity, base = count_kinds(batch)
            n_entity, n_base = n_entity + entity, n_base + base
        return mask_weights(n_entity, n_base)

    def _place(self, network: MslmNetwork) -> None:
        network.precision = self.settings.precision
        self.shim.network = network.to(get_torch_default_device())

    # Storage: one set of named parts, on disk or as bytes, without pickle

    def _to_parts(self) -> dict[str, bytes]:
        cfg = srsly.json_dumps(self.cfg, sort_keys=True).encode("utf8")
        return {storage.CFG: cfg, **storage.network_parts(self.shim.network)}

    def _from_parts(self, parts: dict[str, bytes], path: str) -> "MslmNer":
        self.cfg, network = storage.read_parts(parts, path)
        if network is not None:
            self._place(network)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write a folder of JSON and safetensors; tied weights once."""
        storage.write_folder(Path(path), self._to_parts())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "MslmNer":
        """Read such a folder. Raises M409 for a missing or damaged part."""
        return self._from_parts(storage.read_folder(Path(path)), str(path))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return srsly.msgpack_dumps(self._to_parts())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "MslmNer":
        return self._from_parts(srsly.msgpack_loads(data), "(bytes)")
