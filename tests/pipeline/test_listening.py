"""Components further down listen to a finished or frozen component's vectors."""

import sys

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.ty import ListenedToComponent
from spacy.util import fix_random_seed, load_model_from_config
from thinc.api import Adam

from spacy_mslm.errors import MslmError

TEXTS = ["Patient has fever", "No cough \n\n at home", "\n\n", "chest\npain daily", ""]
BLANK = ["", "\n", "\n\n \u200b"]


def listener(upstream="ner", pooling="reduce_mean.v1"):
    return {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "upstream": upstream,
        "pooling": {"@layers": pooling},
    }


def tagger(**settings):
    model = {"@architectures": "spacy.Tagger.v2", "tok2vec": listener(**settings)}
    return {"model": model}


def textcat():
    return {
        "model": {
            "@architectures": "spacy.TextCatEnsemble.v2",
            "tok2vec": listener("*"),
            "linear_model": {
                "@architectures": "spacy.TextCatBOW.v3",
                "exclusive_classes": True,
                "length": 262144,
                "ngram_size": 1,
                "no_output_layer": False,
            },
        }
    }


def tag(word):
    return "SPACE" if word.isspace() else "LONG" if len(word) > 4 else "SHORT"


def as_example(nlp, text):
    reference = nlp.make_doc(text)
    for token in reference:
        token.tag_ = tag(token.text)
    reference.cats = {
        "SICK": float("fever" in text),
        "WELL": float("fever" not in text),
    }
    return Example(nlp.make_doc(text), reference)


def asked(nlp):
    """The same pipeline, not initialised, with `trf_data = true` on `ner`."""
    lending = {"components": {"ner": {"trf_data": True}}}
    return load_model_from_config(nlp.config.merge(lending), auto_fill=True)


def gold_and_tags(nlp, gold_corpus):
    examples = [as_example(nlp, text) for text in TEXTS]
    return [*gold_corpus(nlp), *examples]


@pytest.fixture
def lender(make_nlp, gold_corpus):
    """A pipeline whose `ner` is initialised and lends; no listeners yet."""
    nlp = asked(make_nlp())
    nlp.initialize(lambda: gold_corpus(nlp))
    return nlp


def listen(nlp, updates=60, **pipes):
    """As `spacy train` does it with `ner` frozen and annotating. RETURNS: losses."""
    examples = [as_example(nlp, text) for text in TEXTS]
    for name, config in pipes.items():
        nlp.add_pipe(name, config=config)
    with nlp.select_pipes(enable=list(pipes)):
        nlp.initialize(lambda: examples)
    optimizer, history = Adam(0.02), []
    for _ in range(updates):
        losses = {}
        nlp.update(
            examples,
            sgd=optimizer,
            losses=losses,
            exclude=["clinical_sentences", "ner"],
            annotates=["clinical_sentences", "ner"],
        )
        history.append(losses)
    return history


def tags(docs):
    return [[token.tag_ for token in doc] for doc in docs]


def expected(nlp):
    return [[tag(token.text) for token in nlp.make_doc(text)] for text in TEXTS]


# Learning and predicting


def test_a_tagger_learns_from_a_frozen_component_and_leaves_it_alone(lender):
    before = lender.get_pipe("ner").to_bytes()
    history = listen(lender, tagger=tagger())
    assert history[-1]["tagger"] < history[0]["tagger"] / 10
    assert tags(map(lender, TEXTS)) == expected(lender)
    assert lender.get_pipe("ner").to_bytes() == before


def test_two_components_listen_at_once(lender):
    history = listen(lender, tagger=tagger(upstream="*"), textcat=textcat())
    assert history[-1]["textcat"] < history[0]["textcat"]
    assert lender.get_pipe("ner").listening_components == ["tagger", "textcat"]
    cats = [doc.cats["SICK"] > 0.5 for doc in lender.pipe(TEXTS[:2])]
    assert cats == [True, False]


