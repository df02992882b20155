"""Everywhere spaCy goes: labels, several components, frozen, resumed, command line."""

import itertools
import json
import shutil

import pytest
import spacy
import torch
from spacy.cli.apply import apply
from spacy.cli.benchmark_speed import benchmark
from spacy.cli.evaluate import evaluate
from spacy.cli.init_config import fill_config
from spacy.cli.init_pipeline import init_labels_cli
from spacy.cli.train import train
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import Adam

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import LossParts, make_batch, step
from spacy_mslm.pipeline.confidence import MADE_BY, confidence
from spacy_mslm.pipeline.learning import read_annotations
from spacy_mslm.pipeline.reading import read_doc

TEXTS = [
    "Patient has fever and chest pain .",
    "Given aspirin daily for chest\npain .",
    "Seen by [**Known lastname 9001**] for acute cough .",
]


def entities(doc):
    return [(e.start, e.end, e.label_) for e in doc.ents]


@pytest.fixture
def own(trained):
    """A copy of the pipeline that has learnt the corpus, yours to change."""
    return clone(trained)


def clone(nlp):
    copy = spacy.util.load_model_from_config(nlp.config, auto_fill=True)
    return copy.from_bytes(nlp.to_bytes())


# Labels


def test_a_label_added_to_a_trained_network_keeps_what_it_learnt(own, gold_corpus):
    ner = own.get_pipe("ner")
    before = [entities(doc) for doc in own.pipe(TEXTS)]
    assert any(before)
    encoder = {k: v.clone() for k, v in ner.network.encoder.state_dict().items()}
    assert (ner.add_label("Devices"), ner.add_label("Devices")) == (1, 0)
    assert ner.labels == ("Symptoms", "Treatments", "Devices") == ner.network.labels
    with torch.no_grad():  # a fresh output may be as likely as a learnt one: push it
        ner.network.classification.linear.bias[2] = -50.0
    assert [entities(doc) for doc in own.pipe(TEXTS)] == before
    state = ner.network.encoder.state_dict()
    assert all(torch.equal(state[k], v) for k, v in encoder.items())
    assert clone(own).get_pipe("ner").labels == ner.labels


def test_a_new_label_is_learnt_by_training_on(own, gold_corpus):
    own.get_pipe("ner").add_label("Devices")
    reference = own.make_doc("A stent was placed in the left chest .")
    reference.set_ents([Span(reference, 1, 2, "Devices")])
    new = Example(own.make_doc(reference.text), reference)
    examples = [*gold_corpus(own), *([new] * 3)]
    optimizer = own.resume_training(sgd=Adam(0.003))
    for _ in range(40):
        own.update(examples, sgd=optimizer, annotates=["clinical_sentences"])
    assert entities(own(reference.text)) == [(1, 2, "Devices")]
    assert (2, 3, "Symptoms") in entities(own(TEXTS[0]))


def test_typed_tags_are_widened_as_well(make_nlp, train_nlp, gold_corpus):
    nlp = make_nlp(tagging="typed")
    train_nlp(nlp, updates=60)
    before = [entities(doc) for doc in nlp.pipe(TEXTS)]
    assert any(before)
    ner = nlp.get_pipe("ner")
    ner.add_label("Devices")
    with torch.no_grad():
        ner.network.detection.linear.bias[-2:] = -50.0
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == before
    loaded = clone(nlp)
    assert [entities(doc) for doc in loaded.pipe(TEXTS)] == before
    nlp.update(gold_corpus(nlp), sgd=Adam(0.001))


# Training


