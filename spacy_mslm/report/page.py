"""The report: an HTML page that needs nothing beside it, a summary without text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from . import calibration, gold, scores
from .facts import label_rows, provenance_rows
from .held import HeldNote
from .notes_view import SHOWN, colours, highlight
from .plots import training_charts
from .settings import settings_rows
from .surfaces import SECTIONS, SurfaceCounts

REFERENCES = {True: "gold", False: "the weak labels"}


@dataclass(frozen=True)
class Report:
    """What a report is made of; `notes` are the held-out notes that it shows."""

    name: str
    metrics: Mapping[str, Any]
    manifests: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    log: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[HeldNote] = ()
    surfaces: SurfaceCounts = field(default_factory=SurfaceCounts)
    warnings: Sequence[str] = ()

    @property
    def reference(self) -> str:
        return REFERENCES[bool(self.metrics["has_gold"])]

    @property
    def gold(self) -> Mapping[str, Any]:
        """What `gold` says; {} where it did not run."""
        return self.manifests.get("gold") or {}


def render_page(report: Report) -> str:
    """The page as HTML. It holds text of notes; everything in it is escaped."""
    row = scores.trained_row(report.metrics)
    spans = [s for n in report.notes for s in (*n.predicted, *n.reference)]
    colour = colours([*row["per_type"], *(s.label for s in spans)])
    return template("page.html.j2").render(
        report=report,
        metrics=report.metrics,
        scores=scores,
        charts=training_charts(report.log) if report.log else [],
        calibration=calibration,
        gold=gold,
        reliability=calibration.chart(report.metrics),
        colour=colour,
        notes=[(note, highlight(note, colour)) for note in report.notes],
        shown=SHOWN,
        sections=_sections(report.surfaces),
        labels=label_rows(report.manifests),
        settings=settings_rows(report.settings),
        provenance=provenance_rows(report.metrics),
    )


def render_summary(report: Report) -> str:
    """The numbers as Markdown, without any text of a note."""
    text = template("summary.md.j2").render(
        report=report,
        metrics=report.metrics,
        scores=scores,
        calibration=calibration,
        gold=gold,
        cell=scores.markdown_cell,
        mistakes=[(title, report.surfaces.total(*k)) for title, k in SECTIONS],
        facts=[
            ("Label source", label_rows(report.manifests)),
            ("Settings", settings_rows(report.settings)),
            ("Provenance", provenance_rows(report.metrics)),
        ],
    )
    return text.rstrip() + "\n"


def _sections(surfaces: SurfaceCounts) -> list[tuple[str, int, Any]]:
    return [(title, surfaces.total(*k), surfaces.rows(*k)) for title, k in SECTIONS]


@cache
def template(name: str) -> Template:
    """A template beside this file; `.html.j2` escapes all it is given."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
