"""Training a network as a spec says: masked-LM first if asked for, then entities."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

import numpy as np
import torch

from ..masking import EQUAL
from ..nn import (
    Annotation,
    Batch,
    HeadSettings,
    LossWeights,
    MslmNetwork,
    Objective,
    load_encoder,
    make_batch,
    parameter_groups,
    step,
    warmup_linear,
)
from ..nn.adapting.epochs import updates_from
from ..types import Corruption, Masker
from .data import Sentence
from .masks import Pair, Text, count_weights, make_masker, terms_alone, uses_masks
from .spec import RunSpec
from .terms import Mentions

MAX_PIECES, MAX_BATCH_PIECES = 128, 4096
WEIGHT_DECAY, CLIP = 0.01, 1.0
# Added to the seed: another order for plain text, masks of another stage.
PLAIN, STAGE, WEAK = 1_000_003, 2_000_003, 3_000_017


@dataclass
class Course:
    """How training went: masked pieces of each kind in one pass over the text, the
    weights of their errors, both those of the last stage, seconds without measurements,
    words read with labels, words that went through the encoder, both views counted, and
    updates that were watched."""

    masked: dict[str, int] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    words: int = 0
    words_encoded: float = 0.0
    losses: list[dict[str, float]] = field(default_factory=list)
    watched: int = 0


# Called after an update with its number from 1; measures, if it is time to.
Watch = Callable[[int], None]


def make_network(spec: RunSpec, labels: Sequence[str]) -> MslmNetwork:
    """Encoder and fresh heads, drawn by the seed, on a GPU where there is one."""
    torch.manual_seed(spec.seed)
    loaded = load_encoder(spec.encoder)
    decoder: Any = spec.decoder
    heads = HeadSettings(none_class=spec.none_class, decoder=decoder)
    mlm = loaded.mlm if uses_masks(spec) else None
    network = MslmNetwork(
        loaded.encoder, loaded.tokenizer, labels, mlm=mlm, heads=heads
    )
    network.precision = spec.precision  # type: ignore[assignment]
    network.dropout.p = spec.dropout
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


def encoder_hash(network: MslmNetwork) -> str:
    """Of the encoder's weights: two encoders of one name are not one."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def train(
    spec: RunSpec, network: MslmNetwork, text: Text, watch: Watch | None = None
) -> Course:
    """The stage of masked-LM, then weak labels, then gold. Changes the network.

    The three make `spec.updates` updates; `watch` counts those of the last two. Batches
    are a function of the seed and epoch, masks of seed, update and text; dropout is
    drawn from torch's generator.
    """
    masker = make_masker(spec, text)
    course = Course()
    if spec.stage_updates and masker:
        every = [*text.labelled, *text.plain]
        # The stage reads every masked row, whatever share the entities' updates do.
        objective = replace(
            _objective(spec, network, masker, text, course), masked_share=1.0
        )
        stage = _Stage(network, objective, masker, spec.seed + STAGE, spec.dynamic)
        unlabelled = [(s, terms_alone(s)) for s in every]
        batches = _batches(unlabelled, spec.batch_words, spec.seed + STAGE)
        stage.run(batches, spec.stage_updates, spec.stage_learn_rate, spec, course)
    if spec.weak_updates:
        weak = Text([sentence for sentence, _ in text.weak])
        objective = _objective(spec, network, masker, weak, course)
        stage = _Stage(network, objective, masker, spec.seed + WEAK, spec.dynamic)
        batches = _batches(text.weak, spec.batch_words, spec.seed + WEAK)
        batches = _swapped(spec, network, batches, weak.labelled)
        stage.run(batches, spec.weak_updates, spec.learn_rate, spec, course, watch)
    if spec.gold_updates:
        objective = _objective(spec, network, masker, text, course)
        main = _Stage(network, objective, masker, spec.seed, spec.dynamic)
        batches = _with_plain(spec, network, text, masker)
        main.run(batches, spec.gold_updates, spec.learn_rate, spec, course, watch)
    return course