def test_update_gives_the_gradients_of_the_core_step(make_nlp, gold_corpus):
    """One step for component and experiments: same batch, same key, same gradients."""
    nlp = make_nlp(detection_view="both", mslm_weight=0.5)
    examples = gold_corpus(nlp)
    nlp.initialize(lambda: examples)
    ner = nlp.get_pipe("ner")
    for example in examples:
        nlp.get_pipe("clinical_sentences")(example.predicted)
    network = ner.network
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if hasattr(module, "dropout_prob"):
            module.dropout_prob = 0.0
    ner.update(examples, sgd=None)
    by_component = gradients(network)
    network.zero_grad()
    batch = make_batch(
        network.tokenizer,
        [read_doc(example.predicted) for example in examples],
        read_annotations(examples, ner.labels, None),
        ner.settings.masking,
        seed=ner.settings.seed,
        update=0,
    )
    parts = step(network, batch, ner.objective)
    assert isinstance(parts, LossParts)
    parts.total(ner.settings.loss_weights).backward()
    by_core = gradients(network)
    assert by_component.keys() == by_core.keys()
    assert len(by_core) > 30
    for name, gradient in by_core.items():
        assert torch.allclose(by_component[name], gradient, atol=1e-7), name


def gradients(network):
    return {
        name: p.grad.clone()
        for name, p in network.named_parameters()
        if p.grad is not None
    }


def test_resumed_training_goes_on_with_other_masks(own, gold_corpus):
    """The number of updates is kept, so that masks do not begin again."""
    ner = own.get_pipe("ner")
    done = ner.cfg["updates"]
    assert done > 0
    again = clone(own)
    again.update(gold_corpus(again), sgd=Adam(0.0))
    assert again.get_pipe("ner").cfg["updates"] == done + 1
    assert own.get_pipe("ner").cfg["updates"] == done


def test_masked_view_alone_warns_what_it_does(make_nlp, gold_corpus, caplog):
    nlp = make_nlp(detection_view="masked")
    with caplog.at_level("WARNING", logger="spacy"):
        nlp.initialize(lambda: gold_corpus(nlp))
    assert "[N503]" in caplog.text and "detection_view = clean" in caplog.text
    caplog.clear()
    nlp = make_nlp(detection_view="both")
    with caplog.at_level("WARNING", logger="spacy"):
        nlp.initialize(lambda: gold_corpus(nlp))
    assert "N503" not in caplog.text


def test_a_pipeline_trained_on_the_masked_view_reads_clean_text(make_nlp, train_nlp):
    """paper.cfg: whatever was learnt, no mask is in what prediction reads."""
    nlp = make_nlp(detection_view="masked", none_class=False)
    train_nlp(nlp, updates=3)
    network, seen = nlp.get_pipe("ner").network, []
    network.encoder.register_forward_pre_hook(
        lambda _, __, kwargs: seen.append(kwargs["input_ids"]), with_kwargs=True
    )
    nlp(TEXTS[0])
    mask = network.tokenizer.specials.mask
    assert seen and all((ids != mask).all() for ids in seen)


# Output


def test_temperature_changes_confidences_not_entities(own):
    ner = own.get_pipe("ner")
    sharp = [own(text) for text in TEXTS]
    ner.temperature = 3.0
    soft = [own(text) for text in TEXTS]
    for a, b in zip(sharp, soft, strict=True):
        assert entities(a) == entities(b)
        for x, y in zip(a.ents, b.ents, strict=True):
            assert y._.confidence == pytest.approx(x._.confidence ** (1 / 3))
    assert clone(own).get_pipe("ner").temperature == 3.0
    lowest = min(e._.confidence for doc in soft for e in doc.ents)
    ner.threshold = lowest + 1e-6
    n_all = sum(len(doc.ents) for doc in soft)
    assert sum(len(own(text).ents) for text in TEXTS) == n_all - 1


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature_and_bias_must_be_numbers(own, value):
    ner = own.get_pipe("ner")
    with pytest.raises(MslmError, match=r"\[M521\]"):
        ner.temperature = value
    if value not in (0.0, -1.0):
        with pytest.raises(MslmError, match=r"\[M522\] 'outside_bias'"):
            ner.outside_bias = value


