"""The laboratory's report, from real results of tiny runs and from made-up ones."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments import plans
from spacy_mslm.experiments.arms import FOUR
from spacy_mslm.experiments.data import load
from spacy_mslm.experiments.plans import Experiment
from spacy_mslm.experiments.run import run
from spacy_mslm.experiments.spec import RunSpec
from spacy_mslm.experiments.store import Store
from spacy_mslm.experiments.tables import against, shown
from spacy_mslm.report.lab import (
    View,
    render_index,
    render_readme,
    worth_of_terms,
    write_plots,
    write_report,
)
from spacy_mslm.report.lab_charts import (
    arranged,
    charts,
    chosen,
    learning,
    learning_chart,
)
from spacy_mslm.report.lab_facts import command, missing
from spacy_mslm.report.lab_masks import (
    equal_weights,
    protocol_table,
    recovered_table,
)
from spacy_mslm.report.lab_tables import by_set, pairs_table, score_tables
from spacy_mslm.scoring.doc_counts import DocCounts
from spacy_mslm.scoring.strict import score

TEXT = """
the O|patient O|has O|chest B-S|pain I-S|. O
no O|fever B-S|and O|no O|cough B-S|. O
given O|metformin B-T|daily O
denies O|acute B-S|pain I-S
"""
SMALL = {"precision": "float32", "batch_words": 20, "updates": 24, "test": True}
RATES = {"learn_rate": 3e-3, "heads_learn_rate": 1.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    (root / "tiny").mkdir()
    blocks = TEXT.strip().replace(" ", "\t").replace("\n", "\n\n").replace("|", "\n")
    for split in ("train", "dev", "test"):
        (root / "tiny" / f"{split}.tsv").write_text(blocks + "\n")
    return load(root, "tiny")


@pytest.fixture(scope="module")
def made(data, tiny_encoder):
    """An arm to the result of a real run."""
    common = {"data": "tiny", "encoder": str(tiny_encoder), **SMALL, **RATES}
    return {
        arm: run(
            RunSpec(arm=arm, gold_masked=arm == "mslm", **common, **settings),
            data,
            trials=1,
            say=lambda text: None,
        )
        for arm, settings in FOUR.items()
        if arm != "joint"
    }


PLAN = Experiment(
    "answer",
    "Is it <worth> it?",
    tuple(
        RunSpec(data=name, arm=arm, seed=seed, **SMALL, **FOUR[arm])
        for name in ("first", "second")
        for arm in FOUR
        for seed in (0, 1)
    ),
)

OTHER = Experiment("other", "Not begun.", (RunSpec(data="first", arm="vanilla"),))


def result(spec, made):
    """A real run's result, given another name."""
    like = made["mslm" if spec.arm == "joint" else spec.arm.partition(",")[0]]
    return {**like, "id": spec.id, "spec": spec.to_dict(), "trials": spec.seed + 1}


@pytest.fixture
def results(tmp_path, made, monkeypatch):
    """A folder that holds all of the plan but `mslm` on the second set, seed 1."""
    monkeypatch.setattr(plans, "experiments", lambda: {"answer": PLAN, "other": OTHER})
    store = Store(tmp_path / "answer.jsonl")
    for spec in reversed(PLAN.runs[:-1]):
        store.add(result(spec, made))
    return tmp_path


# Made-up results: 20 sentences of one gold span, of which some are found


def row(arm, hits, *, seed=0, data="d", curve=(), weights=None, **spec):
    gold = [[(0, 1, "S")] for _ in range(20)]
    found = [[(0, 1, "S")] if i < hits else [(1, 2, "S")] for i in range(20)]
    mentions = [[(0, 1, "S", "x")] for _ in range(20)]
    said = RunSpec(data=data, arm=arm, seed=seed, **spec)
    return {
        "id": said.id,
        "spec": said.to_dict(),
        "dev": {
            "strict": score(gold, found).to_dict(),
            "em_by_seen": {"unseen": {"n": 20, "em": hits / 20}},
            "partial": {"f": 0.5},
            "ece": 0.1,
            "masked_lm": None,
            "by_sentence": {
                "strict": DocCounts.of(gold, found).to_text(),
                "unseen": DocCounts.of_unseen(mentions, found, []).to_text(),
            },
        },
        "curve": [{"update": at, "f": value} for at, value in curve],
        "weights": weights or {},
    }


