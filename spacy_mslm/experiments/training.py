"""Training a network as a spec says: masked-LM first if asked for, then entities."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, get_args

import numpy as np
import torch

from ..errors import Errors, MslmError
from ..masking import (
    EQUAL,
    JointMasking,
    SpanMasking,
    TermMasking,
    TokenMasking,
    Weighting,
    mask_weights,
)
from ..nn import (
    Annotation,
    HeadSettings,
    LossWeights,
    MslmNetwork,
    Objective,
    count_kinds,
    load_encoder,
    make_batch,
    parameter_groups,
    step,
    warmup_linear,
)
from ..nn.adapting.epochs import updates_from
from ..types import Corruption, Masker, MaskWeights
from .data import Sentence
from .spec import RunSpec
from .terms import Mentions

MAX_PIECES, MAX_BATCH_PIECES = 128, 4096
WEIGHT_DECAY, CLIP = 0.01, 1.0
COUNTED_AT_ONCE = 256
# Added to the seed: another order for plain text, masks of another stage.
PLAIN, STAGE = 1_000_003, 2_000_003


@dataclass(frozen=True)
class Text:
    """What a run learns from. `labelled`: with their gold; `plain`: sentences whose
    spans are what counts as a term in them, of which no entity loss hears; `pseudo`:
    with what a trained network found, and which words of it are certain."""

    labelled: Sequence[Sentence]
    plain: Sequence[Sentence] = ()
    pseudo: Sequence[tuple[Sentence, Annotation]] = ()


@dataclass
class Course:
    """How training went: masked pieces of each kind in one pass over the text, the
    weights of their errors, seconds without measurements, words read with labels."""

    masked: dict[str, int] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    words: int = 0
    losses: list[dict[str, float]] = field(default_factory=list)


# Called after an update with its number from 1; measures, if it is time to.
Watch = Callable[[int], None]


def make_network(spec: RunSpec, labels: Sequence[str]) -> MslmNetwork:
    """Encoder and fresh heads, drawn by the seed, on a GPU where there is one."""
    torch.manual_seed(spec.seed)
    loaded = load_encoder(spec.encoder)
    heads = HeadSettings(none_class=spec.none_class)
    mlm = loaded.mlm if uses_masks(spec) else None
    network = MslmNetwork(
        loaded.encoder, loaded.tokenizer, labels, mlm=mlm, heads=heads
    )
    network.precision = spec.precision  # type: ignore[assignment]
    network.dropout.p = spec.dropout
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


def uses_masks(spec: RunSpec) -> bool:
    return spec.strategy != "none"


def make_masker(spec: RunSpec) -> Masker | None:
    """Joint masking at its rates; token and span masking as many pieces as it would."""
    joint = JointMasking(
        entity=TermMasking(rate=spec.entity_rate),
        base=TokenMasking(rate=spec.base_rate),
    )
    if spec.strategy == "token":
        return TokenMasking(budget=joint)
    if spec.strategy == "span":
        return SpanMasking(budget=joint)
    return joint if spec.strategy == "joint" else None


def train(
    spec: RunSpec, network: MslmNetwork, text: Text, watch: Watch | None = None
) -> Course:
    """The stage of masked-LM, then the updates with labels. Changes the network.

    The two make `spec.updates` updates. Batches are a function of the seed and epoch,
    masks of seed, update and text; dropout is drawn from torch's generator.
    """
    masker = make_masker(spec)
    course = Course()
    weights = _count(spec, network, text, masker, course) if masker else EQUAL
    objective = _objective(spec, weights)
    every = [*text.labelled, *text.plain]
    if spec.stage_updates and masker:
        unlabelled = ((s, terms_alone(s)) for s in every)
        stage = _Stage(network, objective, masker, spec.seed + STAGE)
        batches = _batches(list(unlabelled), spec.batch_words, spec.seed + STAGE)
        stage.run(batches, spec.stage_updates, spec.stage_learn_rate, spec, course)
    main = _Stage(network, objective, masker, spec.seed)
    batches = _with_plain(spec, network, text, masker)
    updates = spec.updates - spec.stage_updates
    main.run(batches, updates, spec.learn_rate, spec, course, watch)
    return course


Pair = tuple[Sentence, Annotation]


class _Stage:
    """An optimizer of its own, and as many updates as it is told to make."""

    def __init__(
        self,
        network: MslmNetwork,
        objective: Objective,
        masker: Masker | None,
        seed: int,
    ) -> None:
        self.network = network
        self.objective = objective
        self.masker = masker
        self.seed = seed

    def run(
        self,
        batches: Iterator[Sequence[Pair]],
        updates: int,
        rate: float,
        spec: RunSpec,
        course: Course,
        watch: Watch | None = None,
    ) -> None:
        groups = parameter_groups(
            self.network, heads_learn_rate=spec.heads_learn_rate, layer_decay=1.0
        )
        for group in groups:
            group["weight_decay"] = WEIGHT_DECAY if group["decays"] else 0.0
        optimizer = torch.optim.AdamW(groups, fused=True)
        for update, pairs in zip(range(updates), batches, strict=False):
            started = time.perf_counter()
            share = warmup_linear(update, warmup=spec.warmup, total=updates)
            for group in optimizer.param_groups:
                group["lr"] = rate * share * group["rate"]
            parts = self._step(pairs, update if spec.dynamic else 0)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            course.losses.append(parts)
            course.seconds += time.perf_counter() - started
            course.words += sum(len(s.doc.words) for s, a in pairs if a.known.any())
            if watch is not None:
                watch(update + 1)

    def _step(self, pairs: Sequence[Pair], update: int) -> dict[str, float]:
        batch = make_batch(
            self.network.tokenizer,
            [sentence.doc for sentence, _ in pairs],
            [annotation for _, annotation in pairs],
            self.masker,
            seed=self.seed,
            update=update,
        )
        parts = step(self.network, batch, self.objective)
        total = parts.total(self.objective.loss_weights)
        total.backward()
        named = {"mslm": parts.mslm, "detection": parts.detection}
        named |= {"classification": parts.classification}
        return {name: float(value.detach()) for name, value in named.items()}


def _batches(pairs: Sequence[Pair], words: int, seed: int) -> Iterator[Sequence[Pair]]:
    """Batches of about so many words, of like length, epoch after epoch."""
    sizes = np.array([len(sentence.doc.words) for sentence, _ in pairs])
    for _, rows in updates_from(0, sizes, words=words, seed=seed):
        yield [pairs[i] for i in rows]


def _with_plain(
    spec: RunSpec, network: MslmNetwork, text: Text, masker: Masker | None
) -> Iterator[Sequence[Pair]]:
    """Labelled batches, mentions swapped if asked for, and beside each a batch of
    plain text (for the masked view) and one of pseudo-labelled text."""
    kinds = {label: i for i, label in enumerate(network.labels)}
    mentions = Mentions.of(text.labelled)
    gold = [(s, gold_annotation(s, kinds)) for s in text.labelled]
    labelled = _batches(gold, spec.batch_words, spec.seed)
    others: Iterator[Sequence[Pair]] = repeat(())
    if text.pseudo:
        others = _batches(text.pseudo, spec.batch_words, spec.seed + PLAIN)
    elif masker is not None and spec.plain_words and text.plain:
        plain = [(s, terms_alone(s)) for s in text.plain]
        others = _batches(plain, spec.plain_words, spec.seed + PLAIN)
    for update, (chosen, more) in enumerate(zip(labelled, others, strict=False)):
        if spec.swap:
            swapped = [
                mentions.swap(s, spec.swap, (spec.seed, update)) for s, _ in chosen
            ]
            chosen = [(s, gold_annotation(s, kinds)) for s in swapped]
        yield [*chosen, *more]


def gold_annotation(sentence: Sentence, kinds: dict[str, int]) -> Annotation:
    """All of it known. Types that training does not know are left out."""
    spans = tuple((s, e, kinds[k]) for s, e, k in sentence.spans if k in kinds)
    return Annotation(spans, np.ones(len(sentence.doc.words), dtype=bool))


def terms_alone(sentence: Sentence) -> Annotation:
    """Spans as terms to mask; nothing of them is known to the entity losses."""
    spans = tuple((s, e, 0) for s, e, _ in sentence.spans)
    return Annotation(spans, np.zeros(len(sentence.doc.words), dtype=bool))


def _count(
    spec: RunSpec, network: MslmNetwork, text: Text, masker: Masker, course: Course
) -> MaskWeights:
    """eq. 2-5 over the text that is masked, as the first pass would mask it."""
    pairs = [(s, terms_alone(s)) for s in (*text.labelled, *text.plain)]
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
    weights = weights_of(spec.weighting, n_entity, n_base)
    course.masked = {"entity": n_entity, "base": n_base}
    course.weights = {"entity": weights.entity, "base": weights.base}
    return weights


def weights_of(weighting: str, n_entity: int, n_base: int) -> MaskWeights:
    """eq. 2-5, or a term's error so many times a generic word's. Raises M802."""
    if weighting.isdecimal():
        ratio = int(weighting)
        return MaskWeights(base=1 / (1 + ratio), entity=ratio / (1 + ratio))
    named: dict[str, Weighting] = {name: name for name in get_args(Weighting)}
    if weighting not in named:
        message = Errors.M802.format(
            place="spec", key="weighting", wanted=" or ".join(named), value=weighting
        )
        raise MslmError(message)
    return mask_weights(n_entity, n_base, named[weighting])


def _objective(spec: RunSpec, weights: MaskWeights) -> Objective:
    shown: Any = spec.detection_view if uses_masks(spec) else "clean"
    return Objective(
        mask_weights=weights,
        loss_weights=LossWeights(
            mslm=spec.mslm_weight, detection=1.0, classification=1.0
        ),
        max_pieces=MAX_PIECES,
        max_batch_pieces=MAX_BATCH_PIECES,
        detection_view=shown,
        corruption=Corruption(1 - spec.random - spec.keep, spec.random, spec.keep),
        masked_share=spec.masked_share,
    )
