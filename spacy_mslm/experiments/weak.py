"""Learning from a labeller, and measuring what is learnt beyond it."""

import re
from collections.abc import Iterable, Mapping, Sequence
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
    best: tuple[float, float, float, float] | None = None
    for bias in BIASES:
        found = find(network, data.dev, outside_bias=bias)
        for threshold in THRESHOLDS:
            predicted = _kept(network, found, threshold)
            counts = score(gold, predicted).micro
            if counts.precision < wanted:
                continue
            beyond = found_of(beyond_dev, predicted)["em"] or 0.0
            best = max(best or (-1.0,) * 4, (beyond, counts.f1, threshold, bias))
    if best is None:
        return None
    *_, threshold, bias = best
    found = find(network, data.test, outside_bias=bias)
    predicted = _kept(network, found, threshold)
    gold = [s.spans for s in data.test]
    return {
        "outside_bias": bias,
        "threshold": threshold,
        "strict": score(gold, predicted).to_dict(),
        "beyond": found_of([s.spans for s in lacks["test"]], predicted),
        "by_sentence": {"strict": DocCounts.of(gold, predicted).to_text()},
    }


def _kept(
    network: MslmNetwork, found: Sequence[Sequence[ScoredSpan]], threshold: float
) -> list[list[Span]]:
    return [named(network, (s for s in of if s.score >= threshold)) for of in found]
