"""A run of the laboratory through `spacy train`."""

from dataclasses import replace
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments.data import load
from spacy_mslm.experiments.plans import Experiment
from spacy_mslm.experiments.run import run
from spacy_mslm.experiments.sequence import run_all
from spacy_mslm.experiments.spec import RunSpec
from spacy_mslm.experiments.store import Store
from spacy_mslm.report.lab_beside import beside_table
from spacy_mslm.stages.laboratory.through_spacy import _config, runner

CONFIGS = Path(__file__).parents[2] / "configs"
SENTENCES = (
    "the\tO\nchest\tB-S\npain\tI-S\n\ngiven\tO\naspirin\tB-T\ndaily\tO\n\n"
    "no\tO\nfever\tB-S\nor\tO\ncough\tB-S\n\n"
)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sets" / "tiny").mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (tmp_path / "sets" / "tiny" / f"{split}.tsv").write_text(SENTENCES * 6)
    return tmp_path / "sets"


@pytest.fixture
def make_spec(tiny_encoder):
    def make(**settings):
        small = {
            "data": "tiny",
            "arm": "vanilla",
            "encoder": str(tiny_encoder),
            "precision": "float32",
            "updates": 60,
            "batch_words": 60,
            "learn_rate": 3e-3,
            "heads_learn_rate": 1.0,
            "test": True,
            "system": "spacy",
        }
        return RunSpec(**{**small, **settings})

    return make


def quiet(text):
    pass


def test_both_ways_learn_the_same_task(make_spec, root, tmp_path):
    by_spacy = Experiment("spacy-train", "?", (make_spec(),), beside="lab")
    store = Store(tmp_path / "results" / "spacy-train.jsonl")
    [row] = run_all(by_spacy, root, store, say=quiet, runner=runner(CONFIGS))
    assert row["test"]["strict"]["micro"]["f"] > 0.95
    assert row["seconds"] > 0 and "by_sentence" in row["test"]
    seeds = tuple(make_spec(system="network", seed=seed) for seed in (0, 1, 2))
    lab = Store(tmp_path / "results" / "lab.jsonl")
    made = run_all(Experiment("lab", "?", seeds), root, lab, say=quiet)
    table = beside_table([row], list(made))
    assert table is not None
    assert table.rows[0][0] == "tiny: vanilla" and table.rows[0][-2] == "1 of 1"
    assert len(store.folder()) == 4


def test_the_chosen_form_trains_too(make_spec, root):
    spec = make_spec(decoder="crf", swap=0.6, arm="chosen")
    row = runner(CONFIGS)(spec, load(root, "tiny"), say=quiet)
    assert row["test"]["strict"]["micro"]["f"] > 0.95


@pytest.mark.parametrize("strategy", ["token", "joint"])
def test_masked_arms_train_too(make_spec, root, strategy):
    spec = make_spec(strategy=strategy, arm="mslm", updates=3, weighting="none")
    row = runner(CONFIGS)(spec, load(root, "tiny"), say=quiet)
    assert row["id"] == spec.id and row["dev"]["strict"]


def test_the_config_says_what_the_spec_says(make_spec, tmp_path):
    spec = make_spec(
        strategy="joint", weighting="ratio", entity_rate=0.3, base_rate=0.2, random=0.1,
        mslm_weight=0.1, masked_share=0.25, detection_view="both", seed=7, swap=0.4,
    )  # fmt: skip
    config = _config(spec, CONFIGS / "mslm.cfg", tmp_path).interpolate()
    model, training = config["components"]["ner"]["model"], config["training"]
    assert model["masking"]["entity_rate"] == 0.3
    assert model["masking"]["base_rate"] == 0.2
    assert model["corruption"]["mask"] == pytest.approx(0.9)
    wanted = ("ratio", "both", 0.25, 0.1, 7)
    keys = ("weighting", "detection_view", "masked_share", "mslm_weight", "seed")
    assert tuple(model[key] for key in keys) == wanted
    times = _config(replace(spec, weighting="4"), CONFIGS / "mslm.cfg", tmp_path)
    assert times.interpolate()["components"]["ner"]["model"]["weighting"] == 4
    swap = config["corpora"]["train"]["augmenter"]
    assert (swap["chance"], swap["seed"]) == (0.4, 7)
    assert swap["corpus"] == str(tmp_path / "corpus" / "train")
    assert training["max_steps"] == 59 and training["max_epochs"] == 0
    assert training["optimizer"]["learn_rate"]["updates"] == 60
    assert training["batcher"]["size"] == 60


def test_what_a_config_has_no_place_for_is_refused(make_spec, root):
    data = load(root, "tiny")
    for wrong in (
        {"pseudo_updates": 3},
        {"strategy": "span"},
        {"strategy": "joint", "stage_updates": 2},
        # One update alone: to spaCy this would mean no end.
        {"updates": 1},
    ):
        with pytest.raises(MslmError, match="M812"):
            runner(CONFIGS)(make_spec(**wrong), data, say=quiet)
    with pytest.raises(MslmError, match=r"M701.*vanilla\.cfg"):
        runner(root)(make_spec(), data, say=quiet)
    with pytest.raises(MslmError, match=r"M813.*experiment run"):
        run(make_spec(), data, say=quiet)
