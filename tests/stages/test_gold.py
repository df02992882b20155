"""`gold` as a whole: rows side by side, what is handed on, what a second run does."""

import json
import shutil
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config

from spacy_mslm.corpus.docs import DocBinWriter, make_doc
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.gold import runs as gold_runs
from spacy_mslm.stages.gold.gold import Plan, train_with_gold
from spacy_mslm.stages.gold.train import Recipe
from spacy_mslm.stages.measuring.calibrate import calibrate
from spacy_mslm.stages.measuring.evaluate import evaluate, train_surfaces
from spacy_mslm.stages.shipping.strip import strip
from spacy_mslm.types import CharSpan, DropCounts, Note

CONFIG = Path(__file__).parents[2] / "configs" / "gold.cfg"
FAST = {
    "training.max_epochs": 8,
    "training.optimizer.learn_rate.learn_rate": 0.005,
    "training.batcher.size": 30,
}
# The weak pipeline of the fixture has never met these, and calls fever a symptom.
DRUGS = ("aspirin", "metformin")
TEXT = "The patient is on {drug} daily , note {number} ."
RECIPE = Recipe(CONFIG, FAST)


def gold_note(number, label="Treatments"):
    text = TEXT.format(drug=DRUGS[number % 2], number=number)
    start = text.index(DRUGS[number % 2])
    end = start + len(DRUGS[number % 2]) + len(" daily")
    span = CharSpan(start, end, label, "gold")
    return Note(f"n{number}", f"p{number}", text, gold=(span,))


def write_gold(path, notes):
    shutil.rmtree(path, ignore_errors=True)
    nlp = spacy.blank("en")
    with DocBinWriter(path, shard_size=1000) as writer:
        for note in notes:
            given = {"entities_from": "gold", "drops": DropCounts()}
            writer.add(make_doc(nlp.make_doc, note, {}, **given))
    return path