def test_a_listener_still_works_after_a_round_trip(lender, tmp_path):
    listen(lender, tagger=tagger())
    lender.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    assert nlp.get_pipe("ner").trf_data is True
    assert nlp.get_pipe("ner").listening_components == ["tagger"]
    assert tags(map(nlp, TEXTS)) == expected(nlp)
    loaded = load_model_from_config(lender.config).from_bytes(nlp.to_bytes())
    assert tags(loaded.pipe(TEXTS)) == expected(loaded)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_pipe_gives_what_a_call_gives(lender, batch_size):
    listen(lender, updates=20, tagger=tagger())
    called = tags(map(lender, TEXTS))
    assert tags(lender.pipe(TEXTS, batch_size=batch_size)) == called


@pytest.mark.parametrize("pooling", ["reduce_mean.v1", "reduce_max.v1"])
def test_blank_documents_train_and_predict(lender, pooling):
    listen(lender, updates=2, tagger=tagger(pooling=pooling), textcat=textcat())
    for doc in lender.pipe(BLANK):
        assert all(token.tag_ for token in doc)
    blank = [as_example(lender, text) for text in BLANK]
    lender.update(blank, sgd=Adam(), exclude=["ner"], annotates=["ner"])


def test_evaluation_between_updates_leaves_nothing_behind(lender):
    """A batch that was only looked at must not be taken for one to learn from."""
    listen(lender, updates=2, tagger=tagger())
    examples = [as_example(lender, text) for text in TEXTS]
    for n_examples in (5, 2, 3):
        scores = lender.evaluate(examples)
        assert scores["tag_acc"] is not None
        few = examples[:n_examples]
        lender.update(few, sgd=Adam(), exclude=["ner"], annotates=["ner"])


def test_batches_of_annotation_and_of_learning_may_differ(lender):
    listen(lender, updates=2, tagger=tagger())
    lender.batch_size = 2
    examples = [as_example(lender, text) for text in TEXTS]
    lender.update(examples, sgd=Adam(), exclude=["ner"], annotates=["ner"])


def test_a_component_in_training_lends_what_it_has_just_learnt(lender, gold_corpus):
    """Not frozen, but annotating: its own losses alone change it."""
    listen(lender, updates=1, tagger=tagger())
    alone = load_model_from_config(lender.config).from_bytes(lender.to_bytes())
    alone.remove_pipe("tagger")
    sentences = ["clinical_sentences"]
    for nlp, annotates in ((lender, [*sentences, "ner"]), (alone, sentences)):
        fix_random_seed(0)
        for _ in range(2):
            examples = gold_and_tags(nlp, gold_corpus)
            nlp.update(examples, sgd=Adam(0.01), annotates=annotates)
    one, two = (nlp.get_pipe("ner").to_bytes() for nlp in (lender, alone))
    assert one == two


def test_listeners_of_a_component_that_does_not_annotate_are_told(lender):
    listen(lender, updates=1, tagger=tagger())
    examples = [as_example(lender, TEXTS[0])]
    with pytest.raises(ValueError, match="E203"):
        lender.update(examples, sgd=Adam(), exclude=["ner"])


def test_a_listener_that_names_the_component_is_request_enough(trained, tmp_path):
    """A packaged pipeline was not asked when it was trained, and a sourced component's
    config cannot be changed."""
    trained.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    listen(nlp, tagger=tagger())
    assert tags(map(nlp, TEXTS)) == expected(nlp)
    nlp.to_disk(tmp_path / "more")
    assert tags(map(spacy.load(tmp_path / "more"), TEXTS)) == expected(nlp)


def test_a_disabled_listener_is_not_forgotten(lender, gold_corpus):
    """`spacy train` links the pipeline anew while frozen components are disabled."""
    listen(lender, tagger=tagger())
    with lender.select_pipes(disable="tagger"):
        lender._link_components()
    assert tags(map(lender, TEXTS)) == expected(lender)


def test_a_fresh_pipeline_initialises_in_one_go(make_nlp, gold_corpus):
    nlp = make_nlp()
    nlp.add_pipe("tagger", config=tagger())
    nlp.initialize(lambda: gold_and_tags(nlp, gold_corpus))
    assert all(token.tag_ for token in nlp("Patient has fever"))


