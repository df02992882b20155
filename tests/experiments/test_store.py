"""Results are kept whole, finished runs are not repeated, and wrong ones are named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments.plans import Experiment, family
from spacy_mslm.experiments.sequence import run_all
from spacy_mslm.experiments.spec import RunSpec
from spacy_mslm.experiments.store import Store


def result(spec, data_hash="h"):
    return {
        "id": spec.id,
        "spec": spec.to_dict(),
        "data_hash": data_hash,
        "dev": {},
        "provenance": {},
    }


SPEC = RunSpec(data="tiny", arm="vanilla")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results" / "screen.jsonl")


def test_what_was_added_is_read(store):
    assert store.read() == []
    store.add(result(SPEC))
    store.add(result(RunSpec(data="tiny", arm="b")))
    assert store.read()[0]["id"] == SPEC.id
    assert store.finished({"tiny": "h"}) == {row["id"] for row in store.read()}


def test_a_row_cut_short_is_named_and_costs_only_itself(store):
    store.add(result(SPEC))
    text = store.path.read_text()
    store.path.write_text(text + text[: len(text) // 2])
    with pytest.raises(MslmError, match=r"M804.*screen.jsonl row 2.*cut short"):
        store.read()
    store.path.write_text(text)
    assert len(store.read()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "M803.*row 1.*99"),
        ({"spec": {"data": "d", "arm": "a", "elm": 1}}, "M801.*row 1.*elm"),
        ({"dev": ...}, "M804.*row 1.*without dev"),
    ],
)
def test_rows_of_other_versions_are_named(store, change, message):
    store.add(result(SPEC))
    row = {**json.loads(store.path.read_text()), **change}
    row = {k: v for k, v in row.items() if v is not ...}
    store.path.write_text(json.dumps(row) + "\n")
    with pytest.raises(MslmError, match=message):
        store.read()


def test_results_of_other_data_are_not_mixed(store):
    store.add(result(SPEC))
    assert store.finished({"other": "x"}) == {SPEC.id}
    with pytest.raises(MslmError, match=r"M808.*h.*changed"):
        store.finished({"tiny": "changed"})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_a_full_disk_loses_nothing(store, tmp_path):
    store.add(result(SPEC))
    before = store.path.read_bytes()
    with pytest.raises(MslmError, match=f"M807.*{SPEC.id}.*No space"):
        Store(Path("/dev/full")).add(result(SPEC))
    assert store.path.read_bytes() == before


def plan(root, n=4):
    specs = [RunSpec(data="tiny", arm="mslm, x", seed=seed) for seed in range(n)]
    return Experiment("screen", "?", tuple(specs))


def quiet(text):
    pass


def test_a_killed_run_costs_itself_alone(root, data, store):
    made = []

    def runner(spec, of, *, trials, say, encoder):
        made.append((spec.seed, trials))
        if len(made) == 3:
            raise KeyboardInterrupt
        return result(spec, of.hash)

    with pytest.raises(KeyboardInterrupt):
        list(run_all(plan(root), root, store, say=quiet, runner=runner))
    assert len(store.read()) == 2
    list(run_all(plan(root), root, store, say=quiet, runner=runner))
    assert [seed for seed, _ in made] == [0, 1, 2, 2, 3]
    assert [row["spec"].get("seed", 0) for row in store.read()] == [0, 1, 2, 3]
    # Each run knows how many looks its family of arms had before.
    assert [trials for _, trials in made] == [1, 2, 3, 3, 4]
    assert not list(run_all(plan(root), root, store, say=quiet, runner=runner))


def test_arms_and_the_number_of_runs_can_be_chosen(root, store):
    def runner(spec, of, *, trials, say, encoder):
        return result(spec, of.hash)

    made = list(run_all(plan(root), root, store, most=2, say=quiet, runner=runner))
    assert len(made) == 2
    assert not list(
        run_all(plan(root), root, store, arms=["other"], say=quiet, runner=runner)
    )


def test_the_family_of_an_arm():
    assert family("mslm, both views") == family("mslm") == "mslm"


def test_another_encoder_under_the_same_name_is_refused(root, data, store, make_spec):
    small = make_spec(updates=2)
    first = Experiment("screen", "?", (small,))
    assert len(list(run_all(first, root, store, say=quiet))) == 1
    [row] = store.read()
    assert store.encoder(small.encoder) == row["encoder_hash"]
    text = store.path.read_text().replace(row["encoder_hash"], "0" * 16)
    store.path.write_text(text)
    second = Experiment("screen", "?", (small, replace(small, seed=1)))
    with pytest.raises(MslmError, match=r"M814.*0000000000000000"):
        list(run_all(second, root, store, say=quiet))


def test_a_run_of_another_experiment_is_not_made_again(root, store):
    def runner(spec, of, *, trials, say, encoder):
        return result(spec, of.hash)

    assert len(list(run_all(plan(root, 2), root, store, say=quiet, runner=runner))) == 2
    other = Store(store.path.with_name("other.jsonl"))
    made = list(run_all(plan(root, 3), root, other, say=quiet, runner=runner))
    assert [row["spec"]["seed"] for row in made] == [2]