class _Stage:
    """An optimizer of its own, and as many updates as it is told to make."""

    def __init__(
        self,
        network: MslmNetwork,
        objective: Objective,
        masker: Masker | None,
        seed: int,
        dynamic: bool,
    ) -> None:
        self.network = network
        self.objective = objective
        self.masker = masker
        self.seed = seed
        self.dynamic = dynamic

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
            parts = self._step(pairs, update, course)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            course.losses.append(parts)
            course.seconds += time.perf_counter() - started
            course.words += sum(len(s.doc.words) for s, a in pairs if a.known.any())
            if watch is not None:
                course.watched += 1
                watch(course.watched)

    def _step(
        self, pairs: Sequence[Pair], update: int, course: Course
    ) -> dict[str, float]:
        batch = make_batch(
            self.network.tokenizer,
            [sentence.doc for sentence, _ in pairs],
            [annotation for _, annotation in pairs],
            self.masker,
            seed=self.seed,
            update=update if self.dynamic else 0,
        )
        # Static masks: all else is drawn anew in each update.
        batch = replace(batch, key=(self.seed, update))
        parts = step(self.network, batch, self.objective)
        course.words_encoded += self._encoded(batch)
        total = parts.total(self.objective.loss_weights)
        total.backward()
        named = {"mslm": parts.mslm, "detection": parts.detection}
        named |= {"classification": parts.classification}
        return {name: float(value.detach()) for name, value in named.items()}

    def _encoded(self, batch: Batch) -> float:
        """Words through the encoder: what is masked, and what entities are read in."""
        sizes = np.array([len(doc.words) for doc in batch.docs])
        known = np.array([bool(a.known.any()) for a in batch.annotations])
        read = known * float(self.objective.detection_view != "masked")
        if batch.kinds is not None:
            masked = np.array([bool(kinds.any()) for kinds in batch.kinds])
            read = read + self.objective.masked_share * masked
        return float(sizes @ read)


def _batches(pairs: Sequence[Pair], words: int, seed: int) -> Iterator[Sequence[Pair]]:
    """Batches of about so many words, of like length, epoch after epoch."""
    sizes = np.array([len(sentence.doc.words) for sentence, _ in pairs])
    for _, rows in updates_from(0, sizes, words=words, seed=seed):
        yield [pairs[i] for i in rows]


def _with_plain(
    spec: RunSpec, network: MslmNetwork, text: Text, masker: Masker | None
) -> Iterator[Sequence[Pair]]:
    """Labelled batches, and beside each a batch of plain text (for the masked view) and
    one of pseudo-labelled text."""
    kinds = _kinds(network)
    gold = [(s, gold_annotation(s, kinds)) for s in text.labelled]
    labelled = _batches(gold, spec.batch_words, spec.seed)
    labelled = _swapped(spec, network, labelled, text.labelled)
    others: Iterator[Sequence[Pair]] = repeat(())
    if text.pseudo:
        others = _batches(text.pseudo, spec.batch_words, spec.seed + PLAIN)
    elif masker is not None and spec.plain_words and text.plain:
        plain = [(s, terms_alone(s)) for s in text.plain]
        others = _batches(plain, spec.plain_words, spec.seed + PLAIN)
    for chosen, more in zip(labelled, others, strict=False):
        yield [*chosen, *more]


def _swapped(
    spec: RunSpec,
    network: MslmNetwork,
    batches: Iterator[Sequence[Pair]],
    sentences: Sequence[Sentence],
) -> Iterator[Sequence[Pair]]:
    """Batches, their mentions replaced by others of `sentences` if it is asked for;
    where not all words are known, no word may move."""
    kinds, mentions = _kinds(network), Mentions.of(sentences)
    for update, pairs in enumerate(batches):
        if spec.swap:
            key = (spec.seed, update)
            pairs = [
                (new := mentions.swap(s, spec.swap, key), gold_annotation(new, kinds))
                if annotation.known.all()
                else (s, annotation)
                for s, annotation in pairs
            ]
        yield pairs


def _kinds(network: MslmNetwork) -> dict[str, int]:
    return {label: i for i, label in enumerate(network.labels)}


def gold_annotation(sentence: Sentence, kinds: dict[str, int]) -> Annotation:
    """All of it known. Types that training does not know are left out."""
    spans = tuple((s, e, kinds[k]) for s, e, k in sentence.spans if k in kinds)
    return Annotation(spans, np.ones(len(sentence.doc.words), dtype=bool))


def _objective(
    spec: RunSpec,
    network: MslmNetwork,
    masker: Masker | None,
    text: Text,
    course: Course,
) -> Objective:
    """What is learnt from `text`; its masks and their weights are noted in `course`."""
    weights = EQUAL
    if masker is not None:
        course.masked, weights = count_weights(spec, network, text, masker)
        course.weights = {"entity": weights.entity, "base": weights.base}
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
