"""The laboratory's report: what the runs of experiments/ found, as Markdown and as a
page that needs nothing beside it. Counts and scores, no text of notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import Errors, MslmError
from ..experiments import plans
from ..experiments.arms import FOUR
from ..experiments.plans import Experiment, family
from ..experiments.spec import RunSpec
from ..experiments.store import Store
from ..experiments.tables import Row
from ..runners.atomic import atomic_folder, atomic_write_text
from . import lab_beside, lab_facts, lab_masks, lab_paper, lab_weak
from .lab_charts import Chart, charts
from .lab_over import over_charts
from .lab_tables import Table, pairs_table, score_tables
from .page import template
from .scores import markdown_cell, markdown_table

README, PAGE, PLOTS, PLAN = "README.md", "index.html", "plots", "PLAN.md"
UNIFORM = "uniform"
INTERVALS_SAY = (
    "Scores are per cent of strict spans, means over seeds. Brackets are 95 per cent "
    "intervals of a paired bootstrap, 2,000 resamples of sentences and seeds, the same "
    "for both arms; one that holds 0 settles nothing. Of S seeds they hold 1 - 1/S of "
    "the variance between seeds: too narrow by a third of it with three, blind to it "
    "with one; and sentences of one abstract are alike, which they do not know. An "
    "average counts every data set the same. Unseen mentions are those whose text is "
    "in no gold that the run was given, or, where it was given none, in none of its "
    "weak labels; where that makes other mentions of two arms, no difference is shown."
)


@dataclass(frozen=True)
class Section:
    """A part of an experiment: tables, and sentences on how to read them."""

    title: str
    tables: Sequence[Table]
    says: Sequence[str] = ()


@dataclass(frozen=True)
class View:
    """What is shown of an experiment. `rows`: results of its plan, each run once, in
    the plan's order; `others`: how many results are of settings no longer planned."""

    plan: Experiment
    rows: Sequence[Row]
    others: int
    results: Path

    @classmethod
    def of(cls, plan: Experiment, results: Path) -> "View":
        """What the folder holds. Raises as `Store.read`."""
        store = Store(results / f"{plan.name}.jsonl")
        found = store.folder()
        rows = [found[spec.id] for spec in plan.runs if spec.id in found]
        own = {row["id"]: row for row in store.read() if row not in rows}
        elsewhere = [row for row in own.values() if _on_another_set(plan, row)]
        return cls(plan, [*rows, *elsewhere], len(own) - len(elsewhere), results)

    @property
    def done(self) -> str:
        planned = {spec.id for spec in self.plan.runs}
        done = sum(row["id"] in planned for row in self.rows)
        more = len(self.rows) - done
        further = f", and {more} on other sets" if more else ""
        return f"{done} of {len(self.plan.runs)}{further}"

    @property
    def missing(self) -> list[str]:
        return lab_facts.missing(self.plan, [row["id"] for row in self.rows])

    @property
    def unplanned(self) -> str:
        noun = "result" if self.others == 1 else "results"
        return f"{self.others} {noun} of settings that are no longer planned"

    @property
    def command(self) -> str:
        return lab_facts.command(self.plan.name, self.results)

    @cached_property
    def sections(self) -> list[Section]:
        """Those that have something to show."""
        made = [
            self._statistics(),
            self._released(),
            *map(self._scores, ("test", "dev")),
            self._beside(),
            self._beyond(),
            *self._masks(),
            self._paper(),
            Section("Cost", lab_facts.cost_tables(self.trained), [lab_facts.COST_SAYS]),
        ]
        return [section for section in made if section.tables]

    @property
    def trained(self) -> list[Row]:
        """The runs of networks by the laboratory."""
        return [row for row in self.rows if row["spec"].get("system") is None]

    @property
    def facts(self) -> list[tuple[str, str]]:
        return lab_facts.facts(self.rows)

    @cached_property
    def charts(self) -> list[Chart]:
        return [*over_charts(self.rows), *charts(self.trained)]

    @property
    def plotted(self) -> list[Chart]:
        """Those that the folder holds as files."""
        return [c for c in self.charts if (self.results / self.file(c)).is_file()]

    def file(self, chart: Chart) -> str:
        """Relative to the folder of results."""
        return f"{PLOTS}/{self.plan.name}/{chart.name}.svg"

    def _scores(self, split: str) -> Section:
        tables = score_tables(self.rows, split, self.plan.reference)
        pairs = self.plan.pairs or worth_of_terms(self.plan)
        title = "Pairs" if self.plan.pairs else "Against uniform masks"
        more = pairs_table(self.rows, title, split, pairs)
        return Section(f"Scores on {split}", [*tables, *_given(more)])

    def _statistics(self) -> Section:
        table = lab_weak.statistics_table(self.rows)
        return Section("Statistics", _given(table), [lab_weak.HELD_SAYS])

    def _beyond(self) -> Section:
        table = lab_weak.beyond_table(self.rows)
        both = lab_weak.together_table(self.rows)
        says = [lab_weak.BEYOND_SAYS, *([lab_weak.WITH_SAYS] if both else [])]
        return Section("Weak labels", [*_given(table), *_given(both)], says)

    def _beside(self) -> Section:
        other: Sequence[Row] = ()
        if self.plan.beside:
            other = View.of(plans.experiment(self.plan.beside), self.results).rows
        table = lab_beside.beside_table(self.rows, other)
        return Section("Beside the laboratory", _given(table), [lab_beside.SAYS])

    def _paper(self) -> Section:
        rows = self.rows if "tables 3" in self.plan.exhibits else []
        table = lab_paper.paper_table(rows)
        return Section("Beside the paper", _given(table), [lab_paper.SAYS])

    def _released(self) -> Section:
        table = lab_masks.protocol_table(self.rows)
        return Section("Masks at prediction", _given(table), [lab_masks.PROTOCOL_SAYS])

    def _masks(self) -> list[Section]:
        masked = _given(lab_masks.masked_table(self.rows))
        equal = lab_masks.equal_weights(self.rows, "joint", "mslm")
        recovered = lab_masks.recovered_table(self.rows, "test")
        recovered = recovered or lab_masks.recovered_table(self.rows, "dev")
        return [
            Section("Masks of training", masked, equal),
            Section("Masked words", _given(recovered), [lab_masks.RECOVERED_SAYS]),
        ]