def test_outside_bias_trades_precision_for_recall(own):
    ner = own.get_pipe("ner")
    usual = [entities(own(text)) for text in TEXTS]
    ner.outside_bias = 30.0
    assert not any(own(text).ents for text in TEXTS)
    ner.threshold, ner.outside_bias = 0.0, 0.0
    assert [entities(own(text)) for text in TEXTS] == usual != [[]] * len(TEXTS)
    # Nothing is found in a text of no terms, until "no entity" is made unlikely.
    text = "He is at home ."
    assert not own(text).ents
    ner.network.classification.linear.bias.data[-1] = -50.0
    assert not own(text).ents
    ner.outside_bias = -30.0
    assert own(text).ents


@pytest.fixture
def two(make_nlp, gold_corpus, train_nlp):
    """Two components with different labels; the second, of spans, sees overlaps."""

    def build(first_key=None, second_key=None):
        nlp = make_nlp(spans_key=first_key)
        model = nlp.get_pipe_config("ner")["model"]
        config = {"model": model, "spans_key": second_key}
        nlp.add_pipe("mslm_ner", name="other", config=config)
        examples = []
        for example in gold_corpus(nlp):
            reference = example.reference
            kinds = {"Symptoms": [], "Treatments": []}
            for entity in reference.ents:
                kinds[entity.label_].append(entity)
            phrases = [
                Span(reference, max(0, e.start - 1), e.end, "Phrases")
                for e in kinds["Symptoms"]
            ]
            for key in {first_key, second_key} - {None}:
                reference.spans[key] = [*kinds["Symptoms"], *phrases]
            examples.append(example)
        return nlp, examples

    return build


def restricted(nlp, examples, labels):
    """Initialised with `labels` of each component alone, and trained."""
    settings = nlp.config["initialize"]["components"]
    for name, wanted in labels.items():
        settings[name] = {"labels": wanted}
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.005)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer, annotates=["clinical_sentences"])
    return nlp


def test_two_components_share_the_entities_of_a_document(two):
    nlp, examples = two()
    nlp = restricted(nlp, examples, {"ner": ["Symptoms"], "other": ["Treatments"]})
    doc = nlp("Given aspirin daily for chest\npain .")
    assert entities(doc) == [(1, 2, "Treatments"), (4, 7, "Symptoms")]
    assert all(0 < e._.confidence <= 1 for e in doc.ents)
    assert entities(nlp(doc)) == [(1, 2, "Treatments"), (4, 7, "Symptoms")]
    alone = nlp.select_pipes(enable=["clinical_sentences", "ner"])
    with alone:
        assert entities(nlp(doc.text)) == [(4, 7, "Symptoms")]
    scores = nlp.evaluate(examples)
    assert scores["ents_f"] == 1.0


def test_spans_of_two_components_overlap_in_one_group(two):
    nlp, examples = two("found", "found")
    nlp = restricted(nlp, examples, {"ner": ["Symptoms"], "other": ["Phrases"]})
    doc = nlp("Patient has fever and chest pain .")
    assert not doc.ents
    group = doc.spans["found"]
    found = [(s.start, s.end, s.label_) for s in group]
    assert found == sorted(found)
    assert {(2, 3, "Symptoms"), (1, 3, "Phrases")} <= set(found)
    assert len(group.attrs["scores"]) == len(group) and group.attrs[MADE_BY]
    assert [s._.confidence for s in group] == list(group.attrs["scores"])
    again = nlp(doc)
    assert [(s.start, s.end, s.label_) for s in again.spans["found"]] == found
    kept = DocBin(docs=[doc]).to_bytes()
    (loaded,) = DocBin().from_bytes(kept).get_docs(nlp.vocab)
    assert [confidence(s) for s in loaded.spans["found"]] == [
        confidence(s) for s in group
    ]
    scores = nlp.evaluate(examples)
    assert scores["spans_found_f"] > 0.9
    assert set(scores["spans_found_per_type"]) <= {"Symptoms", "Phrases"}


