"""Every config fills and resolves; ours train by `spacy train` and write each part."""

import json
from pathlib import Path

import pytest
import spacy
from spacy import util
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import DocBin
from spacy.util import registry
from thinc.api import Config

from spacy_mslm.masking import JointMasking
from spacy_mslm.pipeline.factory import DEFAULT_MODEL

ROOT = Path(__file__).parents[2]
# gold.cfg goes on from a trained pipeline; the stage that uses it tests it.
CONFIGS = sorted(p for p in (ROOT / "configs").glob("*.cfg") if p.stem != "gold")
OURS = [path for path in CONFIGS if "mslm_ner" in path.read_text()]
ARMS = [p for p in OURS if p.stem in ("mslm", "vanilla", "uniform_mlm")]


def names(paths):
    return [path.stem for path in paths]


@pytest.fixture(scope="module")
def corpus(make_nlp, gold_corpus, tmp_path_factory):
    """The folder that `corpus build` would write: two splits and their manifest."""
    folder = tmp_path_factory.mktemp("corpus")
    nlp = make_nlp()
    docs = [example.reference for example in gold_corpus(nlp)]
    for split in ("train", "dev"):
        (folder / split).mkdir()
        DocBin(docs=docs, store_user_data=True).to_disk(folder / split / "0000.spacy")
    counts = {"tokens": sum(map(len, docs))}
    manifest = {"splits": {"train": counts, "dev": counts}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_configs_are_there():
    wanted = {"mslm", "vanilla", "uniform_mlm", "paper", "spacy_baseline"}
    wanted |= {"bert_crf", "transformer_crf", "transformer_crf_small"}
    assert wanted <= set(names(CONFIGS))


@pytest.mark.parametrize("path", CONFIGS, ids=names(CONFIGS))
def test_config_is_filled_and_resolves(path, tiny_encoder, corpus, tmp_path):
    pytest.importorskip("spacy_transformers")
    # Nothing that `init fill-config` would add is left to chance: it is written out.
    fill_config(tmp_path / "filled.cfg", path, silent=True)
    overrides = {
        "paths.encoder": str(tiny_encoder),
        "paths.train": str(corpus / "train"),
        "paths.dev": str(corpus / "dev"),
    }
    debug_config(path, overrides=overrides)
    config = util.load_config(tmp_path / "filled.cfg", overrides=overrides)
    nlp = util.load_model_from_config(config, auto_fill=False, validate=True)
    assert "ner" in nlp.pipe_names
    training = registry.resolve(
        nlp.config.interpolate()["training"], schema=ConfigSchemaTraining
    )
    assert callable(training["logger"]) and callable(training["batcher"])
    assert 0 < training["optimizer"].learn_rate <= 5e-4


@pytest.mark.parametrize("path", ARMS, ids=names(ARMS))
def test_the_controls_differ_in_what_they_say_alone(path):
    """Same corpora, batches, rates and epochs in every arm, or no comparison holds."""
    mslm, other = Config().from_disk(ROOT / "configs" / "mslm.cfg"), None
    other = Config().from_disk(path)
    for section in ("corpora", "nlp", "training"):
        assert other[section] == mslm[section], section
    baseline = Config().from_disk(ROOT / "configs" / "spacy_baseline.cfg")
    assert baseline["corpora"] == mslm["corpora"]


def model_of(name):
    config = Config().from_disk(ROOT / "configs" / f"{name}.cfg")
    return config["components"]["ner"]["model"]


def differences(name):
    a, b = model_of("mslm"), model_of(name)
    return {k for k in a.keys() | b.keys() if a.get(k) != b.get(k)}


def test_vanilla_differs_in_its_masked_view_alone():
    assert differences("vanilla") == {"masking", "weighting", "mslm_weight"}
    vanilla = model_of("vanilla")
    assert vanilla["masking"] is None and vanilla["mslm_weight"] == 0


def test_uniform_mlm_differs_in_what_is_masked_and_has_the_budget_of_mslm():
    assert differences("uniform_mlm") == {"masking", "weighting"}
    uniform = model_of("uniform_mlm")
    assert uniform["masking"]["budget"] == model_of("mslm")["masking"]
    assert uniform["weighting"] == "none" and uniform["masking"]["rate"] is None


def test_paper_is_the_paper_as_written():
    paper = model_of("paper")
    assert paper["detection_view"] == "masked" and paper["reduction"] == "sum"
    assert paper["detection_vector"] == paper["classification_vector"] == 100
    assert paper["none_class"] is False and paper["weighting"] == "paper"
    training = Config().from_disk(ROOT / "configs" / "paper.cfg")["training"]
    assert training["optimizer"]["learn_rate"] == 5e-5
    assert training["batcher"]["size"] == 8 and training["max_epochs"] == 20


def test_default_model_resolves_and_is_the_config_files():
    model = registry.resolve({"model": DEFAULT_MODEL})["model"]
    settings = model.attrs["settings"]
    assert isinstance(settings.masking, JointMasking)
    config = Config().from_disk(ROOT / "configs" / "mslm.cfg")
    written = config["components"]["ner"]["model"]
    assert set(written) == set(DEFAULT_MODEL)
    same = set(written) - {"encoder", "seed"}
    assert {k: written[k] for k in same} == {k: DEFAULT_MODEL[k] for k in same}
    assert spacy.blank("en").add_pipe("mslm_ner").threshold == 0.0


def tiny(path, tiny_encoder):
    """Overrides by which an encoder from scratch is small, with other pieces."""
    encoder = Config().from_disk(path)["components"]["ner"]["model"]["encoder"]
    sizes = {"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 64}
    if "vocab_size" in encoder.get("config", {}):
        sizes["vocab_size"] = len((tiny_encoder / "vocab.txt").read_text().split())
    name = "components.ner.model.encoder.config"
    return {f"{name}.{k}": v for k, v in sizes.items()} if "config" in encoder else {}


@pytest.mark.parametrize("path", OURS, ids=names(OURS))
def test_two_steps_of_spacy_train(path, tiny_encoder, corpus, tmp_path):
    overrides = {
        **tiny(path, tiny_encoder),
        "paths.encoder": str(tiny_encoder),
        "paths.train": str(corpus / "train"),
        "paths.dev": str(corpus / "dev"),
        "paths.log": str(tmp_path / "log.jsonl"),
        "training.max_steps": 2,
        "training.eval_frequency": 1,
    }
    train(path, tmp_path / "out", overrides=overrides)
    for name in ("model-best", "model-last"):
        nlp = spacy.load(tmp_path / "out" / name)
        assert nlp.pipe_names == ["clinical_sentences", "ner"]
        assert nlp.get_pipe("ner").labels == ("Symptoms", "Treatments")
        assert nlp("Patient has fever .").text == "Patient has fever ."
    rows = [json.loads(x) for x in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows][:2] == [0, 1]
    for row in rows:
        assert set(row) == {"epoch", "step", "losses", "scores"}
        assert set(row["losses"]) == {
            *("ner", "ner_mslm", "ner_detection", "ner_classification"),
        }
        assert set(row["scores"]) == {"ents_p", "ents_r", "ents_f"}
    masked = [row["losses"]["ner_mslm"] > 0 for row in rows]
    assert set(masked) == {model_of(path.stem).get("masking") is not None}
