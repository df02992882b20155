"""What a run is: checked when it is read, and named by its settings."""

from dataclasses import replace

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments.arms import ANSWERS
from spacy_mslm.experiments.plans import experiment, experiments
from spacy_mslm.experiments.spec import RunSpec


def test_a_spec_is_read_from_what_it_writes():
    spec = RunSpec(data="d", arm="a", labels=("X", "Y"), swap=0.5, seed=3)
    assert RunSpec.from_dict(spec.to_dict()) == spec
    assert spec.to_dict() == {
        "data": "d",
        "arm": "a",
        "labels": ("X", "Y"),
        "swap": 0.5,
        "seed": 3,
    }


def test_the_id_is_of_what_is_not_at_its_default():
    # Pinned: results of other versions of this package keep their names.
    assert RunSpec(data="d", arm="a").id == "65b1284b472d5169"
    assert RunSpec(data="d", arm="a", swap=0.0).id == RunSpec(data="d", arm="a").id
    assert RunSpec(data="d", arm="a", swap=0.1).id != RunSpec(data="d", arm="a").id


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"elm": 0.5}, r"M801.*results row 7.*'elm'.*entity_rate"),
        ({"swap": 1.5}, "M802.*swap.*from 0 to 1.*1.5"),
        ({"strategy": "pmi2"}, "M802.*strategy.*joint"),
        ({"updates": -1}, "M802.*updates.*0 or more"),
        ({"updates": "9"}, "M802.*updates.*a int"),
        ({"dynamic": 1}, "M802.*dynamic"),
        ({"seed": True}, "M802.*seed"),
        ({"stage_updates": 5}, "M802.*stage_updates.*nothing is masked"),
        ({"strategy": "joint", "stage_updates": 400}, "M802.*stage_updates.*below"),
        ({"weak_updates": 4}, "M802.*weak.*source"),
        ({"system": "labeller"}, "M802.*weak.*source"),
        ({"weak": "medcat", "weak_updates": 401}, "M802.*weak_updates.*at most"),
        ({"share": 0.0}, "M802.*share.*above 0"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(MslmError, match=message):
        RunSpec.from_dict({"data": "d", "arm": "a", **settings}, place="results row 7")


def test_data_and_arm_are_needed():
    with pytest.raises(MslmError, match=r"M802.*arm"):
        RunSpec.from_dict({"data": "d"})


@pytest.mark.parametrize("plan", experiments().values(), ids=lambda plan: plan.name)
def test_every_plan_holds_each_run_once_and_its_reference_of_each_seed(plan):
    assert len({spec.id for spec in plan.runs}) == len(plan.runs)
    arms = {(spec.data, spec.arm, spec.seed) for spec in plan.runs}
    assert len(arms) == len(plan.runs)
    for spec in plan.runs:
        if spec.system != "statistics":
            assert (spec.data, plan.reference, spec.seed) in arms
            for pair in plan.pairs:
                assert {(spec.data, arm, spec.seed) for arm in pair} <= arms


def test_a_plan_on_another_set_keeps_its_arms():
    there = experiment("answer-full", "my set")
    assert {spec.data for spec in there.runs} == {"my set"}
    assert len({spec.id for spec in there.runs}) == len(there.runs) == 3 * len(ANSWERS)
    assert {s.arm for s in there.runs} == {*ANSWERS}


def test_the_arms_of_an_answer_have_equal_budgets():
    for name in ("answer-tenth", "answer-full"):
        runs = experiment(name).runs
        budgets = {(s.updates, s.batch_words, s.share, s.test) for s in runs}
        assert len(budgets) == 1
        assert {s.arm for s in runs} == {*ANSWERS}


def test_the_arms_compared_differ_in_what_they_began_from_alone():
    for name in ("answer-tenth", "answer-full"):
        plan = experiment(name)
        arms = {spec.arm: spec for spec in plan.runs if spec.seed == 0}
        for first, second in plan.pairs[:3]:
            same = {"arm": second, "encoder": arms[second].encoder}
            assert replace(arms[first], **same) == arms[second]
            assert arms[first].encoder != arms[second].encoder


def test_what_chooses_never_sees_test():
    assert not any(spec.test for spec in experiment("screen").runs)


def test_unknown_experiments_are_refused():
    with pytest.raises(MslmError, match=r"M809.*screen"):
        experiment("scren")
