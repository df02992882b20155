"""Predictions on documents of a corpus, from clean text alone.

The pipeline gets fresh Docs made of text, or of the given words; what the corpus says
of them stays on this side, and is compared by character offsets.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ...corpus.docs import GOLD, read_docs
from ...errors import Errors, MslmError
from ...pipeline.confidence import confidence
from ...scoring.unseen import GoldMention
from .confidences import Scored, raw_confidences

# Longest text in characters; spaCy's own limit of a million is about its parser.
MAX_LENGTH = 10**9
WEAK = "MedCAT labels"

Mentions = list[GoldMention]


@dataclass
class Held:
    """What the corpus says of the documents, kept from the model, in their order."""

    weak: list[Mentions] = field(default_factory=list)
    gold: list[Mentions | None] = field(default_factory=list)  # None: not annotated
    patients: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Reference:
    """What predictions are measured by: of the documents numbered `documents` their
    `mentions`, gold where any document of the split is annotated, else weak."""

    documents: list[int]
    mentions: list[Mentions]
    is_gold: bool

    @property
    def against(self) -> str:
        return "gold" if self.is_gold else WEAK

    def of(self, found: Sequence[Any]) -> list[Any]:
        """What belongs to the documents of the reference."""
        return [found[i] for i in self.documents]


def load_pipeline(model: str | Path) -> Language:
    """The pipeline of a folder or package name, ready for long texts."""
    try:
        nlp = spacy.load(model)
    except MslmError:
        raise
    except (OSError, ValueError, KeyError) as err:
        reason = (str(err).splitlines() or [type(err).__name__])[0][:200]
        raise MslmError(Errors.M741.format(model=model, reason=reason)) from err
    nlp.max_length = MAX_LENGTH
    return nlp


def predict(nlp: Language, docs: Iterable[Doc], held: Held) -> Iterator[Mentions]:
    """The entities that `nlp` finds in each text, `held` being filled on the way.

    Nothing but text, or words where a Doc knows no spaces, reaches `nlp`: no Doc, no
    user data and no context of the corpus.
    """
    for scored in predict_scored(nlp, docs, held):
        yield [mention for mention, _ in scored]


def predict_scored(
    nlp: Language, docs: Iterable[Doc], held: Held
) -> Iterator[list[Scored]]:
    """The same, each entity with the confidence that `nlp` shows for it."""
    for found in nlp.pipe(_fresh(nlp, docs, held)):
        yield [(_mention(entity), confidence(entity)) for entity in found.ents]


def _fresh(nlp: Language, docs: Iterable[Doc], held: Held) -> Iterator[Doc]:
    for doc in docs:
        held.weak.append([_mention(entity) for entity in doc.ents])
        held.gold.append(_gold(doc))
        if patient := doc.user_data.get("patient_id"):
            held.patients.add(patient)
        yield fresh_doc(nlp, doc)


def fresh_doc(nlp: Language, doc: Doc) -> Doc:
    """A Doc of the same text, or words where no spaces are known, and nothing else."""
    if doc.has_unknown_spaces:
        return Doc(nlp.vocab, words=[token.text for token in doc])
    return nlp.make_doc(doc.text)


def _gold(doc: Doc) -> Mentions | None:
    if GOLD not in doc.spans:
        return None
    group = doc.spans[GOLD]
    lost = [
        (start, end, label, doc.text[start:end])
        for start, end, label in group.attrs.get("misaligned", ())
    ]
    return [_mention(span) for span in group] + lost


def _mention(span: Span) -> GoldMention:
    return span.start_char, span.end_char, span.label_, span.text


def predict_raw(
    nlp: Language, docs: Path, on_note: Callable[[], None] = lambda: None
) -> tuple[Held, list[list[Scored]]]:
    """What the corpus says of the documents in a folder, and every entity that `nlp`
    finds in their text, whatever its threshold, with its confidence at T = 1."""
    held, found = Held(), []
    with raw_confidences(nlp):
        for scored in predict_scored(nlp, read_docs(docs, fresh_vocab()), held):
            found.append(scored)
            on_note()
    return held, found


def reference_of(held: Held, about: dict[str, Any]) -> Reference:
    """Gold of the annotated documents if the corpus (its manifest is `about`) has gold
    and any document here is annotated, else the weak labels of all."""
    annotated = [i for i, mentions in enumerate(held.gold) if mentions is not None]
    if bool(about.get("has_gold", annotated)) and annotated:
        gold = [held.gold[i] or [] for i in annotated]
        return Reference(annotated, gold, is_gold=True)
    return Reference(list(range(len(held.weak))), held.weak, is_gold=False)


def fresh_vocab() -> Vocab:
    """A vocabulary of its own, so that the model's learns no label of the corpus."""
    return spacy.blank("en").vocab
