"""Disk, bytes, batches and workers give what a call in memory gives."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus, Example
from thinc.api import Adam

from spacy_mslm.errors import MslmError
from spacy_mslm.nn.checkpoint import PARTS
from spacy_mslm.pipeline.storage import CONCEPTS

TEXTS = [
    "Patient has fever and chest pain .",
    "",
    "Given aspirin daily for chest\npain . No cough of [**Name 1**] .\n\nMetformin",
    "fever",
    " \n",
    "He is at home . " * 30 + "No fever . On metformin at home .",
]


def read(docs):
    return [[(e.start, e.end, e.label_) for e in doc.ents] for doc in docs]


def scores(docs):
    return [e._.confidence for doc in docs for e in doc.ents]


def agree(docs, expected):
    docs = list(docs)
    assert read(docs) == read(expected)
    assert scores(docs) == pytest.approx(scores(expected), abs=1e-4)


@pytest.fixture(scope="module")
def expected(trained):
    docs = [trained(text) for text in TEXTS]
    assert sum(map(len, read(docs))) > 5
    return docs


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model"
    trained.to_disk(path)
    return path


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_pipe_and_batches_give_what_calls_give(trained, expected, batch_size):
    agree(trained.pipe(TEXTS, batch_size=batch_size), expected)
    backward = list(trained.pipe(TEXTS[::-1], batch_size=batch_size))
    agree(backward[::-1], expected)


def test_disk_and_bytes(trained, make_nlp, folder, expected):
    agree(spacy.load(folder).pipe(TEXTS), expected)
    nlp = make_nlp().from_bytes(trained.to_bytes())
    agree(nlp.pipe(TEXTS), expected)
    assert nlp.get_pipe("ner").labels == trained.get_pipe("ner").labels


def test_saving_twice_gives_the_same_bytes(folder, tmp_path):
    spacy.load(folder).to_disk(tmp_path / "again")
    for name in ("cfg", *PARTS):
        first, second = (p / "ner" / name for p in (folder, tmp_path / "again"))
        assert first.read_bytes() == second.read_bytes(), name


def test_the_folder_has_known_files_and_no_pickle(folder):
    assert {p.name for p in (folder / "ner").iterdir()} == {"cfg", CONCEPTS, *PARTS}
    for file in folder.rglob("*"):
        if file.is_file():
            # Pickles of protocol 2 and later, and the zip that torch.save writes.
            assert file.read_bytes()[:2] not in (b"\x80\x02", b"\x80\x04", b"\x80\x05")
            assert file.read_bytes()[:2] != b"PK"


def test_the_folder_names_no_place_of_this_machine_but_the_configured_encoder(
    folder, tiny_encoder
):
    for file in (folder / "ner").iterdir():
        assert str(tiny_encoder.parent).encode() not in file.read_bytes()


def test_the_encoders_own_folder_is_not_needed_any_more(
    write_tiny_bert, make_nlp, train_nlp, tmp_path
):
    encoder = write_tiny_bert(tmp_path / "encoder")
    nlp = make_nlp(encoder)
    train_nlp(nlp, updates=3)
    nlp.to_disk(tmp_path / "model")
    before = [nlp(text) for text in TEXTS]
    shutil.rmtree(encoder)
    agree(spacy.load(tmp_path / "model").pipe(TEXTS), before)


def test_training_goes_on_after_loading(folder, gold_corpus):
    nlp = spacy.load(folder)
    losses = {}
    optimizer = nlp.resume_training()
    nlp.update(gold_corpus(nlp), sgd=optimizer, losses=losses)
    assert losses["ner_mslm"] > 0


def test_without_its_masked_lm_head_it_predicts_and_trains_on(
    folder, gold_corpus, expected, tmp_path
):
    nlp = spacy.load(folder)
    nlp.get_pipe("ner").network.mlm = None
    nlp.to_disk(tmp_path / "stripped")
    stripped = spacy.load(tmp_path / "stripped")
    agree(stripped.pipe(TEXTS), expected)
    content = (tmp_path / "stripped" / "ner" / "model.safetensors").read_bytes()
    assert b"mlm" not in content[:100_000]
    losses = {}
    stripped.update(gold_corpus(stripped), losses=losses)
    assert losses["ner_mslm"] == 0 and losses["ner_detection"] > 0


def test_uninitialised_pipelines_can_be_saved_and_loaded(make_nlp, tmp_path):
    nlp = make_nlp()
    nlp.get_pipe("ner").add_label("Kept")
    nlp.to_disk(tmp_path / "blank")
    again = spacy.load(tmp_path / "blank")
    assert again.get_pipe("ner").labels == ("Kept",)
    with pytest.raises(ValueError, match="E109"):
        again("fever")
    assert make_nlp().from_bytes(nlp.to_bytes()).get_pipe("ner").labels == ("Kept",)


@pytest.mark.parametrize("name", ["cfg", *PARTS])
@pytest.mark.parametrize("share", [None, 0.0, 0.3, 0.9])
def test_a_model_folder_cut_short_says_which_part(folder, tmp_path, name, share):
    model = tmp_path / "model"
    shutil.copytree(folder, model)
    file = model / "ner" / name
    content = file.read_bytes()
    if share is None:
        file.unlink()
    else:
        file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MslmError) as caught:
        spacy.load(model)
    message = str(caught.value)
    assert message.startswith(f"[M409] model folder {model / 'ner'}: '{name}'")
    assert "\n" not in message
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_missing_component_folder_is_named(folder, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(folder, model)
    shutil.rmtree(model / "ner")
    with pytest.raises(MslmError, match=r"\[M409\] .*ner: 'cfg' is missing"):
        spacy.load(model)


def test_served_tokens_and_sentences_are_the_trained_ones(trained, folder, tmp_path):
    served = spacy.load(folder)
    DocBin(docs=[trained.make_doc(t) for t in TEXTS if t]).to_disk(tmp_path / "a.spacy")
    for example in Corpus(tmp_path)(trained):
        doc = trained.get_pipe("clinical_sentences")(example.predicted)
        again = served(example.reference.text)
        assert [(t.idx, t.text, t.is_sent_start) for t in again] == [
            (t.idx, t.text, t.is_sent_start) for t in doc
        ]


def test_confidence_survives_a_docbin(trained, expected):
    again = list(
        DocBin().from_bytes(DocBin(docs=expected).to_bytes()).get_docs(trained.vocab)
    )
    agree(again, expected)
    assert all(0 < score <= 1 for score in scores(again))
    as_bytes = [Doc(trained.vocab).from_bytes(d.to_bytes()) for d in expected]
    agree(as_bytes, expected)


def test_confidence_is_readable_where_there_is_none(trained, expected):
    doc = expected[0]
    assert doc[0:1]._.confidence is None  # no entity
    entity = doc.ents[0]
    assert doc[entity.start : entity.end + 1]._.confidence is None
    assert doc[entity.start : entity.end]._.confidence is None  # no label
    assert doc[len(doc) : len(doc)]._.confidence is None
    assert trained.make_doc("fever")[0:1]._.confidence is None
    assert entity._.confidence == doc.spans["ner_scores"].attrs["scores"][0]
    group = doc.spans["ner_scores"]
    assert [(s.start, s.end, s.label_) for s in group] == [
        (e.start, e.end, e.label_) for e in doc.ents
    ]


def test_joined_documents_have_no_confidence_and_no_error(expected):
    """`Doc.from_docs` keeps the span group and drops its scores."""
    joined = Doc.from_docs([doc for doc in expected if len(doc)])
    assert joined.ents and {e._.confidence for e in joined.ents} == {None}


def test_examples_can_be_scored_after_a_docbin(trained, expected):
    references = DocBin(docs=expected).get_docs(trained.vocab)
    examples = [Example(trained.make_doc(d.text), d) for d in references if len(d)]
    assert trained.evaluate(examples)["ents_f"] == 1.0


@pytest.mark.gpu
def test_a_gpu_reads_and_learns_what_the_cpu_does(folder, gold_corpus, expected):
    nlp = spacy.load(folder)
    shim = nlp.get_pipe("ner").shim
    shim.to_device("gpu", 0)
    assert shim.network.device.type == "cuda"
    agree(nlp.pipe(TEXTS), expected)
    losses = [{}, {}]
    for row in losses:
        nlp.update(gold_corpus(nlp), losses=row, sgd=Adam(0.001))
    assert all(0 < row["ner_mslm"] < 10 for row in losses)
    nlp.get_pipe("ner").to_bytes()


WORKERS = """
import sys
import spacy
import torch

if __name__ == "__main__":
    torch.set_num_threads(2)
    nlp = spacy.load(sys.argv[1])
    texts = ["Patient has fever and chest pain . " * 20] * 6
    alone = [[(e.start, e.end, e.label_) for e in nlp(text).ents] for text in texts]
    assert torch.get_num_threads() == 2
    docs = nlp.pipe(texts, n_process=2, batch_size=2)
    together = [[(e.start, e.end, e.label_) for e in doc.ents] for doc in docs]
    assert together == alone and alone[0]
    print("done")
"""


def test_two_processes_do_not_wait_for_each_other(folder, tmp_path):
    """torch has run with two threads, then workers are forked: they used to hang."""
    script = tmp_path / "workers.py"
    script.write_text(textwrap.dedent(WORKERS))
    result = subprocess.run(
        [sys.executable, str(script), str(folder)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )
    assert result.stdout.strip() == "done", result.stderr[-2000:]
