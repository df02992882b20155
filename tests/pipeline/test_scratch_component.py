"""A pipeline whose encoder starts from nothing, with pieces of its own notes."""

import logging

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_mslm.errors import MslmError
from spacy_mslm.nn.vocabulary import hub_files, learn_pieces
from spacy_mslm.pipeline.architectures import build_scratch_encoder

SIZES = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}


@pytest.fixture(scope="module")
def pieces(make_nlp, gold_corpus, tmp_path_factory):
    """A folder as the command `tokenizer` writes it."""
    folder = tmp_path_factory.mktemp("pieces") / "tokenizer"
    folder.mkdir()
    words = [t.text for e in gold_corpus(make_nlp()) for t in e.reference]
    tokenizer = learn_pieces(
        dict.fromkeys((w for w in words if w.strip()), 3),
        size=400,
        kind="wordpiece",
        lower=True,
        min_count=2,
    )
    for name, content in hub_files(tokenizer).items():
        (folder / name).write_text(content, encoding="utf8")
    return folder


def scratch(folder, seed=0, **values):
    return {
        "@misc": "spacy-mslm.ScratchEncoder.v1",
        "tokenizer": str(folder),
        "kind": "distilbert",
        "seed": seed,
        "config": {**SIZES, **values},
    }


@pytest.fixture(scope="module")
def make_scratch(make_nlp, pieces):
    def make(seed=0, **model):
        nlp = make_nlp()
        config = {**nlp.get_pipe_config("ner")["model"], **model}
        config["encoder"] = scratch(pieces, seed)
        nlp.remove_pipe("ner")
        nlp.add_pipe("mslm_ner", name="ner", config={"model": config})
        return nlp

    return make


def found(docs):
    return [
        [(e.start, e.end, e.label_, round(e._.confidence, 5)) for e in doc.ents]
        for doc in docs
    ]


CASES = {
    "typed, CRF": {"tagging": "typed", "decoder": "crf", "masking": None},
    "MSLM": {},
    "MSLM, typed, CRF": {"tagging": "typed", "decoder": "crf"},
}


@pytest.mark.parametrize("name", CASES)
def test_it_learns_is_stored_and_serves(
    name, make_scratch, train_nlp, gold_corpus, tmp_path
):
    nlp = make_scratch(heads_learn_rate=1.0, **CASES[name])
    history = train_nlp(nlp, updates=40)
    assert history[-1]["ner_detection"] < history[0]["ner_detection"] / 3
    if "MSLM" in name:
        assert history[-1]["ner_mslm"] < history[0]["ner_mslm"]
    assert (nlp.get_pipe("ner").network.mlm is not None) == ("MSLM" in name)
    nlp.to_disk(tmp_path / "model")
    examples = gold_corpus(nlp)
    texts = [example.reference.text for example in examples]
    before = found(nlp.pipe(texts))
    gold = [[(e.start, e.end, e.label_) for e in x.reference.ents] for x in examples]
    right = [[e[:3] for e in b] == g for b, g in zip(before, gold, strict=True)]
    assert sum(right) >= 4
    again = spacy.load(tmp_path / "model")
    assert found(again.pipe(texts)) == before
    assert found(again.pipe(texts, batch_size=1)) == before
    ner = again.get_pipe("ner").network
    assert ner.config.model_type == "distilbert" and ner.config.n_layers == 2
    names = {p.name for p in (tmp_path / "model" / "ner").iterdir()}
    assert {"network.json", "tokenizer.json", "model.safetensors"} <= names


def test_nothing_is_read_before_it_is_initialised(make_scratch, gold_corpus, tmp_path):
    nlp = make_scratch()
    ner = nlp.get_pipe("ner")
    source = build_scratch_encoder(
        tokenizer=str(tmp_path / "gone"), kind="no such", config={}, seed=0
    )
    ner.model.attrs["settings"] = type(ner.settings)(
        **{**vars(ner.settings), "encoder": source}
    )
    with pytest.raises(MslmError, match=r"\[M403\]"):
        nlp.initialize(lambda: gold_corpus(nlp))


def test_the_folder_of_the_tokenizer_is_not_needed_again(
    make_nlp, pieces, gold_corpus, tmp_path
):
    import shutil

    folder = shutil.copytree(pieces, tmp_path / "pieces")
    nlp = make_nlp()
    config = {**nlp.get_pipe_config("ner")["model"], "encoder": scratch(folder)}
    nlp.remove_pipe("ner")
    nlp.add_pipe("mslm_ner", name="ner", config={"model": config})
    nlp.initialize(lambda: gold_corpus(nlp))
    nlp.to_disk(tmp_path / "model")
    shutil.rmtree(folder)
    assert spacy.load(tmp_path / "model")("Patient has fever .").text


def test_the_seed_says_which_weights(make_scratch, gold_corpus, caplog):
    def encoder(seed):
        nlp = make_scratch(seed=seed)
        nlp.initialize(lambda: gold_corpus(nlp))
        return nlp.get_pipe("ner").network.encoder.state_dict()

    with caplog.at_level(logging.INFO, logger="spacy"):
        first = encoder(0)
    assert "N505" in caplog.text and "random weights of seed 0" in caplog.text
    assert "N502" not in caplog.text
    again, other = encoder(0), encoder(1)
    assert all((v == again[k]).all() for k, v in first.items())
    assert not all((v == other[k]).all() for k, v in first.items())
    with pytest.raises(MslmError, match="M408"):
        build_scratch_encoder(tokenizer="x", kind="bert", config={}, seed=-1)


def test_batches_are_sorted_by_the_pieces_of_such_a_folder(
    pieces, gold_corpus, make_nlp
):
    from spacy_mslm.pipeline.batching import batch_by_length

    examples = gold_corpus(make_nlp())
    batcher = batch_by_length(size=8, buffer=100, encoder=str(pieces))
    assert sum(len(batch) for batch in batcher(examples)) == len(examples)


def test_masks_are_shown_for_such_an_encoder(make_nlp, pieces, gold_corpus, tmp_path):
    """`masks` reads the strategy and the pieces of whatever encoder a config has."""
    from thinc.api import Config

    from spacy_mslm.stages.corpora.masks import masked_sentences

    docs = [example.reference for example in gold_corpus(make_nlp())]
    (tmp_path / "train").mkdir()
    DocBin(docs=docs).to_disk(tmp_path / "train" / "0.spacy")
    config = make_nlp().config.copy()
    config["components"]["ner"]["model"]["encoder"] = scratch(pieces)
    Config(config).to_disk(tmp_path / "config.cfg")
    shown = masked_sentences(
        tmp_path / "config.cfg", tmp_path, sentences=2, seed=0, update=0
    )
    assert len(list(shown)) == 2
