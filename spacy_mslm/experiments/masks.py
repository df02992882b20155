"""What is masked in a run, and what its errors weigh."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..corpus.pmi import LONGEST, collocations
from ..masking import (
    JointMasking,
    PmiMasking,
    SpanMasking,
    TermMasking,
    TokenMasking,
    mask_weights,
)
from ..nn import Annotation, MslmNetwork, count_kinds, make_batch
from ..types import Masker, MaskWeights
from .data import Sentence
from .spec import RunSpec

COUNTED_AT_ONCE = 256
PMI_COUNT = 5

Pair = tuple[Sentence, Annotation]


@dataclass(frozen=True)
class Text:
    """What a run learns from. `labelled`: with their gold; `plain`: sentences whose
    spans are what counts as a term in them, of which no entity loss hears; `pseudo`:
    with what a trained network found, and which words of it are certain; `weak`: what
    is learnt before gold, its spans weak labels and its annotation what of them
    counts."""

    labelled: Sequence[Sentence]
    plain: Sequence[Sentence] = ()
    pseudo: Sequence[Pair] = ()
    weak: Sequence[Pair] = ()


def uses_masks(spec: RunSpec) -> bool:
    return spec.strategy != "none"


def make_masker(spec: RunSpec, text: Text) -> Masker | None:
    """Joint masking at its rates; the other strategies as many pieces as it would. PMI
    masking takes its collocations from `text`."""
    joint = JointMasking(
        entity=TermMasking(rate=spec.entity_rate),
        base=TokenMasking(rate=spec.base_rate),
    )
    if spec.strategy == "token":
        return TokenMasking(budget=joint)
    if spec.strategy == "span":
        return SpanMasking(budget=joint)
    if spec.strategy == "pmi":
        return PmiMasking.of(_collocations(text), budget=joint)
    return joint if spec.strategy == "joint" else None


def _collocations(text: Text) -> list[tuple[str, ...]]:
    """Runs of 2 to 4 words seen five times or more, of a PMI above 0 (algorithm 2)."""
    sentences = [*text.labelled, *text.plain, *(s for s, _ in text.weak)]
    found = collocations(
        [s.doc.words for s in sentences], min_count=PMI_COUNT, longest=LONGEST
    )
    return [c.words for c in found if c.pmi > 0]


def count_weights(
    spec: RunSpec, network: MslmNetwork, text: Text, masker: Masker
) -> tuple[dict[str, int], MaskWeights]:
    """Masked pieces of each kind, and eq. 2-5 of them, over the text that is masked, as
    the first pass would mask it, each part as often as training reads it."""
    labelled = _count_kinds(spec, network, text.labelled, masker)
    plain = _count_kinds(spec, network, text.plain, masker)
    n_entity, n_base = (
        a + round(b * _plain_share(spec, text))
        for a, b in zip(labelled, plain, strict=True)
    )
    counts = {"entity": n_entity, "base": n_base}
    return counts, weights_of(spec.weighting, n_entity, n_base)


def _plain_share(spec: RunSpec, text: Text) -> float:
    """How much of the plain text is read while all labelled text is read once; a stage
    reads the one as often as the other."""
    if not (spec.plain_words and text.plain):
        return 1.0
    labelled, plain = (
        sum(len(s.doc.words) for s in part) for part in (text.labelled, text.plain)
    )
    return spec.plain_words / spec.batch_words * labelled / plain


def _count_kinds(
    spec: RunSpec, network: MslmNetwork, sentences: Sequence[Sentence], masker: Masker
) -> tuple[int, int]:
    pairs = [(s, terms_alone(s)) for s in sentences]
    n_entity = n_base = 0
    for first in range(0, len(pairs), COUNTED_AT_ONCE):
        chunk = pairs[first : first + COUNTED_AT_ONCE]
        batch = make_batch(
            network.tokenizer,
            [s.doc for s, _ in chunk],
            [a for _, a in chunk],
            masker,
            seed=spec.seed,
            update=0,
        )
        entity, base = count_kinds(batch)
        n_entity, n_base = n_entity + entity, n_base + base
    return n_entity, n_base


def weights_of(weighting: str, n_entity: int, n_base: int) -> MaskWeights:
    """eq. 2-5, or a term's error so many times a generic word's. Raises M410."""
    return mask_weights(n_entity, n_base, weighting_of(weighting))


def weighting_of(text: str) -> Any:
    """A weighting from a spec: its name, or a number."""
    return int(text) if text.isdecimal() else text


def terms_alone(sentence: Sentence) -> Annotation:
    """Spans as terms to mask; nothing of them is known to the entity losses."""
    spans = tuple((s, e, 0) for s, e, _ in sentence.spans)
    return Annotation(spans, np.zeros(len(sentence.doc.words), dtype=bool))