def test_the_average_is_of_sets_that_both_arms_have():
    rows = [
        *(row("vanilla", 10, data=name) for name in "de"),
        *(row("mslm", hits, data=name) for name, hits in (("d", 12), ("e", 18))),
        row("joint", 11),
    ]
    average, *each = score_tables(rows, "dev", "vanilla")
    assert [table.title for table in each] == ["d, dev", "e, dev"]
    cells = {name: rest for name, *rest in average.rows}
    assert cells["vanilla"][:2] == ["2 of 2", "50.0"]
    assert cells["vanilla"][6:] == [""] * 4
    assert cells["mslm"][:2] == ["2 of 2", "75.0"]
    assert cells["mslm"][6].startswith("+25.0 [")
    assert cells["joint"][0] == "1 of 2" and cells["joint"][6].startswith("+5.0 [")
    assert score_tables(rows, "test", "vanilla") == []


def test_one_set_has_no_average_and_its_table_is_that_of_the_command():
    rows = [row("vanilla", 10), row("mslm", 12)]
    (table,) = score_tables(rows, "dev", "vanilla")
    interval = against([rows[1]], [rows[0]], "dev")["F1"]
    assert table.header[:3] == ["arm", "seeds", "F1"]
    assert table.rows[1][7] == shown(interval)


def test_what_is_compared_with_uniform():
    rows = [row("vanilla", 9), row("uniform", 10), row("mslm", 12)]
    pairs = [(arm, "uniform") for arm in ("joint", "mslm")]
    table = pairs_table(rows, "t", "dev", pairs)
    assert [cells[0] for cells in table.rows] == ["d: mslm - uniform"]
    assert table.rows[0][1].startswith("+10.0 [")
    assert pairs_table(rows[:2], "t", "dev", pairs) is None
    assert pairs_table(rows[2:], "t", "dev", pairs) is None


def test_a_variant_is_compared_with_the_same_variant_of_uniform_too():
    arms = {**FOUR, "uniform, x": FOUR["uniform"]}
    arms |= {f"mslm, {name}": FOUR["mslm"] for name in "xy"}
    runs = tuple(RunSpec(data="d", arm=arm, **of) for arm, of in arms.items())
    assert worth_of_terms(Experiment("e", "?", runs)) == [
        ("joint", "uniform"),
        ("mslm", "uniform"),
        ("mslm, x", "uniform, x"),
    ]
    assert worth_of_terms(Experiment("e", "?", runs[2:])) == []


def test_arms_of_equal_weights_count_as_one():
    half, other = {"entity": 0.5, "base": 0.5}, {"entity": 0.6, "base": 0.4}
    rows = [row("joint", 9, weights=half), row("mslm", 9, weights=half)]
    (said,) = equal_weights(rows, "joint", "mslm")
    assert said.startswith("d: ") and "count as one arm" in said
    more = [("joint", half), ("mslm", other)]
    rows += [row(arm, 9, seed=1, weights=weights) for arm, weights in more]
    assert equal_weights(rows, "joint", "mslm") == []
    assert equal_weights(rows[:1], "joint", "mslm") == []


def test_learning_is_a_mean_over_seeds_at_points_that_all_have():
    group = [
        row("a", 10, curve=[(1, 0.1), (2, 0.4), (4, 0.5)], updates=4),
        row("a", 12, seed=1, curve=[(1, 0.3), (4, 0.6)], updates=4),
    ]
    assert learning(group) == [(1, pytest.approx(20)), (4, pytest.approx(55))]


def test_updates_until_vanillas_best():
    arms = {
        "vanilla": [row("vanilla", 10, curve=[(1, 0.2), (2, 0.6)], updates=4)],
        "mslm": [row("mslm", 14, curve=[(1, 0.6), (2, 0.65)], updates=4)],
        "joint": [row("joint", 8, curve=[(1, 0.1)], updates=4)],
    }
    said = learning_chart("d", arms).says
    assert "(60.0): vanilla 2; mslm 1; joint not reached" in said
    del arms["vanilla"]
    assert learning_chart("d", arms).says == ""


