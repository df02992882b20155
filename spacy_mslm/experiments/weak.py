"""Learning from a labeller, and measuring what is learnt beyond it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..nn import Annotation, MslmNetwork, ScoredSpan
from ..scoring.doc_counts import DocCounts
from ..scoring.strict import Span, score
from .data import DataSet, Sentence
from .masks import Pair
from .measure import Scored, find, found_of, named

# Added to the logit of O, and the least confidence: the points that are looked at.
BIASES = (2.0, 1.0, 0.0, -1.0, -2.0, -3.0, -4.0)
THRESHOLDS = tuple(n / 20 for n in range(20))
# Least confidence, and what is added to the logit of O; of equals the highest is taken.
Point = tuple[float, float]
Predicted = list[list[Span]]
_SPOILT = re.compile(r"-[0-9]+-(missing|wrong)$")


def whole_source(source: str) -> str:
    """Of a source whose terminology was spoilt, the one with all of it."""
    return _SPOILT.sub("", source)


def as_found(sentences: Iterable[Sentence]) -> list[list[Scored]]:
    """Labels as what a system found that is sure of everything."""
    return [[(span, 1.0) for span in sentence.spans] for sentence in sentences]


def weak_pairs(
    sentences: Iterable[Sentence], kinds: dict[str, int]
) -> list[tuple[Sentence, Annotation]]:
    """Weak labels as annotation; words without a label are no entity. Types that
    `kinds` does not know are left out."""
    pairs: list[Pair] = []
    for sentence in sentences:
        spans = tuple((s, e, kinds[k]) for s, e, k in sentence.spans if k in kinds)
        known = np.ones(len(sentence.doc.words), dtype=bool)
        pairs.append((sentence, Annotation(spans, known)))
    return pairs


def beside_the_labeller(
    network: MslmNetwork,
    data: DataSet,
    labels: Mapping[str, Sequence[Sentence]],
    lacks: Mapping[str, Sequence[Sentence]],
) -> dict[str, Any]:
    """The network at two points that dev chooses, each measured on test.

    "at_precision": at least as precise on dev as the labeller, finding the most of what
    its terminology lacks; None where no point is as precise. "with_labeller": the
    labeller's spans and, where it has none, the network's, of the highest strict F1.

    labels: what the labeller finds, by split. lacks: by split, see `WeakLabels`.
    """
    points = [*_points(network, data.dev)]
    beyond = [s.spans for s in lacks["dev"]]
    chosen = as_precise(data.dev, labels["dev"], beyond, points)
    at_precision = None
    if chosen is not None:
        found = _at(network, data.test, chosen)
        at_precision = _at_point(data, chosen, found, lacks["test"])
    chosen = best_together(data.dev, labels["dev"], points)
    found = joined(labels["test"], _at(network, data.test, chosen))
    together = _at_point(data, chosen, found, lacks["test"])
    return {"at_precision": at_precision, "with_labeller": together}


def as_precise(
    sentences: Sequence[Sentence],
    labels: Sequence[Sentence],
    beyond: Sequence[Sequence[Span]],
    points: Iterable[tuple[Point, Predicted]],
) -> Point | None:
    """Of the points as precise as the labeller, that which finds the most of `beyond`;
    of equals the one of the best F1, then the highest."""
    gold = [s.spans for s in sentences]
    wanted = score(gold, [s.spans for s in labels]).micro.precision
    best: tuple[float, float, Point] | None = None
    for point, predicted in points:
        counts = score(gold, predicted).micro
        if counts.precision < wanted:
            continue
        share = found_of(beyond, predicted)["em"] or 0.0
        best = max(best or (-1.0, -1.0, point), (share, counts.f1, point))
    return best[-1] if best else None


def best_together(
    sentences: Sequence[Sentence],
    labels: Sequence[Sentence],
    points: Iterable[tuple[Point, Predicted]],
) -> Point:
    """The point of the highest strict F1 beside the labeller; of equals the highest."""
    gold = [s.spans for s in sentences]
    return max(
        (score(gold, joined(labels, predicted)).micro.f1, point)
        for point, predicted in points
    )[-1]


def _points(
    network: MslmNetwork, sentences: Sequence[Sentence]
) -> Iterator[tuple[Point, Predicted]]:
    """What is found at every point that is looked at."""
    for bias in BIASES:
        found = find(network, sentences, outside_bias=bias)
        for threshold in THRESHOLDS:
            yield (threshold, bias), _kept(network, found, threshold)


def _at(network: MslmNetwork, sentences: Sequence[Sentence], point: Point) -> Predicted:
    threshold, bias = point
    return _kept(network, find(network, sentences, outside_bias=bias), threshold)


def joined(labels: Sequence[Sentence], predicted: Predicted) -> Predicted:
    """The labels, and of what is predicted the spans that touch none of them."""
    return [
        sorted([*label.spans, *(s for s in found if not _touches(s, label.spans))])
        for label, found in zip(labels, predicted, strict=True)
    ]


def _touches(span: Span, others: Iterable[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end, _ in others)


def _at_point(
    data: DataSet, point: Point, predicted: Predicted, lacks: Sequence[Sentence]
) -> dict[str, Any]:
    """Scores of what is found in test at a point chosen on dev."""
    threshold, bias = point
    gold = [s.spans for s in data.test]
    return {
        "outside_bias": bias,
        "threshold": threshold,
        "strict": score(gold, predicted).to_dict(),
        "beyond": found_of([s.spans for s in lacks], predicted),
        "by_sentence": {"strict": DocCounts.of(gold, predicted).to_text()},
    }


def _kept(
    network: MslmNetwork, found: Sequence[Sequence[ScoredSpan]], threshold: float
) -> Predicted:
    return [named(network, (s for s in of if s.score >= threshold)) for of in found]
