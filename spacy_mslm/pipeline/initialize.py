"""What `initialize` needs: labels, a network around an encoder, sentence marks."""

from collections.abc import Iterable, Iterator, Sequence

from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example
from spacy.util import logger

from ..errors import Errors, MslmError, Notes
from ..nn import MslmNetwork, longest_window
from .sentences import ClinicalSentences
from .settings import SMALLEST_WINDOW, ModelSettings, ScratchSource


def entity_labels(examples: Iterable[Example], spans_key: str | None) -> list[str]:
    """The labels of the examples' references, sorted: of their entities, or of their
    spans under `spans_key` where they have that group."""
    return sorted({span.label_ for span in _annotated(examples, spans_key)})


def entity_forms(examples: Iterable[Example], spans_key: str | None) -> Iterator[str]:
    """The texts of the same entities or spans."""
    return (span.text for span in _annotated(examples, spans_key))


def _annotated(examples: Iterable[Example], spans_key: str | None) -> Iterator[Span]:
    for example in examples:
        reference = example.reference
        if spans_key is not None and spans_key in reference.spans:
            yield from reference.spans[spans_key]
        else:
            yield from reference.ents


def start_network(settings: ModelSettings, labels: Sequence[str]) -> MslmNetwork:
    """The encoder with fresh entity heads; an MLM head if there is a masked view.

    Raises MslmError: M408 for windows longer than the encoder's positions, M403-M407.
    """
    loaded = settings.encoder.load()
    longest = longest_window(loaded.encoder) or settings.max_pieces
    if settings.max_pieces > longest:
        raise MslmError(
            Errors.M408.format(
                name="max_pieces",
                low=SMALLEST_WINDOW,
                high=longest,
                value=settings.max_pieces,
            )
        )
    if isinstance(settings.encoder, ScratchSource):
        number = sum(p.numel() for p in loaded.encoder.parameters())
        logger.info(Notes.N505.format(number=number, **vars(settings.encoder)))
    elif settings.masking is not None and not loaded.pretrained_mlm:
        logger.info(Notes.N502.format(source=settings.encoder.source))
    mlm = loaded.mlm if settings.masking is not None else None
    return MslmNetwork(
        loaded.encoder, loaded.tokenizer, labels, mlm=mlm, heads=settings.heads
    )


def with_sentences(
    examples: Iterable[Example], nlp: Language | None
) -> Iterator[Example]:
    """The examples with the sentence marks that training will set (masks need them)."""
    pipes = [] if nlp is None else [pipe for _, pipe in nlp.pipeline]
    splitters = [pipe for pipe in pipes if isinstance(pipe, ClinicalSentences)]
    for example in examples:
        for splitter in splitters:
            splitter(example.predicted)
        yield example
