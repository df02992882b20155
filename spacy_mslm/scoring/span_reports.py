"""Span-level scores, and all scores of a system in one call.

Strict is exact boundaries and exact type (`strict`), lenient is overlap and exact type
(`lenient`). Both come from spans, so that gold may overlap, or from tags.
"""

from collections.abc import Collection, Mapping, Sequence

from .averages import ClassReport, of_classes
from .lenient import N2C2, ONE_TO_ONE, lenient_report
from .strict import Span, score
from .tag_reports import Tags, tag_reports

STRICT, LENIENT, LENIENT_N2C2 = "span_strict", "span_lenient", "span_lenient_n2c2"
MEANS = ("micro", "macro", "weighted")


def tag_spans(tags: Sequence[str], *, repair: bool = False) -> list[Span]:
    """The spans (first word, word after the last, type) of BIO tags, in order.

    An `I-` that continues nothing of its type is no span (seqeval's `mode="strict"`,
    `scheme=IOB2`); with `repair` it begins one (conlleval, seqeval's default). A tag
    that is neither `B-x` nor `I-x` is outside.
    """
    spans: list[Span] = []
    open_type = ""
    for i, tag in enumerate(tags):
        prefix, _, label = tag.partition("-")
        if prefix == "I" and label and label == open_type:
            spans[-1] = (spans[-1][0], i + 1, label)
        elif label and (prefix == "B" or (prefix == "I" and repair)):
            spans.append((i, i + 1, label))
            open_type = label
        else:
            open_type = ""
    return spans


def strict_report(
    gold: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    *,
    labels: Collection[str] | None = None,
) -> ClassReport:
    """Exact spans, one collection a document; seqeval's `classification_report`.

    labels (Optional[Collection]): score these types and no others, found or not.
    Raises M601 where the two do not hold the same number of documents.
    """
    return ClassReport(of_classes(score(gold, predicted).per_type, labels))


def span_reports(
    gold: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    *,
    labels: Collection[str] | None = None,
) -> dict[str, ClassReport]:
    """Strict, lenient one to one, lenient as n2c2 counts. Raises M601."""
    return {
        STRICT: strict_report(gold, predicted, labels=labels),
        LENIENT: lenient_report(gold, predicted, rule=ONE_TO_ONE, labels=labels),
        LENIENT_N2C2: lenient_report(gold, predicted, rule=N2C2, labels=labels),
    }


def all_reports(
    gold: Tags,
    predicted: Tags,
    *,
    types: Collection[str] | None = None,
    repair: bool = False,
) -> dict[str, ClassReport]:
    """Every score of one system from its tags, one sequence a document: the three of
    `span_reports` (over words), then the four of `tag_reports`.

    types (Optional[Collection]): the entity types to score, the same for every system
        that is to be compared; None takes all that occur.
    repair: as in `tag_spans`, for gold and predictions alike.
    Raises M601 for another number of documents, M606 for one of another length.
    """
    spans = [[tag_spans(t, repair=repair) for t in side] for side in (gold, predicted)]
    by_tag = tag_reports(gold, predicted, types=types)
    return {**span_reports(spans[0], spans[1], labels=types), **by_tag}


def table_row(reports: Mapping[str, ClassReport]) -> dict[str, float]:
    """One flat row a system: `{report}_{micro|macro|weighted}_{p|r|f}`, and
    `{report}_acc` where the report has an accuracy."""
    row: dict[str, float] = {}
    for name, report in reports.items():
        for mean in MEANS:
            made = getattr(report, mean).to_dict()
            row.update({f"{name}_{mean}_{key}": made[key] for key in "prf"})
        if report.accuracy is not None:
            row[f"{name}_acc"] = report.accuracy
    return row
