"""What the documents say can be typed: commands, options, variables, keys, links."""

import inspect
import json
import re
import shlex
from collections import defaultdict
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from statistics import fmean

import pytest
import spacy
import typer
import yaml
from spacy.util import registry
from thinc.api import Config

from spacy_mslm.cli import register_commands
from spacy_mslm.experiments.plans import SETS, experiment
from spacy_mslm.experiments.store import Store
from spacy_mslm.experiments.tables import arms_of
from spacy_mslm.pipeline.component import MslmNer
from spacy_mslm.report.lab_tables import score_tables

ROOT = Path(__file__).parents[1]
README, GUIDE = ROOT / "README.md", ROOT / "docs" / "guide.md"
BENCHMARKS = ROOT / "benchmarks"
PAGES = [
    *(README, ROOT / "CONTRIBUTING.md", BENCHMARKS / "README.md"),
    *sorted((ROOT / "docs").glob("*.md")),
]
OURS, SPACY = ["python", "-m", "spacy_mslm"], ["python", "-m", "spacy"]
ON_SEVERAL = ["accelerate", "launch"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
OVERRIDE = re.compile(r"--([a-z_]+(?:\.[a-z_]+)+)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def blocks(page, *kinds):
    return [
        body for kind, body in FENCE.findall(page.read_text("utf8")) if kind in kinds
    ]


def prose(page):
    return FENCE.sub("", page.read_text("utf8"))


def typed(page):
    """Whole command lines: those of code blocks, in the order they are typed."""
    for body in blocks(page, "", "bash"):
        for line in body.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def quoted(page):
    """Parts of command lines that stand in a sentence."""
    for code in re.findall(r"`([^`]+)`", prose(page)):
        if code.startswith(("python", "pip", "make ", "--")):
            yield code.split()


@cache
def commands():
    return typer.main.get_command(register_commands())


def find_command(words):
    """The command that `words` begin with, and what is left of them."""
    command, rest = commands(), list(words)
    while hasattr(command, "commands"):
        assert rest and rest[0] in command.commands, f"no command {' '.join(words)!r}"
        command = command.commands[rest.pop(0)]
    return command, rest


def options(command):
    return {name for parameter in command.params for name in parameter.opts}


def check_typed(words):
    """It parses, required arguments and all, and nothing is run."""
    command, rest = find_command(words)
    extra = command.make_context(words[0], rest).args
    check_overrides(extra, "configs/gold.cfg")


def check_quoted(words):
    command, rest = find_command(words)
    known = {*options(command), "--help"}
    assert {word for word in rest if word.startswith("-")} <= known, words


@cache
def config(path):
    return Config().from_disk(ROOT / path, interpolate=False)


def check_overrides(words, path):
    for word in words:
        if match := OVERRIDE.match(word):
            section = config(path)
            for part in match[1].split("."):
                assert part in section, f"{path} has no {match[1]}"
                section = section[part]


# Commands


def test_there_are_commands_to_check():
    ours = [words for page in PAGES for words in typed(page) if words[:3] == OURS]
    assert len(ours) > 12
    assert sum(words[:2] == ON_SEVERAL for words in typed(GUIDE)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "lable notes.csv",
        "corpus built x --out y",
        "notes count",
        "masks a b --number 3",
    ],
)
def test_a_wrong_command_line_is_noticed(line):
    with pytest.raises(Exception, match=r"(?i)no (command|such)|missing"):
        check_typed(line.split())


@pages
def test_our_command_lines_parse(page):
    for words in typed(page):
        if words[:2] == ON_SEVERAL:
            words = ["python", *words[words.index("-m") :]]
        if words[:3] == OURS:
            check_typed(words[3:])
    for words in quoted(page):
        if words[:3] == OURS and len(words) > 3:
            check_quoted(words[3:])


def test_options_that_the_guide_names_in_passing_exist():
    """`--sha256`, say, in the section of `concepts build`."""
    known = {"--find-links", "--no-deps", "--help", "--multi_gpu", "--num_processes"}
    known |= {"--cpu", "--gpu-id"}
    known |= {o for command in every_command(commands()) for o in options(command)}
    for code in re.findall(r"`([^`]+)`", prose(GUIDE)):
        for option in re.findall(r"(?<!\S)--[\w-]+(?![\w.-])", code):
            assert option in known, option


def every_command(command):
    for child in getattr(command, "commands", {}).values():
        yield from every_command(child)
    yield command


@pages
def test_the_workflow_knows_every_variable_and_step(page):
    project = yaml.safe_load((ROOT / "project.yml").read_text("utf8"))
    for name in re.findall(r"--vars\.([\w-]+)", page.read_text("utf8")):
        assert name in project["vars"], name
    steps = {*project["workflows"], *(step["name"] for step in project["commands"])}
    for words in typed(page):
        if words[:5] == [*SPACY, "project", "run"]:
            assert words[5] in steps


@pages
def test_training_takes_every_override(page):
    for words in typed(page):
        if words[:4] == [*SPACY, "train"]:
            path = next(word for word in words if word.endswith(".cfg"))
            check_overrides(words, path)
    for words in quoted(page):
        if not any(word.startswith("--vars.") for word in words):
            check_overrides(words, "configs/mslm.cfg")


@pages
def test_make_knows_every_target(page):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    lines = [*typed(page), *quoted(page)]
    named = {word for w in lines if w[0] == "make" for word in w[1:]}
    assert named <= targets


def test_configs_and_extras_that_the_guide_names_exist():
    text = GUIDE.read_text("utf8")
    for name in re.findall(r"configs/(\w+)\.cfg", text):
        assert (ROOT / "configs" / f"{name}.cfg").is_file(), name
    for name in re.findall(r"^\| `(\w+)` \|", text, re.M):
        assert (ROOT / "configs" / f"{name}.cfg").is_file(), name
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf8")
    known = set(setup["options.extras_require"])
    for found in re.findall(r"\"\.\[([\w,]+)\]\"", text):
        assert set(found.split(",")) <= known


# Config keys


def test_every_key_of_the_guides_configs_exists():
    bodies = blocks(GUIDE, "ini")
    assert len(bodies) >= 4
    for body in bodies:
        for section, values in sections(body):
            for key in values:
                assert key in allowed(section, values), f"[{section}] {key}"


@pytest.mark.parametrize(
    "block",
    [
        "[training]\npatient = 3",
        "[components.ner.model]\nlayer_decays = 0.9",
        '[initialize.after_init]\n@callbacks = "spacy-mslm.AddLabels.v1"\nlabel = []',
    ],
)
def test_a_wrong_key_is_noticed(block):
    ((section, values),) = sections(block)
    assert not set(values) <= allowed(section, values)


def sections(body):
    name, found = "", {}
    for line in body.splitlines():
        if head := re.fullmatch(r"\[([\w.]+)\]", line):
            name = head[1]
            found[name] = {}
        elif pair := re.match(r"(@?\w+) = (.+)", line):
            found[name][pair[1]] = pair[2].strip('"')
    return list(found.items())


def allowed(section, values):
    """What a registered function takes, or what our configs have in that section."""
    for key, name in values.items():
        if key.startswith("@"):
            function = registry.get(key[1:], name)
            return {key, *inspect.signature(function).parameters}
    if section.startswith("initialize.components."):
        return set(inspect.signature(MslmNer.initialize).parameters)
    if section == "training.score_weights":
        named = {k for k in values if re.fullmatch(r"spans_\w+_(p|r|f|macro_f)", k)}
        return named | in_configs(section)
    return in_configs(section)


def in_configs(section):
    """Keys in `section` of any config; a component of another name is like ours."""
    parts = section.split(".")
    if parts[0] == "components" and len(parts) > 1:
        parts[1] = "ner"
    keys = set()
    for path in (ROOT / "configs").glob("*.cfg"):
        found = config(path.relative_to(ROOT))
        for part in parts:
            found = found.get(part) or {}
        keys |= set(found)
    return keys


# Python, links, length


@pytest.mark.parametrize("page", [README, GUIDE], ids=lambda path: path.name)
def test_python_of_the_documents_runs(page, nlp_tiny, monkeypatch, tmp_path, capsys):
    """On a tiny pipeline in place of the package that they load."""
    wanted = []

    def load(name, config=None):
        wanted.append(name)
        for key, value in (config or {}).get("components", {}).get("ner", {}).items():
            assert hasattr(nlp_tiny.get_pipe("ner"), key)
            setattr(nlp_tiny.get_pipe("ner"), key, value)
        return nlp_tiny

    monkeypatch.setattr(spacy, "load", load)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work" / "mynotes").mkdir(parents=True)
    bodies = blocks(page, "python")
    assert bodies
    for body in bodies:
        exec(compile(body, page.name, "exec"), {})
    assert wanted and all(name.startswith("en_") for name in wanted)


def test_settings_given_to_load_are_kept_and_those_set_later_are_not(
    nlp_tiny, tmp_path
):
    """What the guide says of an operating point."""
    nlp_tiny.to_disk(tmp_path / "made")
    settings = {"components": {"ner": {"threshold": 0.5, "outside_bias": -1.0}}}
    nlp = spacy.load(tmp_path / "made", config=settings)
    nlp.get_pipe("ner").threshold = 0.7
    nlp.to_disk(tmp_path / "chosen")
    ner = spacy.load(tmp_path / "chosen").get_pipe("ner")
    assert (ner.threshold, ner.outside_bias) == (0.5, -1.0)


@pages
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not target.startswith(("http:", "https:", "#")):
            assert (page.parent / target.partition("#")[0]).is_file(), target


def test_the_readme_fits_on_a_screen():
    lines = README.read_text("utf8").splitlines()
    assert len(lines) <= 100
    assert {"docs/guide.md", "docs/method.md", "CONTRIBUTING.md"} <= set(
        re.findall(r"\]\(([^)\s]+)\)", "\n".join(lines))
    )


def test_numbers_of_the_readme_are_those_of_the_benchmark():
    kept = (ROOT / "benchmarks" / "parity.jsonl").read_text("utf8").splitlines()
    scores = {}
    for row in map(json.loads, kept):
        scores.setdefault(row["system"], {})[row["seed"]] = 100 * row["f"]
    for system, by_seed in scores.items():
        shown = [by_seed[seed] for seed in sorted(by_seed)]
        cells = " | ".join(f"{value:.2f}" for value in [*shown, fmean(shown)])
        assert f"| {system} | {cells} |" in README.read_text("utf8")


@pytest.mark.parametrize("name", ["predict", "train", "label", "crf", "forms"])
def test_tables_of_the_benchmarks_are_their_results(name):
    from spacy_mslm.bench.speed import tables

    lines = (BENCHMARKS / f"{name}.jsonl").read_text("utf8").splitlines()
    page = (BENCHMARKS / "README.md").read_text("utf8")
    for table in tables(map(json.loads, lines)).split("\n\n"):
        assert table in page


def test_tables_of_engines_are_their_results():
    from spacy_mslm.bench.engines import tables

    lines = (BENCHMARKS / "engines.jsonl").read_text("utf8").splitlines()
    page = (BENCHMARKS / "README.md").read_text("utf8")
    for table in tables(map(json.loads, lines)).split("\n\n"):
        assert table in page
    # Whoever makes the notes, the labels are the same bytes.
    by_names = defaultdict(set)
    for line in map(json.loads, lines):
        by_names[line["settings"]["names"]].add(line["labels_hash"])
    assert all(len(hashes) == 1 for hashes in by_names.values())


def test_memory_on_the_page_is_what_was_measured():
    lines = (BENCHMARKS / "memory.jsonl").read_text("utf8").splitlines()
    single, half = map(json.loads, lines)
    page = (BENCHMARKS / "README.md").read_text("utf8")
    for name, values in {
        "held after 10,000 documents": [row["held_mb"][0] for row in (single, half)],
        "held after 100,000 documents": [row["held_mb"][-1] for row in (single, half)],
        "of 100,000": [
            row["peak_mb_of_one_document"]["100000"] for row in (single, half)
        ],
    }.items():
        assert f"| {name} | {values[0]} | {values[1]} |" in page


LAB_ROW = re.compile(r"^\| average of (\d) sets: ([^|]+) \| (.+) \|$", re.M)
LAB_COLUMNS = ("F1", "P", "EM", "EM unseen", "F1 - {}", "P - {}", "EM unseen - {}")


def test_what_the_readme_says_of_the_method_are_kept_results():
    rows = LAB_ROW.findall(README.read_text("utf8"))
    assert len(rows) >= 3
    plan = experiment("answer-tenth")
    found = Store(ROOT / "results" / "answer-tenth.jsonl").folder()
    done = [found[spec.id] for spec in plan.runs if spec.id in found]
    average = score_tables(done, "test", plan.reference)[0]
    columns = [average.header.index(c.format(plan.reference)) for c in LAB_COLUMNS]
    kept = {row[0]: row for row in average.rows}
    made = arms_of(done)
    for sets, arm, cells in rows:
        row = kept[arm]
        assert row[1] == f"{sets} of 4"
        wanted = [row[column] for column in columns]
        assert [cell.strip() for cell in cells.split("|")] == wanted
        # One seed is no result.
        both = [
            (made[data, arm], made[data, plan.reference])
            for data in SETS
            if (data, arm) in made and (data, plan.reference) in made
        ]
        assert len(both) == int(sets)
        assert all(len(group) >= 3 for groups in both for group in groups)


def test_the_table_of_labels_is_what_review_counted():
    folder = ROOT / "results" / "labels"
    page = (folder / "README.md").read_text("utf8")
    rows = re.findall(r"^\| (names [^|]+) \| (develop|report) \| (.+) \|$", page, re.M)
    assert len(rows) == 4
    for name, half, cells in rows:
        kind = "plain" if name == "names alone" else "ours"
        gold = json.loads((folder / f"{kind}-{half}.json").read_text())["gold"]
        labels = ("Diseases", "Symptoms", "Treatments")
        wanted = [f"{100 * gold['strict'][k][x]:.1f}" for k in labels for x in "prf"]
        assert cells.split(" | ") == wanted


def test_tables_of_medication_are_their_results():
    from spacy_mslm.report.systems import compared, grouped, systems_table
    from spacy_mslm.stages.laboratory.medication import read_lines

    folder = ROOT / "results" / "medication"
    lines = read_lines(folder / "answers.jsonl")
    page = (folder / "README.md").read_text("utf8")
    for group in grouped(lines).values():
        row = systems_table(group).splitlines()[-1]
        # Until all of its seeds are there a system is on no page.
        assert (row in page) == (len(group) >= 3), row
    complete = [line for of in grouped(lines).values() if len(of) >= 3 for line in of]
    pairs = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [+-][^|]+ \| \d+ \|$", page, re.M)
    assert pairs
    for row in compared(complete, pairs).splitlines()[2:]:
        assert row in page