@pytest.fixture(scope="module")
def weak(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weak") / "model-best"
    trained.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    return write_gold(
        tmp_path_factory.mktemp("gold") / "set", [gold_note(i) for i in range(16)]
    )


@pytest.fixture(scope="module")
def made(weak, gold, tmp_path_factory):
    """One run with everything: a control, and a size that is too large."""
    out = tmp_path_factory.mktemp("work") / "gold"
    plan = Plan(sizes=(0, 4, 50), control=True, test=0.3)
    said = train_with_gold(weak, gold, out, plan=plan, recipe=RECIPE)
    return out, plan, said


def test_rows_stand_side_by_side_on_the_same_documents(made):
    _, _, said = made
    rows = [(r["system"], r["documents"], r["asked"], r["seeds"]) for r in said["rows"]]
    assert rows == [
        ("weak labels alone", 0, [0], [0]),
        ("weak labels, then gold", 4, [4], [0]),
        ("gold alone, no weak labels", 4, [4], [0]),
        ("weak labels, then gold", 11, [50], [0]),
        ("gold alone, no weak labels", 11, [50], [0]),
    ]
    assert said["test"]["documents"] == 5
    for row in said["rows"]:
        for run in row["runs"]:
            assert run["micro"]["tp"] + run["micro"]["fn"] == 5
            assert run["train"] + run["dev"] == row["documents"]
    assert any("50 gold documents were asked for; 11" in w for w in said["warnings"])


def test_gold_teaches_what_weak_labels_did_not(made):
    _, _, said = made
    weak, most = said["rows"][0]["mean"], said["rows"][3]["mean"]
    assert weak["f"] < 0.3 and most["f"] > 0.9
    assert set(said["rows"][3]["per_type"]) <= {"Symptoms", "Treatments"}


def test_handed_on_is_the_first_seed_with_the_most(made, weak):
    out, _, said = made
    assert said["packaged"] == {"documents": 11, "seed": 0}
    nlp = spacy.load(out / "model")
    before = spacy.load(weak)
    assert nlp.pipe_names == before.pipe_names
    assert nlp.get_pipe("ner").labels == before.get_pipe("ner").labels
    assert nlp.get_pipe("ner").network.mlm is not None
    assert [e.text for e in nlp(TEXT.format(drug="aspirin", number=99)).ents] == [
        "aspirin daily"
    ]
    config = (out / "model" / "config.cfg").read_text("utf8")
    assert str(out) not in config and str(weak) not in config


def test_packaged_it_does_not_say_where_its_encoder_lay(made, tiny_encoder, tmp_path):
    """A sourced component's config holds values where others hold variables."""
    out, _, _ = made
    before = (out / "model" / "config.cfg").read_text("utf8")
    assert strip(out / "model", tmp_path / "model") == 1
    after = (tmp_path / "model" / "config.cfg").read_text("utf8")
    assert str(tiny_encoder) in before and str(tiny_encoder.parent) not in after
    assert spacy.load(tmp_path / "model")("No fever .").text == "No fever ."


def test_no_text_is_written_and_nothing_unfinished_left(made, gold):
    out, _, _ = made
    for path in [out / "gold.json", *(out / "runs").iterdir()]:
        assert not any(drug in path.read_text("utf8") for drug in DRUGS)
    assert (out / "source").resolve() == gold.resolve()
    names = {"gold.json", "model", "corpus", "runs", "source"}
    assert {p.name for p in out.iterdir()} == names


def test_what_comes_after_measures_on_gold_documents_not_on_the_labeller(
    made, weak, gold_corpus, trained, tmp_path
):
    """Confidences fitted on weak labels would say how the labeller would judge."""
    out, _, said = made
    docs = [example.reference for example in gold_corpus(trained)]
    for split in ("train", "dev", "test"):
        (tmp_path / "corpus" / split).mkdir(parents=True)
        DocBin(docs=docs).to_disk(tmp_path / "corpus" / split / "0.spacy")
    manifest = {"has_gold": False, "entities_from": "medcat"}
    (tmp_path / "corpus" / "manifest.json").write_text(json.dumps(manifest))
    about = calibrate(
        weak, tmp_path / "corpus", tmp_path / "calibrated", gold=out, bias_words=0
    )
    assert about["after_gold"] and about["against"] == "gold"
    metrics = evaluate(
        tmp_path / "calibrated",
        tmp_path / "corpus",
        tmp_path / "metrics.json",
        calibration=tmp_path / "calibration.json",
        gold=out,
    )
    assert metrics["has_gold"] and metrics["notes"] == said["test"]["documents"]
    [row] = metrics["rows"]
    largest = said["rows"][3]["runs"][0]["micro"]
    assert {k: row["micro"][k] for k in ("tp", "fp", "fn")} == {
        k: largest[k] for k in ("tp", "fp", "fn")
    }
    assert train_surfaces(tmp_path / "corpus", out) > train_surfaces(
        tmp_path / "corpus", None
    )
    without = evaluate(weak, tmp_path / "corpus", tmp_path / "weak.json")
    assert not without["has_gold"] and without["notes"] == len(docs)


@pytest.fixture
def copy(made, tmp_path, monkeypatch):
    """A copy of that folder, and the runs that are trained again in it."""
    out = tmp_path / "gold"
    shutil.copytree(made[0], out, symlinks=True)
    again = []

    def count(*args, **kwargs):
        again.append((args[1].name, kwargs["seed"], kwargs["fresh"]))
        raise KeyboardInterrupt

    monkeypatch.setattr(gold_runs, "train_on_gold", count)
    return out, again


def test_a_second_run_trains_nothing_and_writes_the_same(copy, made, weak, gold):
    out, again = copy
    before = (out / "gold.json").read_text("utf8")
    train_with_gold(weak, gold, out, plan=made[1], recipe=RECIPE)
    assert not again and (out / "gold.json").read_text("utf8") == before


def test_a_stopped_run_goes_on_where_it_was(copy, made, weak, gold):
    out, again = copy
    (out / "gold.json").unlink()
    (out / "runs" / "control-4-seed0.json").unlink()
    (out / "runs" / "unfinished").mkdir()
    with pytest.raises(KeyboardInterrupt):
        train_with_gold(weak, gold, out, plan=made[1], recipe=RECIPE)
    assert [a[1:] for a in again] == [(0, True)]
    assert not (out / "runs" / "unfinished").exists()
    assert not (out / "gold.json").exists()


def test_a_lost_model_is_trained_again(copy, made, weak, gold):
    out, again = copy
    shutil.rmtree(out / "model")
    with pytest.raises(KeyboardInterrupt):
        train_with_gold(weak, gold, out, plan=made[1], recipe=RECIPE)
    assert [a[1:] for a in again] == [(0, False)]


@pytest.mark.parametrize("change", ["gold", "config", "split"])
def test_other_input_is_trained_anew(change, copy, made, weak, gold, tmp_path):
    out, again = copy
    recipe, plan = RECIPE, made[1]
    if change == "gold":
        gold = write_gold(tmp_path / "set", [gold_note(i) for i in range(1, 17)])
    elif change == "config":
        recipe = Recipe(CONFIG, {**FAST, "training.max_epochs": 1})
    else:
        plan = Plan(sizes=(0, 4), test=0.5)
    with pytest.raises(KeyboardInterrupt):
        train_with_gold(weak, gold, out, plan=plan, recipe=recipe)
    assert again and not (out / "gold.json").exists()


def test_no_gold_says_so_and_takes_the_old_model_away(copy, weak):
    out, _ = copy
    said = train_with_gold(weak, "", out, plan=Plan(), recipe=RECIPE)
    assert said["given"] is False and said["says"] == "no gold given"
    assert [p.name for p in out.iterdir()] == ["gold.json"]
    assert json.loads((out / "gold.json").read_text("utf8")) == said


def test_only_zero_hands_on_the_weak_pipeline(copy, weak, gold):
    out, again = copy
    said = train_with_gold(weak, gold, out, plan=Plan(sizes=(0,)), recipe=RECIPE)
    assert said["packaged"] is None and not (out / "model").exists() and not again


def test_new_types_are_learnt(weak, tmp_path):
    gold = write_gold(
        tmp_path / "set", [gold_note(i, label="Regimen") for i in range(10)]
    )
    plan = Plan(sizes=(0, 7), add_labels=True)
    said = train_with_gold(weak, gold, tmp_path / "out", plan=plan, recipe=RECIPE)
    assert said["labels"]["added"] == ["Regimen"]
    assert said["rows"][0]["mean"]["f"] == 0 and said["rows"][1]["mean"]["f"] > 0.9
    labels = spacy.load(tmp_path / "out" / "model").get_pipe("ner").labels
    assert labels == ("Symptoms", "Treatments", "Regimen")


def test_bad_input_is_told_before_anything_is_trained(weak, gold, tmp_path):
    def run(recipe=RECIPE, out=tmp_path / "out", **plan):
        train_with_gold(weak, gold, out, plan=Plan(**plan), recipe=recipe)

    for sizes in ((), (1,), (-1, 0)):
        with pytest.raises(MslmError, match="M726"):
            run(sizes=sizes)
    for bad in ({"test": 0.0}, {"test": 1.0}, {"repeats": 0}):
        with pytest.raises(MslmError, match="M727"):
            run(**bad)
    with pytest.raises(MslmError, match=r"M729.*configs/gold\.cfg"):
        run(recipe=Recipe(tmp_path / "no.cfg"))
    with pytest.raises(MslmError, match="M729"):
        run(recipe=Recipe(CONFIG, {"training.max_epoch": 3}))
    with pytest.raises(MslmError, match="M725"):
        run(test=0.95)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(MslmError, match="M732"):
        run(out=tmp_path / "mine")


def test_the_config_alone_goes_on_by_spacy_train(weak, gold, trained):
    overrides = {"paths.source": str(weak), "paths.train": str(gold)}
    overrides["paths.dev"] = str(gold)
    overrides["training.optimizer.learn_rate.corpus"] = None
    nlp = init_nlp(load_config(CONFIG, overrides=overrides, interpolate=False))
    assert nlp.pipe_names == trained.pipe_names
    assert nlp("No fever .").ents and nlp.get_pipe("ner").network.mlm is not None
