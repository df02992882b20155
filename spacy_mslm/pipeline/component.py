"""`mslm_ner`: a trainable component that owns its encoder."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.util import logger
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer
from thinc.util import get_torch_default_device

from ..errors import Errors, MslmError, Notes
from ..nn import MslmNetwork, Objective, ScoredSpan, make_batch, step
from ..scoring.calibration import tempered
from ..types import MaskWeights
from .architectures import predict_docs
from .batching import by_words
from .concept_ids import ConceptIds
from .initialize import entity_forms, entity_labels, start_network, with_sentences
from .learning import add_losses, count_mask_weights, read_annotations
from .listening import ListenedTo
from .output import write_entities, write_spans
from .reading import read_doc
from .settings import ModelSettings
from .shim import MslmShim, shim_of
from .storage import Stored
from .trf_data import WithVectors, predict_with_vectors, set_trf_data

# What `pipe` holds at once.
WORDS_AT_ONCE = 50_000


class MslmNer(Stored, ListenedTo, TrainablePipe):
    """Named entities by mask-specific language modeling, entity detection and
    classification (Abaho et al. 2024), trained in two views and read from clean text.

    vocab (Vocab): the shared vocabulary.
    model (Model): a `spacy-mslm.MslmNer.v1`; nothing is read from disk or network
        before `initialize` or `from_disk`.
    threshold (float): predicted entities below this confidence are left out.
    outside_bias (float): added to the logit of "no entity" when spans are decoded:
        above 0 fewer entities and higher precision, below 0 more and higher recall.
    spans_key (Optional[str]): write to `doc.spans[spans_key]` instead of `doc.ents`,
        and learn from that group where the reference has it.
    trf_data (bool): set `doc._.trf_data` for listeners, see `pipeline.listening`.
    scorer (Optional[Callable]): called by `score`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "ner",
        *,
        threshold: float,
        outside_bias: float,
        spans_key: str | None,
        trf_data: bool,
        scorer: Callable[..., dict[str, Any]] | None,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise MslmError(Errors.M401.format(name="threshold", value=threshold))
        self.vocab = vocab
        self.model = model
        self.name = name
        self.threshold = threshold
        self.outside_bias = outside_bias
        self.spans_key = spans_key
        self.scorer = scorer
        self.cfg: dict[str, Any] = {"labels": [], "temperature": 1.0, "updates": 0}
        self.concepts = ConceptIds()
        self.start_listening(trf_data)

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

    @property
    def outside_bias(self) -> float:
        return self.model.attrs["outside_bias"]

    @outside_bias.setter
    def outside_bias(self, value: float) -> None:
        if not math.isfinite(value):
            message = Errors.M522.format(name="outside_bias", value=value)
            raise MslmError(message)
        self.model.attrs["outside_bias"] = value

    @property
    def temperature(self) -> float:
        """Confidences are tempered by it (`scoring.calibration`); 1 leaves them."""
        return self.cfg.get("temperature", 1.0)

    @temperature.setter
    def temperature(self, value: float) -> None:
        if not (math.isfinite(value) and value > 0):
            raise MslmError(Errors.M521.format(name=self.name, value=value))
        self.cfg["temperature"] = float(value)

    def add_label(self, label: str) -> int:
        """Add an entity type. A trained network gets fresh outputs for it and keeps
        all that it has learnt; train on before you use it."""
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if label in self.cfg["labels"]:
            return 0
        self.cfg["labels"].append(label)
        if self.shim.network is not None:
            self.shim.network.add_labels([label])
            self.shim.forget()
        return 1

    # Prediction: clean text in, spans out

    def predict(self, docs: Iterable[Doc]) -> list[list[ScoredSpan]]:
        """Scored spans of each Doc. Reads words and sentences, no annotation."""
        _ = self.network
        if self.trf_data:
            return predict_with_vectors(self.model, list(docs))
        return predict_docs(self.model, list(docs))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate a stream, `batch_size` Docs at once or as many as hold about
        `WORDS_AT_ONCE` words: memory stays flat, however long they are."""
        handle = self.get_error_handler()
        for docs in by_words(stream, batch_size, WORDS_AT_ONCE):
            try:
                self.set_annotations(docs, self.predict(docs))
            except Exception as err:
                handle(self.name, self, docs, err)
            else:
                yield from docs

    def set_annotations(
        self, docs: Iterable[Doc], predictions: Sequence[Sequence[ScoredSpan]]
    ) -> None:
        """Set `doc.ents` or `doc.spans[spans_key]`, with the concept (`kb_id_`) of a
        form that has exactly one; confidences beside them."""
        docs, labels = list(docs), self.labels
        if isinstance(predictions, WithVectors):
            set_trf_data(docs, predictions.vectors, self.network.tokenizer)
        for doc, spans in zip(docs, predictions, strict=True):
            scored = [(s, tempered(s.score, self.temperature)) for s in spans]
            found = [
                (self._span(doc, s, labels), score)
                for s, score in scored
                if score >= self.threshold
            ]
            if self.spans_key is None:
                write_entities(doc, found, labels)
            else:
                write_spans(doc, self.spans_key, found, labels)

    def _span(self, doc: Doc, found: ScoredSpan, labels: Sequence[str]) -> Span:
        span = Span(doc, found.start, found.end, labels[found.label])
        span.kb_id_ = self.concepts.lookup(span.text)
        return span

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """The scorer's scores, of entities or of the spans under `spans_key`."""
        if self.scorer is None:
            return {}
        return self.scorer(
            examples, spans_key=self.spans_key, labels=self.labels, **kwargs
        )

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
            read_annotations(examples, self.labels, self.spans_key),
            self.settings.masking if network.mlm is not None else None,
            seed=self.settings.seed,
            update=self.cfg["updates"],
        )
        self.cfg["updates"] += 1
        parts = step(network, batch, self.objective)
        total = parts.total(self.settings.loss_weights)
        self.shim.backward(total)
        if sgd not in (None, False):
            self.finish_update(sgd)
        add_losses(losses, self.name, parts, float(total.detach()))
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Any) -> tuple[float, Any]:
        """Not used: `update` computes the losses with their gradients."""
        raise MslmError(Errors.M502.format(name=self.name))

    @property
    def objective(self) -> Objective:
        return self.settings.objective(MaskWeights(**self.cfg["mask_weights"]))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
        concepts: str | None = None,
    ) -> None:
        """Read the encoder, fix the labels, count the masks that weigh them (eq. 2).

        labels (Optional[Sequence[str]]): taken from the examples where not given.
        concepts (Optional[str]): folder of `concepts build`, whose names give `kb_id_`.
        Raises M403-M407 for the encoder, M503 where no label is found.
        """
        validate_get_examples(get_examples, "MslmNer.initialize")
        for label in labels or entity_labels(get_examples(), self.spans_key):
            if label not in self.cfg["labels"]:
                self.cfg["labels"].append(label)
        if not self.labels:
            raise MslmError(Errors.M503.format(name=self.name))
        if self.settings.detection_view == "masked":
            logger.warning(Notes.N503.format(name=self.name))
        self.cfg.update(temperature=1.0, updates=0)
        self._place(start_network(self.settings, self.labels))
        examples = with_sentences(get_examples(), nlp)
        weights = count_mask_weights(
            self.settings, self.network, examples, self.spans_key
        )
        self.cfg["mask_weights"] = asdict(weights)
        self.concepts = ConceptIds()
        if concepts is not None:
            forms = entity_forms(get_examples(), self.spans_key)
            self.concepts = ConceptIds.from_folder(concepts, forms)
        logger.info(Notes.N501.format(name=self.name, **self.cfg["mask_weights"]))

    def _place(self, network: MslmNetwork) -> None:
        network.precision = self.settings.precision
        self.shim.network = network.to(get_torch_default_device())
        self.fit_listeners()