def test_a_chart_shows_the_four_arms_and_the_best_of_the_others():
    arms = {arm: [row(arm, 10)] for arm in ("mslm, b", *FOUR)}
    arms["mslm, best"] = [row("mslm, best", 19)]
    assert chosen(arms) == ["vanilla", "uniform", "mslm", "joint", "mslm, best"]
    assert len(chosen({f"mslm, {n}": [row("x", n)] for n in range(9)})) == 5


def test_an_arm_has_its_place_in_the_charts_of_every_set():
    """Whichever arm is better on a set: a place is a colour."""
    dev = {"first": (19, 5, 9), "second": (5, 18, 9)}
    rows = [
        row(arm, right, data=data)
        for data, each in dev.items()
        for arm, right in zip(("mslm, a", "mslm, b", "vanilla"), each, strict=True)
    ]
    orders = [[*arms] for arms in arranged(rows).values()]
    assert orders == [["vanilla", "mslm, a", "mslm, b"]] * 2
    half = [
        r for r in rows if (r["spec"]["data"], r["spec"]["arm"]) != ("first", "mslm, a")
    ]
    first = arranged(half)["first"]
    assert [*first] == ["vanilla", "mslm, b", "mslm, a"] and not first["mslm, a"]


def test_an_arm_that_was_not_run_leaves_its_colour_free():
    arms = {
        "vanilla": [row("vanilla", 10, curve=[(1, 0.2)], updates=4)],
        "mslm": [],
        "joint": [row("joint", 8, curve=[(1, 0.1)], updates=4)],
    }
    chart = learning_chart("d", arms)
    assert "mslm" not in chart.figure and "mslm" not in chart.says
    assert 'class="line s0"' in chart.figure and 'class="line s2"' in chart.figure
    assert 'class="line s1"' not in chart.figure


def test_what_is_missing_and_how_to_make_it(tmp_path):
    done = {spec.id for spec in PLAN.runs if spec.data == "first"}
    assert missing(PLAN, done) == ["second: all arms"]
    left = [spec for spec in PLAN.runs if (spec.arm, spec.seed) != ("mslm", 1)]
    assert missing(PLAN, [s.id for s in left]) == [
        "first: mslm (seed 1)",
        "second: mslm (seed 1)",
    ]
    assert missing(PLAN, [s.id for s in PLAN.runs]) == []
    told = "python -m spacy_mslm experiment run answer --data DATA"
    assert command("answer", Path("results")) == told
    assert command("answer", tmp_path) == f"{told} --results {tmp_path}"


# Real results


def view_of(results):
    return View.of(PLAN, results)


def test_results_come_in_the_order_of_the_plan_and_unknown_ones_are_counted(
    results, made
):
    store = Store(results / "answer.jsonl")
    store.add(result(PLAN.runs[0], made))  # by a second process, say
    store.add(result(replace(PLAN.runs[0], swap=0.5), made))
    view = view_of(results)
    assert [r["id"] for r in view.rows] == [s.id for s in PLAN.runs[:-1]]
    assert view.done == "15 of 16" and view.others == 1
    assert view.missing == ["second: mslm (seed 1)"]
    for text in (render_readme([view]), render_index([view])):
        assert "Left out: 1 result of settings that are no longer planned." in text


def test_the_readme_says_what_was_asked_found_and_spent(results):
    write_report(results)
    text = (results / "README.md").read_text()
    assert "Made by `python -m spacy_mslm experiment report`; do not edit." in text
    assert "| answer | 15 of 16 | Is it &lt;worth> it? |" in text
    assert "| other | 0 of 1 | Not begun. |" in text and "## other" not in text
    for part in (
        "--data DATA --results",
        "- second: mslm (seed 1)",
        "**Average of the data sets, test**",
        "**first, dev**",
        "**Against uniform masks, test**",
        "| average of 2 of 2 sets: mslm - uniform |",
        "95 per cent intervals",
        "first: the mask weights of joint and mslm are equal",
        "fresh one",
        "**Seconds a run on",
        "- Seeds: 0, 1",
        "- Dev trials of each family: first: vanilla 2, uniform 2, joint 2, mslm 2;",
        "experiment plot answer",
    ):
        assert part in text, part
    assert not re.search("metformin|chest", text)
    assert "\n\n\n" not in text