def test_what_is_overlapped_is_settled_by_confidence(own):
    """Entities of another mslm_ner stay unless a more confident one lies there."""
    doc = own.make_doc(TEXTS[0])
    for score, stays in ((0.01, False), (1.0, True)):
        other = Span(doc, 0, 3, "Devices")
        doc.spans["ner_scores"] = [other]
        doc.spans["ner_scores"].attrs.update({"scores": [score], MADE_BY: True})
        doc.set_ents([other])
        found = entities(own(doc))
        assert ((0, 3, "Devices") in found) is stays
        assert ((2, 3, "Symptoms") in found) is not stays
        assert (4, 6, "Symptoms") in found


def test_weak_labels_on_a_document_have_no_confidence(own):
    doc = own.make_doc(TEXTS[0])
    span = Span(doc, 2, 3, "Symptoms")
    doc.spans["medcat"] = [span]
    doc.spans["medcat"].attrs["scores"] = [0.4]
    assert span._.confidence is None


# Frozen, annotating, selected


def test_a_frozen_component_learns_nothing_and_annotates(own, gold_corpus, monkeypatch):
    ner = own.get_pipe("ner")
    before = ner.to_bytes()
    tagger = own.add_pipe("tagger", last=True)
    tagger.add_label("X")
    examples = gold_corpus(own)
    tagger.initialize(lambda: examples, nlp=own)
    seen = []
    monkeypatch.setattr(
        tagger, "update", lambda egs, **_: seen.extend(e.predicted.ents for e in egs)
    )
    own.update(
        examples,
        sgd=Adam(0.001),
        exclude=["ner"],
        annotates=["clinical_sentences", "ner"],
    )
    assert ner.to_bytes() == before
    assert len(seen) == len(examples) and any(seen)


def test_disabled_and_enabled_again(own):
    usual = entities(own(TEXTS[0]))
    with own.select_pipes(disable="ner"):
        assert not own(TEXTS[0]).ents
    assert entities(own(TEXTS[0])) == usual


def test_rename_and_copy(own):
    own.rename_pipe("ner", "found")
    usual = entities(own(TEXTS[0]))
    assert usual and own.get_pipe("found").labels == ("Symptoms", "Treatments")


# Batches and processes


def test_entities_do_not_depend_on_batches(own):
    texts = [" ".join(part) for part in itertools.product(TEXTS, TEXTS)] + ["", "\n"]
    alone = [entities(own(text)) for text in texts]
    assert any(alone)
    for size in (1, 2, 5, 1000):
        assert [entities(d) for d in own.pipe(texts, batch_size=size)] == alone
    stream = own.pipe(iter([(text, i) for i, text in enumerate(texts)]), as_tuples=True)
    assert [(entities(doc), i) for doc, i in stream] == [
        (found, i) for i, found in enumerate(alone)
    ]
    docs = own.pipe([own.make_doc(text) for text in texts], batch_size=3)
    assert [entities(doc) for doc in docs] == alone


# The command line


@pytest.fixture(scope="module")
def package(trained, gold_corpus, tmp_path_factory):
    """A pipeline on disk and a corpus beside it."""
    folder = tmp_path_factory.mktemp("contract")
    trained.to_disk(folder / "model")
    docs = [example.reference for example in gold_corpus(trained)]
    (folder / "corpus" / "train").mkdir(parents=True)
    DocBin(docs=docs).to_disk(folder / "corpus" / "train" / "0.spacy")
    tokens = {"tokens": sum(map(len, docs))}
    manifest = {"splits": {"train": tokens, "dev": tokens}}
    (folder / "corpus" / "manifest.json").write_text(json.dumps(manifest))
    shutil.copytree(folder / "corpus" / "train", folder / "corpus" / "dev")
    return folder