def _on_another_set(plan: Experiment, row: Row) -> bool:
    """Whether a result is of a planned run, but for its data (`--set`)."""
    spec = RunSpec.from_dict(row["spec"])
    return spec in plan.on(spec.data).runs


def worth_of_terms(plan: Experiment) -> list[tuple[str, str]]:
    """Where all four arms are planned, those that mask terms beside the variant of
    `uniform` of the same form: what terms add to masks."""
    arms = dict.fromkeys(spec.arm for spec in plan.runs)
    if not {*FOUR} <= arms.keys():
        return []
    joint = dict.fromkeys(s.arm for s in plan.runs if s.strategy == "joint")
    others = {arm: UNIFORM + arm[len(family(arm)) :] for arm in joint}
    return [(arm, other) for arm, other in others.items() if other in arms]


def _given(table: Table | None) -> list[Table]:
    return [] if table is None else [table]


@dataclass(frozen=True)
class Written:
    """What was written, and of which experiments."""

    readme: Path
    page: Path
    views: Sequence[View]


def write_report(results: Path) -> Written:
    """Write `results`/README.md and index.html, of all experiments with results.

    Raises MslmError: M810 where no planned run is done, else as `Store.read`.
    """
    every = [View.of(plan, results) for plan in plans.experiments().values()]
    if not any(view.rows for view in every):
        raise _nothing(every[0].plan)
    written = Written(results / README, results / PAGE, [v for v in every if v.rows])
    atomic_write_text(written.readme, render_readme(every))
    atomic_write_text(written.page, render_index(every))
    return written


def write_plots(name: str, results: Path) -> list[Path]:
    """Write each chart of an experiment to `results`/plots/`name`, in place of what
    was there. Raises MslmError: M809 and M810, else as `Store.read`."""
    view = View.of(plans.experiment(name), results)
    if not view.rows:
        raise _nothing(view.plan)
    with atomic_folder(results / PLOTS / name) as folder:
        for chart in view.charts:
            atomic_write_text(folder / f"{chart.name}.svg", chart.standalone())
    return [results / view.file(chart) for chart in view.charts]


def _nothing(plan: Experiment) -> MslmError:
    return MslmError(Errors.M810.format(name=plan.name, missing="its plan"))


def render_readme(views: Sequence[View]) -> str:
    """Markdown; it shows those charts that are files already."""
    linked = any((view.results / PLAN).is_file() for view in views)
    text = template("lab.md.j2").render(
        views=views,
        overview=markdown_table(*_overview(views), align="---"),
        exhibits=markdown_table(*_exhibits(), align="---"),
        intervals=INTERVALS_SAY,
        plan=PLAN if linked else None,
        page=PAGE,
        cell=markdown_cell,
    )
    return text.rstrip() + "\n"


def render_index(views: Sequence[View]) -> str:
    """HTML, with all charts."""
    header, rows = _overview(views)
    return template("lab.html.j2").render(
        views=views,
        overview=Table("Experiments", header, rows),
        exhibits=Table("Exhibits of Abaho et al. 2024", *_exhibits()),
        intervals=INTERVALS_SAY,
    )


def _overview(views: Sequence[View]) -> tuple[list[str], list[list[str]]]:
    rows = [[view.plan.name, view.done, view.plan.about] for view in views]
    return ["experiment", "runs done", "question"], rows


def _exhibits() -> tuple[list[str], list[Sequence[str]]]:
    return ["of Abaho et al. 2024", "here"], list(lab_paper.EXHIBITS)
