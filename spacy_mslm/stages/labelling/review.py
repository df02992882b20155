"""`review`: what labels look like before anything is trained on them.

Reads the shards that `label` wrote, once and in order, with memory that does not grow
with the notes. Writes a page (it holds text of notes), a summary and facts (they hold
none), and a list of names for people to allow or deny.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...report.held import key
from ...report.review import Counts, Review, render_review, render_review_summary
from ...report.review_counts import GoldCounts, ReviewRow, touching
from ...report.review_facts import review_facts
from ...report.review_rules import Knowledge
from ...report.review_sample import SENTENCES, SentenceSample
from ...report.surfaces import SurfaceCounts
from ...runners.atomic import atomic_write_text
from ...runners.provenance import git_commit, versions
from ...types import CharSpan, DropCounts
from ...weak.dangers import EVERYDAY_SUBSTANCE, english
from ..files import MANIFEST, json_text, read_manifest
from .labels import shard_paths
from .review_lists import list_text, read_decided
from .review_rows import GoldReader, read_given, review_rows
from .review_terms import Terminology, read_terminology

PAGE, SUMMARY, FACTS = "index.html", "summary.md", "review.json"
NO_FREQUENCIES = (
    "Everyday words could not be told: the package 'wordfreq' is not installed."
)


@dataclass(frozen=True)
class ReviewSettings:
    """What a review is asked. `gold` is annotation of the same texts, beside what notes
    carry themselves; `gold_labels` names its labels as the run does."""

    concepts: Path | None = None
    gold: Path | None = None
    gold_labels: Mapping[str, str] | None = None
    lists: Path | None = None
    text: bool = True
    sentences: int = SENTENCES
    seed: int = 0


@dataclass(frozen=True)
class ReviewWritten:
    """What `review` wrote, and what it is made of."""

    page: Path
    summary: Path
    facts: Path
    lists: Path | None
    review: Review


def review_labels(
    labels: Path,
    out: Path | None = None,
    *,
    settings: ReviewSettings | None = None,
    on_note: Callable[[], None] = lambda: None,
) -> ReviewWritten:
    """Review the folder `labels` into `out`, by default "review" beside it.

    The page and the list can be read by their owner alone. With text the page lies
    beside the labels or below, nowhere else (M656). Raises M650 (no labels there), what
    `shard_paths` and `read_manifest` raise, M651-M654, M657 (gold), M655 (list), M658
    (concepts of another run).
    """
    settings = settings or ReviewSettings()
    out = _place(labels, out or labels.parent / "review", settings)
    manifest = _manifest(labels)
    decided = read_decided(settings.lists) if settings.lists else []
    terms = Terminology()
    if settings.concepts:
        terms = read_terminology(settings.concepts, manifest)
    drops = DropCounts()
    given = read_given(settings.gold, drops) if settings.gold else {}
    gold = GoldReader(manifest["spans"], settings.gold_labels or {}, given, drops)
    counts = Counts(
        gold=GoldCounts(SurfaceCounts(terms if settings.concepts else None)),
        sample=SentenceSample(settings.sentences, settings.seed),
    )
    for row in review_rows(shard_paths(labels, manifest), gold):
        _count(row, counts)
        on_note()
    warnings = gold.check(settings.gold or labels)
    name = labels.resolve().parent.name
    review = _review(name, manifest, counts, terms, settings)
    review = replace(review, gold_drops=drops, warnings=[*warnings, *review.warnings])
    return _write(review, out, settings, decided)


def _review(
    name: str,
    manifest: Mapping[str, Any],
    counts: Counts,
    terms: Terminology,
    settings: ReviewSettings,
) -> Review:
    everyday = _everyday()
    return Review(
        name=name,
        labels=tuple(sorted({*manifest["spans"], *counts.total.spans})),
        counts=counts,
        manifest=manifest,
        known=Knowledge(
            everyday=everyday or _never,
            shared=terms.shared,
            several_sources=counts.sources.several(),
        ),
        settings=_described(settings),
        preferred=terms.preferred,
        in_terminology=terms.__contains__,
        terminology=settings.concepts is not None,
        text=settings.text,
        warnings=[] if everyday else [NO_FREQUENCIES],
    )


def _place(labels: Path, out: Path, settings: ReviewSettings) -> Path:
    """`out`, which must lie beside the labels where it is to hold text."""
    work = labels.resolve().parent
    if settings.text and not out.resolve().is_relative_to(work):
        raise MslmError(Errors.M656.format(path=out, work=work))
    return out


def _manifest(labels: Path) -> dict[str, Any]:
    manifest = read_manifest(labels, "label")
    path = labels / MANIFEST
    if not {"spans", "shards", "concepts_hash"} <= manifest.keys():
        reason = "the manifest is of another stage"
        raise MslmError(Errors.M650.format(path=path, reason=reason))
    if not manifest["shards"]:
        raise MslmError(Errors.M650.format(path=path, reason="it names no shards"))
    return manifest


def _count(row: ReviewRow, counts: Counts) -> None:
    """Count a row and, name by name, what is known of each of its spans."""
    counts.add(row)
    everyone = [span for spans in row.sources.values() for span in spans]
    true = row.gold or ()
    places = zip(
        row.spans,
        touching(row.spans, everyone),
        touching(row.spans, true),
        strict=True,
    )
    number = counts.total.notes
    for span, marks, gold in places:
        entry = counts.names.find(row.note.text, span.start, span.end, span.label)
        entry.notes += entry.last != number
        entry.last = number
        concept = span.source, span.concept_id
        entry.concepts[concept] = entry.concepts.get(concept, 0) + 1
        finders = {mark.source for mark in marks} or {span.source}
        for source in finders:
            entry.sources[source] = entry.sources.get(source, 0) + 1
        entry.alone += len(finders) == 1 < len(row.sources)
        entry.contested += any(key(mark) != key(span) for mark in marks)
        if row.gold is not None:
            entry.judged += 1
            entry.wrong += not _is_right(span, gold)


def _is_right(span: CharSpan, gold: list[CharSpan]) -> bool:
    """Whether the gold has the label there, whatever the boundaries: a name is not
    wrong because its mention is longer."""
    return any(true.label == span.label for true in gold)


def _everyday() -> Callable[[str], bool] | None:
    """Whether a name is one word that English uses often; None where no word
    frequencies are installed."""
    try:
        zipf = english()
    except MslmError:
        return None
    return cache(lambda name: name.isalpha() and zipf(name) >= EVERYDAY_SUBSTANCE)


def _never(name: str) -> bool:
    return False


def _described(settings: ReviewSettings) -> dict[str, Any]:
    return {
        "gold": settings.gold.name if settings.gold else "of the notes",
        "gold_labels": dict(settings.gold_labels or {}),
        "concepts": settings.concepts is not None,
        "text": settings.text,
        "sentences": settings.sentences,
        "seed": settings.seed,
    }


def _write(
    review: Review, out: Path, settings: ReviewSettings, decided: list[dict[str, str]]
) -> ReviewWritten:
    made_by = {"commit": git_commit(), "versions": versions()}
    atomic_write_text(out / FACTS, json_text({**review_facts(review), **made_by}))
    atomic_write_text(out / SUMMARY, render_review_summary(review))
    with _for_the_owner():
        atomic_write_text(out / PAGE, render_review(review))
        if settings.lists:
            atomic_write_text(settings.lists, list_text(review, decided))
    return ReviewWritten(out / PAGE, out / SUMMARY, out / FACTS, settings.lists, review)


@contextmanager
def _for_the_owner() -> Iterator[None]:
    """Files made within can be read and written by their owner alone, from the first
    byte on."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
