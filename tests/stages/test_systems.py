"""configs/medication.yml: every system is a config that resolves; the paper's runs."""

import json
from itertools import islice
from pathlib import Path

import pytest
import torch
from spacy import util
from spacy.cli.init_config import fill_config
from spacy.schemas import ConfigSchemaTraining
from spacy.util import registry

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import MslmNetwork
from spacy_mslm.nn.encoder import load_tokenizer
from spacy_mslm.nn.scratch import build_encoder, scratch_config
from spacy_mslm.stages.systems import read_systems

TABLE = Path(__file__).parents[2] / "configs" / "medication.yml"
SYSTEMS = read_systems(TABLE)
N2C2 = (
    *("Drug", "Strength", "Form", "Dosage", "Frequency", "Route"),
    *("Duration", "Reason", "ADE"),
)


def loaded(system, **changes):
    """The pipeline of a system, and its training section, both resolved."""
    overrides = {**system.overrides(), **changes}
    config = util.load_config(system.config, overrides=overrides)
    nlp = util.load_model_from_config(config, auto_fill=False, validate=True)
    training = registry.resolve(
        nlp.config.interpolate()["training"], schema=ConfigSchemaTraining
    )
    return nlp, training


@pytest.fixture
def corpus(tmp_path):
    counts = {"splits": {"train": {"tokens": 41_497 * 20}}}
    (tmp_path / "manifest.json").write_text(json.dumps(counts))
    return {"paths.train": str(tmp_path / "train"), "paths.dev": str(tmp_path / "dev")}


def test_they_are_the_paper_s_eight_and_two_for_cpus():
    assert list(SYSTEMS) == [
        f"{encoder}-{decoder}"
        for encoder in (
            *("BERT", "BioBERT", "ClinicalBERT", "Transformer"),
            *("MiniLM", "Small"),
        )
        for decoder in ("CRF", "Apt")
    ]
    runs = {
        name.removesuffix("-CRF"): (s.batch, s.epochs, s.learn_rate)
        for name, s in SYSTEMS.items()
        if name.endswith("CRF")
    }
    del runs["Small"], runs["MiniLM"]
    assert runs == {
        "BERT": (14, 3, 5e-5),
        "BioBERT": (8, 2, 5e-5),
        "ClinicalBERT": (14, 2, 5e-5),
        "Transformer": (8, 4, 1e-4),
    }


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_fills_and_resolves_to_what_it_says(name, corpus, tmp_path):
    system = SYSTEMS[name]
    filled = fill_config(tmp_path / "filled.cfg", system.config, silent=True)[1]
    assert filled["training"]["batcher"]["size"] > 0
    nlp, training = loaded(system, **corpus)
    settings = nlp.get_pipe("ner").settings
    assert settings.encoder.source == system.encoder
    assert settings.heads.typed
    assert settings.heads.decoder == ("crf" if name.endswith("CRF") else "softmax")
    assert nlp.get_pipe("ner").shim.heads_learn_rate == system.heads_learn_rate
    assert system.heads_learn_rate == (10.0 if name[0] == "M" else 1.0)
    assert training["max_epochs"] == system.epochs
    schedule = training["optimizer"].schedules["learn_rate"]
    updates = -(-system.epochs * 41_497 // system.batch)
    rates = list(islice(schedule, updates))
    # The optimizer has taken the first already.
    assert max(rates) == pytest.approx(system.learn_rate, rel=1e-3)
    assert rates[-1] < 0.02 * system.learn_rate
    # Linear, from the first update on where nothing warms up.
    middle = rates[len(rates) // 2] / system.learn_rate
    assert middle == pytest.approx(0.5 if name[0] != "S" else 0.5 / 0.9, abs=0.01)


@pytest.mark.parametrize(
    ("name", "number"),
    [("Transformer-CRF", 65_205_922), ("Transformer-Apt", 65_205_523)],
)
def test_the_paper_s_transformer_has_its_number_of_parameters(
    name, number, corpus, tiny_encoder
):
    """Of the config alone: no weight is drawn, and nobody's tokenizer is read."""
    nlp, _ = loaded(SYSTEMS[name], **corpus)
    settings = nlp.get_pipe("ner").settings
    pieces = load_tokenizer(str(tiny_encoder))  # has no parameters
    with torch.device("meta"):
        config = scratch_config(settings.encoder.kind, settings.encoder.values)
        network = MslmNetwork(
            build_encoder(config), pieces, N2C2, mlm=None, heads=settings.heads
        )
    parameters = list(network.parameters())
    assert all(p.is_meta for p in parameters)
    assert sum(p.numel() for p in parameters) == number
    assert sum(p.numel() for p in network.heads()) == number - 65_190_912


def test_the_small_one_is_as_small_as_its_config_says():
    config = util.load_config(SYSTEMS["Small-CRF"].config)
    values = config["components"]["ner"]["model"]["encoder"]
    with torch.device("meta"):
        made = scratch_config(values["kind"], {**values["config"], "vocab_size": 8000})
        encoder = build_encoder(made)
    layers = sum(p.numel() for n, p in encoder.named_parameters() if "layer." in n)
    assert round(layers / 1e6, 1) == 3.2
    assert sum(p.numel() for p in encoder.parameters()) < 5.5e6


@pytest.mark.parametrize("name", ["BERT-CRF", "Transformer-CRF", "Small-CRF"])
def test_a_config_without_overrides_is_its_first_system(name):
    config = util.load_config(SYSTEMS[name].config)
    for key, value in SYSTEMS[name].overrides().items():
        found = config
        for part in key.split("."):
            found = found[part]
        # In use the transitions learn faster; the paper has one rate for all.
        other = name == "BERT-CRF" and key.endswith("heads_learn_rate")
        assert (found == value) != other, key


def test_words_a_batch_are_those_of_its_sentences():
    system = SYSTEMS["BERT-CRF"]
    assert system.overrides(words_a_sentence=17.5)["training.batcher.size"] == 245


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("- a", "M446"),
        ("encoders: {A: {config: a.cfg}}\ndecoders: {CRF: crf}", r"M446.*encoder"),
        ("encoders: {A: [", "M446"),
        (
            "decoders: {CRF: crf}\nencoders: {A: {config: a, encoder: b, batch: 0, "
            "epochs: 1, learn_rate: 0.1, heads_learn_rate: 1.0}}",
            r"M446.*A-CRF: 'batch'",
        ),
        (
            "decoders: {CRF: crf}\nencoders: {A: {config: a, encoder: b, batch: 1, "
            "epochs: 1, learn_rate: 5e-5, heads_learn_rate: 1.0}}",
            r"M446.*'learn_rate' must be a number",
        ),
    ],
)
def test_tables_of_another_form_are_told(text, wanted, tmp_path):
    path = tmp_path / "table.yml"
    path.write_text(text)
    with pytest.raises(MslmError, match=wanted):
        read_systems(path)


def test_no_table_is_told(tmp_path):
    with pytest.raises(MslmError, match="M701"):
        read_systems(tmp_path / "none.yml")
