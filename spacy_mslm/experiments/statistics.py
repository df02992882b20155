"""What a data set holds (tables 2 and 9 of Abaho et al. 2024)."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from ..scoring.unseen import surface
from .data import SPLITS, DataSet, Sentence

# Where their reader cuts a sentence, in words at least (they cut at so many pieces).
LONG = 128


def statistics(data: DataSet) -> dict[str, dict[str, Any]]:
    """Counts of each split: no text."""
    known = {surface(text) for s in data.train for text in s.surfaces()}
    return {split: _counts(getattr(data, split), known) for split in SPLITS}


def _counts(sentences: Sequence[Sentence], known: set[str]) -> dict[str, Any]:
    sizes = [len(s.doc.words) for s in sentences]
    spans = [span for s in sentences for span in s.spans]
    texts = [surface(text) for s in sentences for text in s.surfaces()]
    return {
        "sentences": len(sentences),
        "words": sum(sizes),
        "words_a_sentence": {"mean": fmean(sizes), "median": median(sizes)},
        "longest": max(sizes),
        "long": sum(size > LONG for size in sizes),
        "without_mentions": sum(not s.spans for s in sentences),
        "mentions": len(spans),
        "words_a_mention": fmean(e - s for s, e, _ in spans) if spans else 0.0,
        "different_mentions": len(set(texts)),
        "unseen_mentions": sum(text not in known for text in texts),
        "by_type": dict(sorted(Counter(kind for *_, kind in spans).items())),
    }