def test_spacy_apply(package, trained, tmp_path):
    data = tmp_path / "texts.jsonl"
    data.write_text("".join(json.dumps({"text": t}) + "\n" for t in TEXTS))
    out = tmp_path / "out.spacy"
    apply(
        data_path=data,
        output_file=out,
        model=str(package / "model"),
        json_field="text",
        batch_size=2,
        n_process=1,
    )
    docs = list(DocBin().from_disk(out).get_docs(trained.vocab))
    assert [entities(doc) for doc in docs] == [entities(trained(t)) for t in TEXTS]
    assert all(e._.confidence for doc in docs for e in doc.ents)


def test_spacy_evaluate(package, tmp_path):
    scores = evaluate(str(package / "model"), package / "corpus" / "train", silent=True)
    assert scores["ents_f"] == 1.0
    assert {"Symptoms", "Treatments"} == set(scores["ents_per_type"])


def test_spacy_benchmark_speed(package, trained, capsys):
    docs = list(
        DocBin()
        .from_disk(package / "corpus" / "train" / "0.spacy")
        .get_docs(trained.vocab)
    )
    seconds = benchmark(spacy.load(package / "model"), docs, 2, 2, shuffle=False)
    assert len(seconds) == 2 and min(seconds) > 0


def config_of(text, path):
    path.write_text(text, encoding="utf8")
    return path


MINIMAL = """
[nlp]
lang = "en"
pipeline = ["clinical_sentences","ner"]

[components]

[components.clinical_sentences]
factory = "clinical_sentences"

[components.ner]
factory = "mslm_ner"
"""


def test_a_minimal_config_is_filled(tmp_path):
    path = config_of(MINIMAL, tmp_path / "minimal.cfg")
    fill_config(tmp_path / "filled.cfg", path, silent=True)
    config = spacy.util.load_config(tmp_path / "filled.cfg")
    ner = config["components"]["ner"]
    assert ner["threshold"] == 0.0 and ner["spans_key"] is None
    assert ner["model"]["masking"]["entity_rate"] == 0.5
    nlp = spacy.util.load_model_from_config(config, auto_fill=False)
    assert nlp.pipe_names == ["clinical_sentences", "ner"]


def test_part_of_a_model_is_filled(tmp_path):
    part = (
        MINIMAL
        + """
[components.ner.model]
@architectures = "spacy-mslm.MslmNer.v1"
max_pieces = 64
"""
    )
    path = config_of(part, tmp_path / "part.cfg")
    fill_config(tmp_path / "filled.cfg", path, silent=True)
    model = spacy.util.load_config(tmp_path / "filled.cfg")["components"]["ner"][
        "model"
    ]
    assert model["max_pieces"] == 64 and model["weighting"] == "paper"


def overrides(package, tiny_encoder, tmp_path):
    return {
        "paths.encoder": str(tiny_encoder),
        "paths.train": str(package / "corpus" / "train"),
        "paths.dev": str(package / "corpus" / "dev"),
        "paths.log": str(tmp_path / "log.jsonl"),
        "training.max_steps": 2,
        "training.eval_frequency": 1,
    }


def test_init_labels_and_a_training_that_reads_them(
    package, tiny_encoder, tmp_path, pytestconfig
):
    source = pytestconfig.rootpath / "configs" / "mslm.cfg"
    values = overrides(package, tiny_encoder, tmp_path)
    path = tmp_path / "config.cfg"
    config = spacy.util.load_config(source, overrides=values)
    config.to_disk(path)
    labels = tmp_path / "labels"

    class Context:
        args = ()
        invoked_subcommand = None

    init_labels_cli(Context(), path, labels, code_path=None, verbose=False, use_gpu=-1)
    assert json.loads((labels / "ner.json").read_text()) == ["Symptoms", "Treatments"]
    (labels / "ner.json").write_text(json.dumps(["Zoster", "Symptoms", "Treatments"]))
    config["initialize"]["components"]["ner"] = {
        "labels": {
            "@readers": "spacy.read_labels.v1",
            "path": str(labels / "ner.json"),
        }
    }
    config.to_disk(path)
    train(path, tmp_path / "out")
    ner = spacy.load(tmp_path / "out" / "model-last").get_pipe("ner")
    assert ner.labels == ("Zoster", "Symptoms", "Treatments")