# What is on the Doc


def test_words_have_the_vectors_that_the_heads_read(lender):
    ner = lender.get_pipe("ner")
    data = lender("Patient has angina pectoris")._.trf_data
    assert data.width == ner.vector_width == 32
    assert np.abs(data.model_output.last_hidden_state).sum() > 0


def test_long_documents_have_one_row_a_piece(make_nlp, gold_corpus):
    nlp = asked(make_nlp(max_pieces=16))
    nlp.initialize(lambda: gold_corpus(nlp))
    doc = nlp("fever and cough . " * 40)
    assert len(doc._.trf_data.align.lengths) == len(doc)
    assert doc._.trf_data.model_output.last_hidden_state.shape[1] >= len(doc)


def test_nothing_is_on_the_doc_where_nothing_was_asked_for(make_nlp, gold_corpus):
    nlp = make_nlp()
    nlp.initialize(lambda: gold_corpus(nlp))
    doc = nlp("Patient has fever")
    assert not Doc.has_extension("trf_data") or doc._.trf_data is None
    assert isinstance(nlp.get_pipe("ner"), ListenedToComponent)


def test_entities_are_the_same_with_and_without_vectors(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    lending = {"components": {"ner": {"trf_data": True}}}
    nlp = spacy.load(tmp_path / "model", config=lending)
    for text in TEXTS:
        one, two = nlp(text), trained(text)
        assert [(e.text, e.label_) for e in one.ents] == [
            (e.text, e.label_) for e in two.ents
        ]
        assert len(one._.trf_data.align.lengths) == len(one)


# Errors


def test_a_listener_of_any_upstream_is_left_to_others_where_none_asked(make_nlp):
    nlp = make_nlp()
    nlp.add_pipe("tagger", config=tagger(upstream="*"))
    assert nlp.get_pipe("ner").listening_components == []
    assert nlp.get_pipe("ner").trf_data is False


def test_two_components_lend_to_their_own_listeners(make_nlp):
    nlp = asked(make_nlp())
    nlp.add_pipe("mslm_ner", name="ner_2", config={"trf_data": True}, before="ner")
    nlp.add_pipe("tagger", config=tagger())
    assert nlp.get_pipe("ner").listening_components == ["tagger"]
    assert nlp.get_pipe("ner_2").listening_components == []


def test_a_listener_of_another_encoder_is_refused(
    lender, make_nlp, gold_corpus, write_tiny_bert, tmp_path
):
    listen(lender, updates=1, tagger=tagger())
    wide = write_tiny_bert(tmp_path / "wide", hidden_size=64)
    nlp = asked(make_nlp(wide))
    nlp.initialize(lambda: gold_corpus(nlp))
    message = r"\[M507\] component 'ner': its vectors have width 64, but 'tagger'.* 32"
    with pytest.raises(MslmError, match=message):
        nlp.add_pipe("tagger", source=lender)


def test_an_encoder_is_not_copied_into_its_listeners(lender):
    listen(lender, updates=1, tagger=tagger())
    with pytest.raises(MslmError, match=r"\[M508\].*replace_listeners"):
        lender.replace_listeners("ner", "tagger", ["model.tok2vec"])


def test_asking_without_spacy_transformers_fails_at_once(make_nlp, monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy_transformers", None)
    with pytest.raises(MslmError, match=r"\[M506\]"):
        asked(make_nlp())


def test_listeners_come_and_go(lender):
    listen(lender, updates=1, tagger=tagger())
    ner = lender.get_pipe("ner")
    (one,) = ner.listeners
    assert ner.remove_listener(one, "tagger") and not ner.listening_components
    assert not ner.remove_listener(one, "tagger")
    ner.add_listener(one, "tagger")
    ner.add_listener(one, "tagger")
    assert ner.listener_map == {"tagger": [one]}
    lender.remove_pipe("tagger")
    assert ner.listeners == []
