"""One run, from its spec to its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..errors import Errors, MslmError
from ..nn import Annotation, MslmNetwork, ScoredSpan
from ..nn.precision import uses_bfloat16
from ..runners.provenance import git_commit, machine, versions
from .data import DataSet, Sentence
from .gold_masked_protocol import gold_masked_scores
from .masks import Pair, Text, uses_masks
from .measure import find, measure, named, quick, score_all
from .spec import RunSpec
from .statistics import statistics
from .terms import Mentions
from .training import Course, encoder_hash, make_network, train
from .weak import as_found, beside_the_labeller, weak_pairs, whole_source

# Points of the curve of a run, and how many sentences of dev each reads at most.
POINTS, POINT_SENTENCES = 8, 300
# A span below this confidence says nothing for sure in self-training.
CERTAIN = 0.8
# What of a course's losses is kept: the mean of each so many updates.
KEPT_LOSSES = 20

Say = Callable[[str], None]


def run(
    spec: RunSpec,
    data: DataSet,
    *,
    trials: int = 0,
    encoder: str = "",
    say: Say = print,
) -> dict[str, Any]:
    """Train, measure, and give the line that is kept. `trials`: how many runs of its
    arm were looked at on dev before, this one included; `encoder`: the hash that its
    weights must have, if any; `say`: told of progress.

    RETURNS (dict): counts, scores and settings, no text.
    Raises MslmError: M403-M407 for the encoder, M814 where it is another one, M813 for
    a run of "spacy".
    """
    if spec.system == "spacy":
        raise MslmError(Errors.M813.format(id=spec.id))
    corpus = Corpus.of(spec, data)
    course, curve = Course(), list[dict[str, float]]()
    network: MslmNetwork | None = None
    hashes = {"weak_hash": data.weak[spec.weak].hash} if spec.weak else {}
    if spec.system == "network":
        network = make_network(spec, data.labels)
        hashes["encoder_hash"] = checked_hash(spec, network, encoder)
        watch = _watch(spec, network, data, curve, say)
        course = train(spec, network, corpus.text(spec, network), watch)
        if spec.pseudo_updates:
            network, more = _student(spec, network, corpus)
            last = spec.updates + spec.pseudo_updates
            curve.append({"update": last, **quick(network, _part(data.dev))})
            course.seconds += more.seconds
            course.words += more.words
            # The teacher reads all of the other text once.
            course.words_encoded += more.words_encoded + _words(corpus.rest)
    say(f"{spec.data} {spec.arm} seed {spec.seed}: measuring")
    return {
        "id": spec.id,
        "spec": spec.to_dict(),
        "data_hash": data.hash,
        **hashes,
        "labels": list(data.labels),
        "labelled": {"sentences": len(corpus.gold), "words": _words(corpus.gold)},
        "plain": {"sentences": len(corpus.rest), "words": _words(corpus.rest)},
        "curve": curve,
        **_course(course),
        **_measured(spec, data, network, corpus.gold),
        "trials": trials,
        "provenance": provenance(network),
    }


def checked_hash(spec: RunSpec, network: MslmNetwork, wanted: str) -> str:
    """The hash of the encoder before training. Raises M814 if it is not `wanted`."""
    found = encoder_hash(network)
    if wanted not in ("", found):
        raise MslmError(
            Errors.M814.format(encoder=spec.encoder, found=found, wanted=wanted)
        )
    return found


def _measured(
    spec: RunSpec,
    data: DataSet,
    network: MslmNetwork | None,
    gold: Sequence[Sentence],
) -> dict[str, Any]:
    """The scores of each split, and what the spec asks for beside them."""
    if spec.system == "statistics":
        return {"dev": {}, "statistics": statistics(data)}
    seen = [text for sentence in gold for text in sentence.surfaces()]
    weak = data.weak[spec.weak] if spec.weak else None
    # Names that a spoilt terminology lacks are no discovery: the whole one counts.
    whole = data.weak[whole_source(spec.weak)] if spec.weak else None
    if weak is not None and not spec.share:
        read = [*weak.train, *(weak.notes if spec.notes else ())]
        seen = [text for sentence in read for text in sentence.surfaces()]
    masked = uses_masks(spec)
    made: dict[str, Any] = {}
    for split in ("dev", "test") if spec.test else ("dev",):
        sentences: list[Sentence] = getattr(data, split)
        lacks = whole.lacks[split] if whole else ()
        if network is not None:
            made[split] = measure(network, sentences, seen, masked=masked, lacks=lacks)
        else:
            found = as_found(getattr(weak, split))
            made[split] = score_all(sentences, found, seen, lacks)
    if network is not None and weak is not None and whole is not None and spec.test:
        labels = {"dev": weak.dev, "test": weak.test}
        made |= beside_the_labeller(network, data, labels, whole.lacks)
    if network is not None and spec.gold_masked:
        made["gold_masked"] = gold_masked_scores(
            network,
            data.test if spec.test else data.dev,
            entity_rate=spec.entity_rate,
            base_rate=spec.base_rate,
        )
    return made


@dataclass(frozen=True)
class Corpus:
    """The training sentences: `gold`, whose labels are used, and the `rest`, whose
    spans are weak labels or none, with the further notes where the spec takes them.
    `weak`: all of them as the labeller sees them."""

    gold: Sequence[Sentence]
    rest: Sequence[Sentence]
    weak: Sequence[Sentence]

    @classmethod
    def of(cls, spec: RunSpec, data: DataSet) -> "Corpus":
        labelled, others = data.labelled(spec.share, spec.seed)
        gold = [data.train[i] for i in labelled]
        if not spec.weak:
            return cls(gold, [Sentence(data.train[i].doc, ()) for i in others], ())
        found = data.weak[spec.weak]
        notes = found.notes if spec.notes else []
        rest = [found.train[i] for i in others]
        return cls(gold, [*rest, *notes], [*found.train, *notes])

    def text(self, spec: RunSpec, network: MslmNetwork) -> Text:
        """What training reads; plain text only where something is learnt from it."""
        kinds = {label: i for i, label in enumerate(network.labels)}
        weak = weak_pairs(self.weak, kinds) if spec.weak_updates else ()
        plain: list[Sentence] = []
        if uses_masks(spec) and (spec.plain_words or spec.stage_updates):
            plain = self._plain(spec.terms)
        return Text(self.gold, plain, weak=weak)

    def _plain(self, terms: str) -> list[Sentence]:
        """The rest, its spans what counts as a term in it."""
        if terms == "weak":
            return list(self.rest)
        if terms == "gold":
            return [Sentence(s.doc, ()) for s in self.rest]
        mentions = Mentions.of(self.gold)
        return [Sentence(s.doc, tuple(mentions.find(s.doc.words))) for s in self.rest]


def provenance(network: MslmNetwork | None) -> dict[str, Any]:
    """Commit, versions, machine, device, and what was calculated in."""
    half = network is not None and uses_bfloat16(network.precision, network.device)
    gpu = network is not None and network.device.type == "cuda"
    return {
        "commit": git_commit(),
        "versions": versions(),
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "precision": "bfloat16" if half else "float32",
        "device": torch.cuda.get_device_name() if gpu else "cpu",
    }


def _watch(
    spec: RunSpec,
    network: MslmNetwork,
    data: DataSet,
    curve: list[dict[str, float]],
    say: Say,
) -> Callable[[int], None]:
    updates = spec.weak_updates + spec.gold_updates
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
    spec: RunSpec, teacher: MslmNetwork, corpus: Corpus
) -> tuple[MslmNetwork, Course]:
    """A fresh network, trained as the first was, on gold and on what the teacher found
    in the other text (self-training, Scudder 1965); without gold on that alone."""
    pairs: list[Pair] = []
    for sentence, spans in zip(corpus.rest, find(teacher, corpus.rest), strict=True):
        annotation = _certain(len(sentence.doc.words), spans)
        sure = [span for span in spans if span.score >= CERTAIN]
        pairs.append((Sentence(sentence.doc, tuple(named(teacher, sure))), annotation))
    student = make_network(spec, teacher.labels)
    told = {**spec.to_dict(), "updates": spec.pseudo_updates, "stage_updates": 0}
    told |= {"weak_updates": 0 if corpus.gold else spec.pseudo_updates}
    text = Text(corpus.gold, pseudo=pairs) if corpus.gold else Text((), weak=pairs)
    return student, train(RunSpec.from_dict(told), student, text)


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
