"""The tag-level scores of Belkadi et al. 2022, under names that say what they are.

Their "BIO-strict" is precision, recall and F1 over the tags B-x and I-x; their "token
level" merges B-x and I-x into x. Both take every word (theirs: every word piece) as a
case, so neither says how many entities were found: `span_reports` does. Both come with
O as a class and without it, and differ by tens of points in that: O is easy and
frequent, it alone holds micro and weighted averages up. Compare like with like.

| theirs                | here                                          |
|-----------------------|-----------------------------------------------|
| BIO-strict            | `tags_bio_with_o`, `tags_bio_without_o`       |
| token level           | `tags_merged_with_o`, `tags_merged_without_o` |

Equal to scikit-learn's `classification_report(..., zero_division=0)`; without O, to the
same with `labels` = all tags but O, where a word that is O in gold can still be a false
positive of another tag.
"""

from collections.abc import Collection, Sequence

from .averages import ClassReport, of_classes
from .tags import OUTSIDE, PREFIXES, tag_scores

# (O is a class, B-x and I-x are one class) by name.
TAG_REPORTS = {
    "tags_bio_with_o": (True, False),
    "tags_bio_without_o": (False, False),
    "tags_merged_with_o": (True, True),
    "tags_merged_without_o": (False, True),
}

Tags = Sequence[Sequence[str]]  # one sequence of tags a document


def tag_report(
    gold: Tags,
    predicted: Tags,
    *,
    outside: bool,
    merge_bi: bool,
    types: Collection[str] | None = None,
) -> ClassReport:
    """Tags as classes; `outside` and `merge_bi` as in `tags.tag_scores`.

    types (Optional[Collection]): score the tags of these entity types (and O, where it
        is a class) and of no others, found or not; None takes all that occur.
    Raises M601 for another number of documents, M606 for one of another length.
    """
    scores = tag_scores(gold, predicted, outside=outside, merge_bi=merge_bi)
    labels = None if types is None else _tags(types, outside, merge_bi)
    return ClassReport(of_classes(scores.per_tag, labels), scores.accuracy)


def tag_reports(
    gold: Tags, predicted: Tags, *, types: Collection[str] | None = None
) -> dict[str, ClassReport]:
    """All four of `TAG_REPORTS`. Raises what `tag_report` raises."""
    return {
        name: tag_report(gold, predicted, outside=o, merge_bi=merged, types=types)
        for name, (o, merged) in TAG_REPORTS.items()
    }


def _tags(types: Collection[str], outside: bool, merge_bi: bool) -> list[str]:
    tags = [f"{p}{t}" for t in types for p in (("",) if merge_bi else PREFIXES)]
    return [*tags, OUTSIDE] if outside else tags
