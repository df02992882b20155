"""`kb_id_`: the concept of each predicted entity whose form has exactly one."""

import json

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_mslm.errors import MslmError
from spacy_mslm.stages.labelling.concepts import build_concepts

CLUSTERS = "Symptoms:\n  ids: [T184]\nTreatments:\n  ids: [T121]\n"
TABLE = """cui,name,type_ids
S:1,chest pain,T184
S:2,fever|pyrexia,T184
S:3,cough,T184
S:4,dry cough|cough,T184
T:1,metformin,T121
"""
TEXT = (
    "Patient has fever and chest pain . Given aspirin daily for chest\npain . "
    "The patient denies cough . Metformin was given ."
)
CONCEPTS = {
    "fever": "S:2",
    "chest pain": "S:1",
    "aspirin": "",
    "chest\npain": "S:1",
    "cough": "",
    "Metformin": "T:1",
}


@pytest.fixture(scope="module")
def concepts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("concepts")
    (folder / "clusters.yml").write_text(CLUSTERS)
    (folder / "table.csv").write_text(TABLE)
    build_concepts(
        clusters=folder / "clusters.yml",
        out=folder / "out",
        table=str(folder / "table.csv"),
    )
    return folder / "out"


@pytest.fixture(scope="module")
def linked(make_nlp, train_nlp, concepts):
    """A pipeline that has learnt the small corpus, with concepts. Read only."""
    nlp = make_nlp(heads_learn_rate=4.0)
    block = {"components": {"ner": {"concepts": str(concepts)}}}
    nlp.config = nlp.config.merge({"initialize": block})
    train_nlp(nlp, updates=60)
    return nlp


def right(spans):
    """Whether each span has its concept, and what is none has none; the tiny encoder
    may miss one of the rest, or find one too many."""
    ids = {span.text: span.kb_id_ for span in spans}
    sure = {"fever", "chest pain", "chest\npain", "cough", "Metformin"}
    return sure <= ids.keys() and all(
        CONCEPTS.get(text, "") == kb_id for text, kb_id in ids.items()
    )


def test_forms_of_one_concept_have_it_and_shared_ones_have_none(linked):
    assert right(linked(TEXT).ents)


def test_nothing_but_names_of_training_entities_is_stored(linked, tmp_path):
    linked.to_disk(tmp_path / "model")
    stored = json.loads((tmp_path / "model" / "ner" / "concepts.json").read_text())
    assert stored == {"chest~pain": "S:1", "fever": "S:2", "metformin": "T:1"}


def test_concepts_survive_disk_bytes_and_docbins(linked, tmp_path):
    linked.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    assert right(nlp(TEXT).ents)
    nlp.get_pipe("ner").from_bytes(linked.get_pipe("ner").to_bytes())
    doc = nlp(TEXT)
    (again,) = DocBin(docs=[doc]).get_docs(nlp.vocab)
    assert right(again.ents)


def test_without_concepts_there_are_no_ids_not_even_old_ones(linked, trained, tmp_path):
    assert {ent.kb_id_ for ent in trained(TEXT).ents} == {""}
    for nlp in (linked, trained):
        nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    assert {ent.kb_id_ for ent in nlp(TEXT).ents} == {""}


def test_a_pipeline_of_an_older_version_has_no_ids(linked, tmp_path):
    linked.to_disk(tmp_path / "model")
    (tmp_path / "model" / "ner" / "concepts.json").unlink()
    nlp = spacy.load(tmp_path / "model")
    assert {ent.kb_id_ for ent in nlp(TEXT).ents} == {""}


def test_spans_of_a_key_have_concepts_too(linked, tmp_path):
    linked.to_disk(tmp_path / "model")
    spans = {"components": {"ner": {"spans_key": "found"}}}
    nlp = spacy.load(tmp_path / "model", config=spans)
    doc = nlp(TEXT)
    assert right(doc.spans["found"])


def test_damaged_concepts_are_named(linked, tmp_path):
    linked.to_disk(tmp_path / "model")
    (tmp_path / "model" / "ner" / "concepts.json").write_text("[1]")
    with pytest.raises(MslmError, match=r"\[M409\].*concepts\.json"):
        spacy.load(tmp_path / "model")


def test_a_folder_that_is_none_is_named(make_nlp, gold_corpus, tmp_path):
    ner = make_nlp().get_pipe("ner")
    examples = gold_corpus(make_nlp())
    with pytest.raises(MslmError, match=r"\[M509\].*concepts build"):
        ner.initialize(lambda: examples, concepts=str(tmp_path))
