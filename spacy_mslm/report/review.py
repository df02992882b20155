"""The review: what weak labels look like before anything is trained on them.

An HTML page that needs nothing beside it and holds sentences and names of notes; the
same in counts alone, as Markdown and as facts for JSON.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup

from . import review_tables as tables
from .notes_view import colours
from .page import template
from .plots import Across, Series, line_chart
from .review_counts import Categories, Coverage, GoldCounts, ReviewRow, SourceCounts
from .review_names import ConceptCount, NameCount, NameTable
from .review_rules import (
    Knowledge,
    Reason,
    RuleCount,
    Suspect,
    rule_counts,
    suspects,
)
from .review_sample import SentenceSample, sentence_html
from .scores import markdown_cell, markdown_table
from .surfaces import SECTIONS, TOP

# Rows of a table of names, of concepts, of suspects and of categories.
NAMES, CONCEPTS, SUSPECTS, CATEGORIES_SHOWN = 25, 15, 60, 30
_CURVE = (1, 2, 3, 5, 10, 20, 30, 50, 75, 100)
_NAMES_AXIS = Across("commonest names", "name", least=100.0)


@dataclass
class Counts:
    """Everything that is counted, row by row."""

    total: Coverage = field(default_factory=Coverage)
    categories: Categories = field(default_factory=Categories)
    names: NameTable = field(default_factory=NameTable)
    sources: SourceCounts = field(default_factory=SourceCounts)
    gold: GoldCounts = field(default_factory=GoldCounts)
    sample: SentenceSample = field(default_factory=SentenceSample)

    def add(self, row: ReviewRow) -> None:
        self.total.add(row)
        self.categories.add(row)
        self.sample.add(row)
        self.gold.add(row)
        if row.sources:
            self.sources.add(row)


def _none(name: str) -> bool:
    return False


@dataclass(frozen=True)
class Review:
    """What a review is made of. `manifest` is that of `label`, `settings` what the
    review was asked. With `text` false no sentence is shown, no word beside a name, and
    no name that `in_terminology` does not know. `preferred`: concept id -> its name;
    `terminology`: whether one was given at all. `gold_drops`: what was left out when
    gold was read."""

    name: str
    labels: tuple[str, ...]
    counts: Counts
    manifest: Mapping[str, Any]
    known: Knowledge = field(default_factory=Knowledge)
    settings: Mapping[str, Any] = field(default_factory=dict)
    preferred: Mapping[str, str] = field(default_factory=dict)
    in_terminology: Callable[[str], bool] = _none
    terminology: bool = False
    gold_drops: Mapping[str, int] = field(default_factory=dict)
    text: bool = True
    warnings: Sequence[str] = ()

    @property
    def policy(self) -> str:
        """What decided between overlapping spans, in words."""
        own = (self.manifest.get("settings") or {}).get("policy", "not known")
        between = self.manifest.get("agreement")
        if not between:
            return f"{own}."
        order = ", ".join(between["priority"])
        trusted = {"priority": f" ({order})", "longest": f" (ties: {order})"}
        left = "stays without annotation" if between["abstain"] else "has no label"
        how = between["resolve"]
        return (
            f"{own} within a source, {how} between sources{trusted.get(how, '')}. What "
            f"they dispute and no source wins {left}."
        )

    @cached_property
    def suspects(self) -> list[Suspect]:
        return suspects(self.counts.names, self.labels, self.known)

    @cached_property
    def rules(self) -> tuple[list[RuleCount], RuleCount]:
        return rule_counts(self.suspects, self.counts.names)

    @cached_property
    def reasons(self) -> dict[tuple[str, str], tuple[Reason, ...]]:
        return {(s.label, s.name): s.reasons for s in self.suspects}

    def shows(self, name: str) -> bool:
        return self.text or self.in_terminology(name)

    def why(self, reasons: Sequence[Reason]) -> str:
        """The reasons in words, without a word of the notes where none is shown."""
        said = [
            f"{r.says} (“{r.word}”)" if r.word and self.text else r.says
            for r in reasons
        ]
        return ", ".join(said)

    def shown_suspects(self) -> list[Suspect]:
        return [s for s in self.suspects if self.shows(s.name)]

    def shown_names(self, label: str) -> list[tuple[str, NameCount]]:
        return [i for i in self.counts.names.of(label) if self.shows(i[0])]

    def shown_concepts(self, label: str) -> list[ConceptCount]:
        return self.counts.names.concepts(label)[:CONCEPTS]

    def shown_forms(self, about: ConceptCount) -> list[str]:
        return [name for name in about.names if self.shows(name)]

    def concept(self, entry: NameCount) -> str:
        """The concepts of a name, the commonest first, with the names they prefer."""
        ids = entry.concept_ids
        said = [f"{self.preferred.get(c, '')} {c}".strip() for c in ids]
        return ", ".join(said[:2]) + (" …" if len(said) > 2 else "")


def render_review(review: Review) -> str:
    """The page as HTML; everything in it is escaped."""
    colour = colours(review.labels)
    counts = review.counts
    return template("review.html.j2").render(
        review=review,
        counts=counts,
        tables=tables,
        colour=colour,
        limits={"names": NAMES, "suspects": SUSPECTS, "categories": CATEGORIES_SHOWN},
        curve=_curve(review),
        mistakes=_mistakes(review) if counts.gold.notes else [],
        sample=[
            (label, [(s, sentence_html(s, colour)) for s in counts.sample.of(label)])
            for label in review.labels
        ]
        if review.text
        else [],
        facts=fact_rows(review),
    )


def render_review_summary(review: Review) -> str:
    """The counts as Markdown, without any text of a note and without names."""
    text = template("review.md.j2").render(
        review=review,
        counts=review.counts,
        tables=tables,
        cell=markdown_cell,
        table=lambda made: markdown_table(*made),
        limit=CATEGORIES_SHOWN,
        mistakes=[
            (title, tables.number(review.counts.gold.surfaces.total(*kinds)))
            for title, kinds in SECTIONS
        ],
        facts=fact_rows(review),
    )
    return text.rstrip() + "\n"


def fact_rows(review: Review) -> list[tuple[str, str]]:
    """Where the labels come from, in (name, value) rows."""
    manifest = review.manifest
    concepts = manifest.get("concepts") or {}
    rows = [
        ("Concepts", f"{concepts.get('source', '')} {concepts.get('name', '')}"),
        ("Their sha256", concepts.get("sha256", "")),
        *(
            (f"Source '{name}'", _pairs(about))
            for name, about in (manifest.get("sources") or {}).items()
        ),
        ("Settings of 'label'", _pairs(manifest.get("settings") or {})),
        ("Settings of 'review'", _pairs(review.settings)),
        ("Versions", _pairs(manifest.get("versions") or {})),
        ("Hash of the notes", manifest.get("input_hash", "")),
    ]
    return [(name, str(value).strip()) for name, value in rows if str(value).strip()]


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} {_value(v)}" for k, v in sorted(values.items()))


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{k}={v}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "all"
    return str(value)


def _curve(review: Review) -> Markup:
    """How much of a label its commonest names make up."""
    series = []
    for label in review.labels:
        finds = [entry.count for _, entry in review.counts.names.of(label)]
        points = [
            (float(n), sum(finds[:n]) / sum(finds)) for n in _CURVE if n <= len(finds)
        ]
        series.append(Series(label, points))
    title = "Share of spans that the commonest names make up"
    return line_chart(title, series, top=1.0, across=_NAMES_AXIS)


def _mistakes(review: Review) -> list[tuple[str, int, Any]]:
    """Title, total and the commonest forms by label; of forms that are not shown the
    total alone."""
    surfaces = review.counts.gold.surfaces
    made = []
    for title, kinds in SECTIONS:
        found = surfaces.rows(*kinds, top=TOP if review.text else sys.maxsize)
        rows = {
            label: [row for row in rows if review.shows(row.surface)][:TOP]
            for label, rows in found.items()
        }
        made.append((title, surfaces.total(*kinds), rows))
    return made