def test_training_goes_on_from_a_packaged_pipeline(package, tmp_path, pytestconfig):
    """`source`: labels, encoder and heads are those of the package, none is fetched."""
    source = pytestconfig.rootpath / "configs" / "mslm.cfg"
    model = str(package / "model")
    values = overrides(package, "/no/such/encoder", tmp_path)
    config = spacy.util.load_config(source, overrides=values)
    for name in ("clinical_sentences", "ner"):
        config["components"][name] = {"source": model}
    config["training"]["optimizer"]["learn_rate"] = 1e-12
    config.to_disk(tmp_path / "config.cfg")
    train(tmp_path / "config.cfg", tmp_path / "out")
    before, after = spacy.load(model), spacy.load(tmp_path / "out" / "model-last")
    assert after.get_pipe("ner").labels == before.get_pipe("ner").labels
    for text in TEXTS:
        assert entities(after(text)) == entities(before(text)) != []
    a, b = (nlp.get_pipe("ner").network.state_dict() for nlp in (before, after))
    assert all(torch.allclose(a[k], b[k], atol=1e-6) for k in a)
    assert after.get_pipe("ner").cfg["updates"] > before.get_pipe("ner").cfg["updates"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("components.ner.model.no_such_key", 1),
        ("components.ner.no_such_key", 1),
        ("components.ner.model.max_pieces", "many"),
        ("components.ner.model.masking.no_such_key", 1),
        ("components.ner.model.masking.entity_rate", "often"),
        ("components.ner.model.none_class", "perhaps"),
        ("components.ner.threshold", "high"),
    ],
)
def test_unknown_and_ill_typed_keys_are_named(key, value, tmp_path, pytestconfig):
    config = spacy.util.load_config(pytestconfig.rootpath / "configs" / "mslm.cfg")
    at = config
    *sections, last = key.split(".")
    for section in sections:
        at = at[section]
    at[last] = value
    with pytest.raises(ValueError) as error:
        spacy.util.load_model_from_config(config, validate=True)
    assert last in str(error.value)


def test_a_doc_of_unknown_spaces_and_an_empty_one(own):
    docs = [Doc(own.vocab, words=TEXTS[0].split()), Doc(own.vocab)]
    found = [entities(doc) for doc in own.pipe(docs)]
    assert found[0] == [(2, 3, "Symptoms"), (4, 6, "Symptoms")] and found[1] == []


def test_an_entity_and_a_span_of_the_same_words_keep_their_own_confidences(own):
    doc = own.make_doc(TEXTS[0])
    entity, span = Span(doc, 2, 3, "Devices"), Span(doc, 2, 3, "Devices")
    for key, score in (("ner_scores", 0.9), ("k", 0.2)):
        doc.spans[key] = [entity if key == "ner_scores" else span]
        doc.spans[key].attrs.update({"scores": [score], MADE_BY: True})
    doc.set_ents([entity])
    assert confidence(doc.spans["k"][0]) == 0.9  # it cannot tell where it is from
    assert confidence(doc.spans["k"][0], "k") == 0.2
    own.get_pipe("ner").spans_key = "k"
    group = own(doc).spans["k"]
    scores = dict(zip([s.label_ for s in group], group.attrs["scores"], strict=True))
    assert scores["Devices"] == 0.2


def test_the_rest_of_an_overlapping_span_is_unknown_not_outside(own):
    reference = own.make_doc(TEXTS[0])
    reference.spans["k"] = [Span(reference, *p, "Symptoms") for p in ((0, 3), (2, 5))]
    example = Example(own.make_doc(TEXTS[0]), reference)
    (read,) = read_annotations([example], ["Symptoms"], "k")
    assert read.spans == ((0, 3, 0),)
    assert read.known.tolist() == [True] * 3 + [False] * 2 + [True] * 2
