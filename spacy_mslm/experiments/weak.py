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


def at_the_labellers_precision(
    network: MslmNetwork,
    data: DataSet,
    labels: Sequence[Sentence],
    lacks: Mapping[str, Sequence[Sentence]],
) -> dict[str, Any] | None:
    """The network at the point, chosen on dev, that is at least as precise there as the
    labeller and finds the most of what its terminology lacks; measured on test.

    labels: what the labeller finds in dev. lacks: by split, see `WeakLabels`.
    RETURNS (Optional[dict]): None where no point of dev is as precise.
    """
    gold = [s.spans for s in data.dev]
    beyond_dev = [s.spans for s in lacks["dev"]]
    wanted = score(gold, [s.spans for s in labels]).micro.precision
    best: tuple[float, float, Point] | None = None
    for point, predicted in _points(network, data.dev):
        counts = score(gold, predicted).micro
        if counts.precision < wanted:
            continue
        beyond = found_of(beyond_dev, predicted)["em"] or 0.0
        best = max(best or (-1.0, -1.0, point), (beyond, counts.f1, point))
    if best is None:
        return None
    return _measured(data, best[-1], _at(network, data.test, best[-1]), lacks["test"])


def with_the_labeller(
    network: MslmNetwork,
    data: DataSet,
    labels: Mapping[str, Sequence[Sentence]],
    lacks: Mapping[str, Sequence[Sentence]],
) -> dict[str, Any]:
    """The labeller's spans and, where it has none, the network's, at the point of the
    highest strict F1 on dev; measured on test. `labels`: what the labeller finds, by
    split."""
    gold = [s.spans for s in data.dev]
    best: tuple[float, Point] | None = None
    for point, predicted in _points(network, data.dev):
        f1 = score(gold, joined(labels["dev"], predicted)).micro.f1
        best = max(best or (-1.0, point), (f1, point))
    assert best is not None  # there are points
    found = joined(labels["test"], _at(network, data.test, best[-1]))
    return _measured(data, best[-1], found, lacks["test"])


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


def _measured(
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