def test_charts_that_are_files_are_shown(results):
    paths = write_plots("answer", results)
    assert len(paths) == 6 and all(path.is_file() for path in paths)
    text = render_readme([view_of(results)])
    assert "](plots/answer/learning-first.svg)" in text
    assert "Updates until vanilla's best F1 on part of dev" in text
    assert "experiment plot answer" not in text
    paths[0].unlink()
    assert "learning-first" not in render_readme([view_of(results)])


def test_a_chart_alone_has_its_own_style(results):
    for path in write_plots("answer", results):
        svg = ElementTree.parse(path).getroot()
        assert svg.tag == "{http://www.w3.org/2000/svg}svg"
        style = svg.find("{*}style").text
        used = set(re.findall(r"var\((--\w+)\)", style))
        assert used and used <= set(re.findall(r"(--\w+):", style))
        assert len(svg.findall(".//{*}polyline")) == 4


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_nothing_beside_it(results):
    page = write_report(results).page.read_text()
    reader = Tags()
    reader.feed(page)
    assert not reader.open
    for tag, attributes in reader.seen:
        assert tag not in {"script", "link", "img", "iframe", "worth"}
        assert not {"src", "href"} & set(attributes)
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page and "url(" not in page
    assert "Is it &lt;worth&gt; it?" in page
    assert page.count("<svg") == 6 and "Average of the data sets, test" in page
    assert not re.search("metformin|chest", page)


def test_same_results_same_bytes(results):
    for render in (render_readme, render_index):
        assert render([view_of(results)]) == render([view_of(results)])


def test_masked_words_are_shown_of_arms_that_mask(results):
    rows = view_of(results).rows
    table = recovered_table(rows, "test")
    arms = {cells[0].partition(": ")[2] for cells in table.rows}
    assert arms == {"uniform", "joint", "mslm"}
    assert all(float(cell) > 0 for cell in table.rows[0][1:3])
    vanilla = [r for r in rows if r["spec"]["arm"] == "vanilla"]
    assert recovered_table(vanilla, "dev") is None


def test_the_released_evaluation_has_a_table_of_its_own(made):
    table = protocol_table(made.values())
    masks, without, clean = table.rows
    assert masks[0] == "tiny: mslm, network on masks"
    assert masks[4] != "–" and without[4] != "–" and clean[4] == "–"
    micro = made["mslm"]["test"]["strict"]["micro"]
    assert clean[3] == f"{100 * micro['f']:.1f}"
    assert protocol_table([made["vanilla"]]) is None


def test_charts_of_test_where_all_of_it_was_measured(results):
    rows = [dict(r) for r in view_of(results).rows]
    assert "first, test" in charts(rows)[1].title
    del rows[0]["test"]
    assert "first, dev" in charts(rows)[1].title
    assert list(by_set(rows)) == ["first", "second"]


def test_without_results_nothing_is_written(results):
    (results / "answer.jsonl").rename(results / "unknown.old")
    (results / "notes.txt").write_text("not ours")
    with pytest.raises(MslmError, match=r"M810.*'answer'.*experiment run answer"):
        write_report(results)
    with pytest.raises(MslmError, match="M810"):
        write_plots("answer", results)
    with pytest.raises(MslmError, match="M809"):
        write_plots("nothing", results)
    assert {p.name for p in results.iterdir()} == {"unknown.old", "notes.txt"}


def test_results_on_another_set_are_shown_and_counted_apart(results, made):
    spec = replace(PLAN.runs[0], data="mine")
    Store(results / "answer.jsonl").add(result(spec, made))
    view = View.of(PLAN, results)
    assert view.done == "15 of 16, and 1 on other sets" and view.others == 0
    assert "**mine, test**" in render_readme([view])


def test_no_difference_where_other_mentions_are_unseen():
    rows = [row("vanilla", 10), row("mslm", 12)]
    assert "EM unseen" in against(rows[1:], rows[:1], "dev")
    counts = rows[1]["dev"]["by_sentence"]["unseen"]
    counts["fn"] = counts["fn"].replace("0", "1", 1)
    found = against(rows[1:], rows[:1], "dev")
    assert "F1" in found and "EM unseen" not in found
