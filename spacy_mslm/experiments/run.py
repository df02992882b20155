"""One run, from its spec to its result."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ..nn import Annotation, MslmNetwork, ScoredSpan
from ..nn.precision import uses_bfloat16
from ..runners.provenance import git_commit, machine, versions
from .data import DataSet, Sentence
from .gold_masked_protocol import gold_masked_scores
from .masks import Text, uses_masks
from .measure import find, measure, quick
from .spec import RunSpec
from .terms import Mentions
from .training import Course, make_network, train

# Points of the curve of a run, and how many sentences of dev each reads at most.
POINTS, POINT_SENTENCES = 8, 300
# A span below this confidence says nothing for sure in self-training.
CERTAIN = 0.8
# What of a course's losses is kept: the mean of each so many updates.
KEPT_LOSSES = 20

Say = Callable[[str], None]


def run(
    spec: RunSpec, data: DataSet, *, trials: int = 0, say: Say = print
) -> dict[str, Any]:
    """Train, measure, and give the line that is kept. `trials`: how many runs of its
    arm were looked at on dev before, this one included; `say`: told of progress.

    RETURNS (dict): counts, scores and settings, no text.
    Raises MslmError: M403-M407 for the encoder.
    """
    labelled, plain = data.labelled(spec.share, spec.seed)
    gold = [data.train[i] for i in labelled]
    rest = [data.train[i] for i in plain]
    network = make_network(spec, data.labels)
    curve: list[dict[str, float]] = []
    course = train(
        spec, network, _text(spec, gold, rest), _watch(spec, network, data, curve, say)
    )
    if spec.pseudo_updates:
        network, more = _student(spec, network, gold, rest)
        some = _part(data.dev)
        last = {"update": spec.updates + spec.pseudo_updates, **quick(network, some)}
        curve.append(last)
        course.seconds += more.seconds
        course.words += more.words
        course.words_encoded += more.words_encoded
    seen = [text for sentence in gold for text in sentence.surfaces()]
    say(f"{spec.data} {spec.arm} seed {spec.seed}: measuring")
    splits = {"dev": data.dev, **({"test": data.test} if spec.test else {})}
    scores = {
        name: measure(network, sentences, seen, masked=uses_masks(spec))
        for name, sentences in splits.items()
    }
    if spec.gold_masked:
        scores["gold_masked"] = gold_masked_scores(
            network,
            data.test if spec.test else data.dev,
            entity_rate=spec.entity_rate,
            base_rate=spec.base_rate,
        )
    return {
        "id": spec.id,
        "spec": spec.to_dict(),
        "data_hash": data.hash,
        "labels": list(data.labels),
        "labelled": {"sentences": len(gold), "words": _words(gold)},
        "plain": {"sentences": len(rest), "words": _words(rest)},
        "curve": curve,
        **_course(course),
        **scores,
        "trials": trials,
        "provenance": provenance(network),
    }


def provenance(network: MslmNetwork) -> dict[str, Any]:
    """Commit, versions, machine, device, and what was calculated in."""
    half = uses_bfloat16(network.precision, network.device)
    gpu = torch.cuda.is_available()
    return {
        "commit": git_commit(),
        "versions": versions(),
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "precision": "bfloat16" if half else "float32",
        "device": torch.cuda.get_device_name() if gpu else "cpu",
    }


def _text(spec: RunSpec, gold: Sequence[Sentence], rest: Sequence[Sentence]) -> Text:
    """Plain text only where something is learnt from it."""
    if not uses_masks(spec) or not (spec.plain_words or spec.stage_updates):
        return Text(gold)
    mentions = Mentions.of(gold)
    terms = spec.terms == "seen"
    plain = [
        Sentence(s.doc, tuple(mentions.find(s.doc.words)) if terms else ())
        for s in rest
    ]
    return Text(gold, plain)


def _watch(
    spec: RunSpec,
    network: MslmNetwork,
    data: DataSet,
    curve: list[dict[str, float]],
    say: Say,
) -> Callable[[int], None]:
    updates = spec.updates - spec.stage_updates
    some = _part(data.dev)
    points = {round(updates * n / POINTS) for n in range(1, POINTS + 1)}

    def watch(update: int) -> None:
        if update in points:
            scores = quick(network, some)
            curve.append({"update": update + spec.stage_updates, **scores})
            say(
                f"{spec.data} {spec.arm} seed {spec.seed}: update {update} of "
                f"{updates}, F1 on part of dev {100 * scores['f']:.1f}"
            )

    return watch


def _part(sentences: Sequence[Sentence]) -> Sequence[Sentence]:
    """Evenly spread, the same in all runs: enough for a point of a curve."""
    return sentences[:: -(-len(sentences) // POINT_SENTENCES)]


def _student(
    spec: RunSpec,
    teacher: MslmNetwork,
    gold: Sequence[Sentence],
    rest: Sequence[Sentence],
) -> tuple[MslmNetwork, Course]:
    """A fresh network, trained as the first was, on gold and on what the teacher found
    in the plain text (self-training, Scudder 1965)."""
    found = find(teacher, rest)
    pseudo = [
        (sentence, _certain(len(sentence.doc.words), spans))
        for sentence, spans in zip(rest, found, strict=True)
    ]
    student = make_network(spec, teacher.labels)
    told = {**spec.to_dict(), "updates": spec.pseudo_updates, "stage_updates": 0}
    course = train(RunSpec.from_dict(told), student, Text(gold, pseudo=pseudo))
    return student, course


def _certain(n_words: int, spans: Sequence[ScoredSpan]) -> Annotation:
    """Confident spans as entities; words of the others are unknown."""
    known = np.ones(n_words, dtype=bool)
    for span in spans:
        if span.score < CERTAIN:
            known[span.start : span.end] = False
    sure = tuple((s.start, s.end, s.label) for s in spans if s.score >= CERTAIN)
    return Annotation(sure, known)


def _course(course: Course) -> dict[str, Any]:
    size = max(len(course.losses) // KEPT_LOSSES, 1)
    chunks = [course.losses[i : i + size] for i in range(0, len(course.losses), size)]
    losses = [
        {
            name: round(float(np.mean([row[name] for row in chunk])), 5)
            for name in chunk[0]
        }
        for chunk in chunks
    ]
    return {
        "masked": course.masked,
        "weights": course.weights,
        "seconds": round(course.seconds, 1),
        "words_trained": course.words,
        "words_encoded": round(course.words_encoded),
        "losses": losses,
    }


def _words(sentences: Sequence[Sentence]) -> int:
    return sum(len(sentence.doc.words) for sentence in sentences)
