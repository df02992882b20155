"""What a trained network finds in clean text, scored: counts and shares, no text."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ..masking import JointMasking, TermMasking, TokenMasking
from ..nn import Annotation, MslmNetwork, ScoredSpan, make_batch, predict
from ..nn.adapting.measure import MaskedLoss, masked_loss
from ..scoring.calibration import expected_calibration_error, reliability
from ..scoring.curves import average_precision, precision_recall_curve
from ..scoring.doc_counts import DocCounts
from ..scoring.partial import partial_scores
from ..scoring.strict import Span, score
from ..scoring.tags import tag_scores
from ..scoring.unseen import em_by_seen
from .data import Sentence
from .training import MAX_BATCH_PIECES, MAX_PIECES

AT_ONCE = 512
# The masks of every perplexity, the same in all runs.
FIXED = JointMasking(entity=TermMasking(rate=0.5), base=TokenMasking(rate=0.15))
FIXED_SEED = 0
CURVE_POINTS = 40

# A span and how sure its system is of it.
Scored = tuple[Span, float]


def find(
    network: MslmNetwork, sentences: Sequence[Sentence], *, outside_bias: float = 0.0
) -> list[list[ScoredSpan]]:
    """The spans of each sentence, read from its words alone. `outside_bias`: added to
    the logit of O; below 0 more is found."""
    return [
        spans
        for first in range(0, len(sentences), AT_ONCE)
        for spans in predict(
            network,
            [s.doc for s in sentences[first : first + AT_ONCE]],
            max_pieces=MAX_PIECES,
            max_batch_pieces=MAX_BATCH_PIECES,
            outside_bias=outside_bias,
        )
    ]


def named(network: MslmNetwork, spans: Iterable[ScoredSpan]) -> list[Span]:
    """With their types by name."""
    return [(s.start, s.end, network.labels[s.label]) for s in spans]


def quick(network: MslmNetwork, sentences: Sequence[Sentence]) -> dict[str, float]:
    """Strict F1 and exact match, for a point of a curve."""
    found = [named(network, spans) for spans in find(network, sentences)]
    scores = score([s.spans for s in sentences], found)
    return {"f": scores.micro.f1, "em": scores.em}


def measure(
    network: MslmNetwork,
    sentences: Sequence[Sentence],
    train_surfaces: Sequence[str],
    *,
    masked: bool,
    lacks: Sequence[Sentence] = (),
) -> dict[str, Any]:
    """All scores of one split. `masked`: also how well masked pieces are recovered."""
    found = [
        [(span, s.score) for span, s in zip(named(network, of), of, strict=True)]
        for of in find(network, sentences)
    ]
    scores = score_all(sentences, found, train_surfaces, lacks)
    return {**scores, "masked_lm": _masked_lm(network, sentences) if masked else None}


def score_all(
    sentences: Sequence[Sentence],
    scored: Sequence[Sequence[Scored]],
    train_surfaces: Sequence[str],
    lacks: Sequence[Sentence] = (),
) -> dict[str, Any]:
    """Every score of what was found. `lacks`: the same sentences with the gold mentions
    that a terminology has no name for; none where there is no terminology."""
    predicted = [[span for span, _ in of] for of in scored]
    gold = [s.spans for s in sentences]
    mentions = [
        [(*span, text) for span, text in zip(s.spans, s.surfaces(), strict=True)]
        for s in sentences
    ]
    counts = {
        "strict": DocCounts.of(gold, predicted),
        "unseen": DocCounts.of_unseen(mentions, predicted, train_surfaces),
    }
    made: dict[str, Any] = {
        "strict": score(gold, predicted).to_dict(),
        "em_by_seen": em_by_seen(mentions, predicted, train_surfaces),
        "partial": partial_scores(gold, predicted).to_dict(),
        "tags": _tag_level(sentences, predicted),
        **_confidences(gold, scored),
    }
    if lacks:
        missing = [s.spans for s in lacks]
        counts["beyond"] = _alone(DocCounts.of(missing, predicted))
        made["beyond"] = found_of(missing, predicted)
    made["by_sentence"] = {name: of.to_text() for name, of in counts.items()}
    return made


def found_of(
    gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]
) -> dict[str, Any]:
    """How many mentions there are, and the share found; None of none."""
    n = sum(len(set(of)) for of in gold)
    hits = sum(len(set(a) & set(b)) for a, b in zip(gold, predicted, strict=True))
    return {"n": n, "em": hits / n if n else None}


def _alone(counts: DocCounts) -> DocCounts:
    """Without false alarms: what is found beside a part of the gold says nothing."""
    return DocCounts(counts.tp, np.zeros_like(counts.fp), counts.fn)


def _tag_level(
    sentences: Sequence[Sentence], predicted: Sequence[Sequence[Span]]
) -> dict[str, Any]:
    sizes = [len(s.doc.words) for s in sentences]
    gold = [bio(s.spans, n) for s, n in zip(sentences, sizes, strict=True)]
    found = [bio(spans, n) for spans, n in zip(predicted, sizes, strict=True)]
    made = tag_scores(gold, found, outside=False, merge_bi=False)
    return made.to_dict()


def bio(spans: Iterable[Span], n_words: int) -> list[str]:
    """The spans as a tag a word."""
    tags = ["O"] * n_words
    for start, end, kind in spans:
        tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tags


def _confidences(
    gold: Sequence[Sequence[Span]], scored: Sequence[Sequence[Scored]]
) -> dict[str, Any]:
    confidences = [min(score, 1.0) for of in scored for _, score in of]
    right = [
        span in set(true)
        for true, of in zip(gold, scored, strict=True)
        for span, _ in of
    ]
    n_gold = sum(map(len, gold))
    return {
        "ece": expected_calibration_error(confidences, right),
        "bins": [asdict(b) for b in reliability(confidences, right)],
        "average_precision": average_precision(confidences, right, n_gold),
        "curve": precision_recall_curve(confidences, right, n_gold, CURVE_POINTS),
    }


def _masked_lm(
    network: MslmNetwork, sentences: Sequence[Sentence]
) -> dict[str, Any] | None:
    """Perplexity and the share recovered, of masked pieces of terms and of generic
    words apart, under masks that are the same for every run."""
    if network.mlm is None:
        return None
    loss = MaskedLoss()
    for first in range(0, len(sentences), AT_ONCE):
        chunk = sentences[first : first + AT_ONCE]
        terms = [tuple((s, e, 0) for s, e, _ in sentence.spans) for sentence in chunk]
        batch = make_batch(
            network.tokenizer,
            [sentence.doc for sentence in chunk],
            [
                Annotation(spans, np.zeros(len(s.doc.words), dtype=bool))
                for spans, s in zip(terms, chunk, strict=True)
            ],
            FIXED,
            seed=FIXED_SEED,
            update=0,
        )
        loss += masked_loss(
            network, batch, max_pieces=MAX_PIECES, max_batch_pieces=MAX_BATCH_PIECES
        )
    return {
        "terms": _recovered(loss.terms, loss.right_terms, loss.n_terms),
        "generic": _recovered(loss.generic, loss.right_generic, loss.n_generic),
    }


def _recovered(loss: float, right: int, n: int) -> dict[str, Any]:
    if not n:
        return {"n": 0, "perplexity": None, "accuracy": None}
    perplexity = math.exp(min(loss / n, 700.0))
    return {"n": n, "perplexity": perplexity, "accuracy": right / n}
