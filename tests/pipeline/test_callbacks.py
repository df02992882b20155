"""New types by config alone, where a component comes out of a trained pipeline."""

import json
from pathlib import Path

import pytest
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.callbacks import add_labels

CONFIG = Path(__file__).parents[2] / "configs" / "mslm.cfg"


@pytest.fixture
def resumed(trained, gold_corpus, tmp_path):
    """What `spacy train` starts with: a sourced component, and the callback."""

    trained.to_disk(tmp_path / "model")
    docs = [example.reference for example in gold_corpus(trained)]
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    words = {"splits": {"train.spacy": {"tokens": sum(map(len, docs))}}}
    (tmp_path / "manifest.json").write_text(json.dumps(words))

    def start(component="ner"):
        config = load_config(CONFIG)
        config["components"]["ner"] = {"source": str(tmp_path / "model")}
        config["initialize"]["after_init"] = {
            "@callbacks": "spacy-mslm.AddLabels.v1",
            "component": component,
            "labels": ["Symptoms", "Procedures"],
        }
        paths = dict.fromkeys(("train", "dev"), str(tmp_path / "train.spacy"))
        return init_nlp(config.merge({"paths": paths}))

    return start


def test_a_sourced_component_learns_a_new_type_by_config_alone(resumed, trained):
    nlp = resumed()
    assert nlp.get_pipe("ner").labels == (*trained.get_pipe("ner").labels, "Procedures")
    text = "Patient has fever and chest pain ."
    assert [e.text for e in nlp(text).ents] == ["fever", "chest pain"]


def test_a_wrong_component_is_named_with_those_there_are(resumed):
    with pytest.raises(MslmError, match=r"\[M511\].*'net'.*one of: ner\."):
        resumed("net")


def test_labels_are_a_list():
    """A string would become a type a letter."""
    block = {
        "@callbacks": "spacy-mslm.AddLabels.v1",
        "component": "ner",
        "labels": "Procedures",
    }
    with pytest.raises(ValueError, match="labels"):
        registry.resolve({"callback": block})


def test_it_gives_the_pipeline_back(make_nlp):
    nlp = make_nlp()
    assert add_labels(component="ner", labels=["A", "B", "A"])(nlp) is nlp
    assert nlp.get_pipe("ner").labels == ("A", "B")
