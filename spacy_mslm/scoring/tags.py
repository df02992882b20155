"""Tag-level scores: every word is a case, its tag a class. These are NOT span scores.

A span of three words of which two are tagged right is two hits here and none in
`strict`. Some papers report such figures under the names of span scores (Belkadi et al.
call those over BIO tags, O included, "BIO-strict", and those with B and I merged "token
level"); they compare with these and with nothing else. Equal to scikit-learn's
`precision_recall_fscore_support`, its macro average being over the tags of gold.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..errors import Errors, MslmError
from .averages import Average, added, average
from .strict import Counts, check_lengths

OUTSIDE = "O"
PREFIXES = ("B-", "I-")


@dataclass(frozen=True, slots=True)
class TagScores:
    """`per_tag` holds every tag counted as a class, in gold or predictions.

    `accuracy` is the share of all words whose two tags are equal (once merged, where
    they are), O beside O among them whether or not O is a class; 0 for no words.
    """

    per_tag: dict[str, Counts]
    accuracy: float

    @property
    def micro(self) -> Counts:
        """The counts of all tags added up. Where O is a class, precision, recall and
        F1 are all the accuracy."""
        return added(self.per_tag.values())

    @property
    def macro(self) -> Average:
        """Each tag that gold holds counts the same; 0 where gold holds none."""
        return average((min(1, c.tp + c.fn), c) for c in self.per_tag.values())

    @property
    def weighted(self) -> Average:
        """Each tag counts by how often gold holds it; 0 where gold holds none."""
        return average((c.tp + c.fn, c) for c in self.per_tag.values())

    def to_dict(self) -> dict[str, Any]:
        return {
            "tag_accuracy": self.accuracy,
            "tag_micro": self.micro.to_dict(),
            "tag_macro": self.macro.to_dict(),
            "tag_weighted": self.weighted.to_dict(),
            "per_tag": {k: c.to_dict() for k, c in sorted(self.per_tag.items())},
        }


def tag_scores(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    *,
    outside: bool,
    merge_bi: bool,
) -> TagScores:
    """Score predicted tags against gold ones, one sequence of tags a document.

    outside: whether O is a class; without it a word that is O in gold can still be a
        false positive of another tag.
    merge_bi: whether B-x and I-x are one class x.

    Raises M601 for another number of documents, M606 for one of another length.
    """
    check_lengths(gold, predicted)
    for number, (true, found) in enumerate(zip(gold, predicted, strict=True)):
        if len(true) != len(found):
            raise MslmError(
                Errors.M606.format(number=number, gold=len(true), predicted=len(found))
            )
    words = [
        (_class(g, merge_bi), _class(p, merge_bi))
        for g, p in zip(chain(*gold), chain(*predicted), strict=True)
    ]
    right = sum(g == p for g, p in words)
    return TagScores(_per_tag(words, outside), right / len(words) if words else 0.0)


def _per_tag(words: Sequence[tuple[str, str]], outside: bool) -> dict[str, Counts]:
    tp = Counter(g for g, p in words if g == p)
    fp = Counter(p for g, p in words if g != p)
    fn = Counter(g for g, p in words if g != p)
    tags = {*tp, *fp, *fn} - (set() if outside else {OUTSIDE})
    return {tag: Counts(tp[tag], fp[tag], fn[tag]) for tag in sorted(tags)}


def _class(tag: str, merge_bi: bool) -> str:
    return tag[2:] if merge_bi and tag.startswith(PREFIXES) else tag
