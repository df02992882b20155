"""The component's life: built, initialised, trained, refused where it must be."""

import itertools
import re
from dataclasses import asdict

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam, ConfigValidationError

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import EQUAL
from spacy_mslm.types import MaskKind

BLANK_TEXTS = ["", " ", "\n\n", "\t \u200b"]


def parameters(nlp):
    return {k: v.clone() for k, v in nlp.get_pipe("ner").network.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def as_example(nlp, text, entities=None):
    reference = nlp.make_doc(text)
    if entities is not None:
        reference.set_ents(
            [
                reference.char_span(text.index(e), text.index(e) + len(e), label)
                for e, label in entities
            ]
        )
    return Example(nlp.make_doc(text), reference)


# Before and at initialisation


def test_building_touches_neither_disk_nor_network(make_nlp):
    nlp = make_nlp(encoder="/no/such/folder")
    assert nlp.get_pipe("ner").labels == ()


@pytest.mark.parametrize("use", ["call", "pipe", "update", "predict_empty"])
def test_uninitialised_component_says_so(make_nlp, gold_corpus, use):
    nlp = make_nlp()
    actions = {
        "call": lambda: nlp("fever"),
        "pipe": lambda: list(nlp.pipe(["fever"])),
        "update": lambda: nlp.update(gold_corpus(nlp), sgd=Adam()),
        "predict_empty": lambda: nlp.get_pipe("ner").predict([]),
    }
    with pytest.raises(ValueError, match="E109"):
        actions[use]()


@pytest.mark.parametrize("bad", [lambda: [42], lambda: [], lambda: None, [], None])
def test_bad_get_examples_raise_type_errors(make_nlp, bad):
    with pytest.raises((TypeError, ValueError), match=r"E930|E978|\[E"):
        make_nlp().get_pipe("ner").initialize(bad)


def test_examples_without_any_entity_raise_m503(make_nlp):
    nlp = make_nlp()
    examples = [as_example(nlp, "He is at home", [])]
    with pytest.raises(MslmError, match=r"\[M503\] component 'ner'"):
        nlp.initialize(lambda: examples)


def test_missing_encoder_is_named_at_initialize(make_nlp, gold_corpus):
    nlp = make_nlp(encoder="/no/such/folder")
    with pytest.raises(MslmError, match=r"\[M403\] encoder '/no/such/folder'"):
        nlp.initialize(lambda: gold_corpus(nlp))


def test_windows_longer_than_the_encoders_positions_are_refused(make_nlp, gold_corpus):
    nlp = make_nlp(max_pieces=513)
    with pytest.raises(
        MslmError, match=r"\[M408\] 'max_pieces' .* 16 and 512, got 513"
    ):
        nlp.initialize(lambda: gold_corpus(nlp))


def test_labels_come_from_the_examples_sorted(nlp_tiny):
    assert nlp_tiny.get_pipe("ner").labels == ("Symptoms", "Treatments")
    assert nlp_tiny.get_pipe("ner").label_data == ["Symptoms", "Treatments"]
    assert nlp_tiny.pipe_labels["ner"] == ["Symptoms", "Treatments"]


def test_labels_given_are_kept_in_their_order(make_nlp, gold_corpus):
    nlp = make_nlp()
    labels = ["Treatments", "Other", "Symptoms"]
    nlp.get_pipe("ner").initialize(lambda: gold_corpus(nlp), nlp=nlp, labels=labels)
    assert nlp.get_pipe("ner").labels == tuple(labels)
    assert nlp.get_pipe("ner").network.labels == tuple(labels)


def test_labels_added_before_initialize_are_kept(make_nlp, gold_corpus):
    nlp = make_nlp()
    ner = nlp.get_pipe("ner")
    assert (ner.add_label("Zoster"), ner.add_label("Zoster")) == (1, 0)
    with pytest.raises(ValueError, match="E187"):
        ner.add_label(3)
    nlp.initialize(lambda: gold_corpus(nlp))
    assert ner.labels == ("Zoster", "Symptoms", "Treatments")
    assert ner.add_label("Zoster") == 0


def test_blank_texts_among_the_examples_do_no_harm(make_nlp, gold_corpus):
    nlp = make_nlp()
    blank = [as_example(nlp, text, []) for text in BLANK_TEXTS]
    nlp.initialize(lambda: blank + gold_corpus(nlp))
    assert [list(nlp(text).ents) for text in BLANK_TEXTS] == [[]] * 4


# Settings


SETTINGS = {
    "weighting": "none",
    "mslm_weight": 0.5,
    "detection_weight": 2.0,
    "classification_weight": 3.0,
    "max_pieces": 99,
    "max_batch_pieces": 777,
    "precision": "bfloat16",
    "heads_learn_rate": 7.0,
    "layer_decay": 0.8,
    "detection_view": "both",
    "reduction": "sum",
    "none_class": False,
    "decoder": "crf",
    "detection_vector": 3,
    "classification_vector": 5,
    "seed": 11,
}


def test_every_factory_key_reaches_its_attribute(make_nlp):
    masking = {"@misc": "spacy-mslm.TokenMasking.v1", "rate": 0.3, "unit": "piece"}
    shares = {"mask": 0.8, "random": 0.15, "keep": 0.05}
    ner = make_nlp(
        masking=masking,
        threshold=0.25,
        outside_bias=-0.5,
        spans_key="found",
        corruption={"@misc": "spacy-mslm.Corruption.v1", **shares},
        **SETTINGS,
    ).get_pipe("ner")
    s = ner.settings
    assert (s.weighting, s.max_pieces, s.max_batch_pieces) == ("none", 99, 777)
    weights = s.loss_weights
    assert (weights.mslm, weights.detection, weights.classification) == (0.5, 2, 3)
    assert s.precision == "bfloat16"
    assert (s.seed, ner.shim.heads_learn_rate, ner.threshold) == (11, 7.0, 0.25)
    assert (s.masking.amount.rate, s.masking.unit) == (0.3, "piece")
    assert ner.shim.layer_decay == 0.8
    assert (s.detection_view, s.reduction) == ("both", "sum")
    assert asdict(s.heads) == {
        "typed": False,
        "none_class": False,
        "decoder": "crf",
        "detection_vector": 3,
        "classification_vector": 5,
    }
    assert asdict(s.corruption) == shares
    assert (ner.outside_bias, ner.spans_key) == (-0.5, "found")
    assert ner.model.attrs["outside_bias"] == -0.5
    objective = s.objective(EQUAL)
    assert (objective.detection_view, objective.reduction) == ("both", "sum")
    assert objective.corruption == s.corruption
    assert make_nlp(tagging="typed").get_pipe("ner").settings.heads.typed
    fewer = make_nlp(masked_share=0.25).get_pipe("ner").settings
    assert fewer.masked_share == fewer.objective(EQUAL).masked_share == 0.25
    joint = make_nlp().get_pipe("ner").settings.masking
    rates = (joint.entity.rate, joint.base.amount.rate)
    assert (*rates, joint.base.unit) == (0.5, 0.15, "word")
    assert ner.scorer is not None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_pieces": 15}, r"\[M408\] 'max_pieces'"),
        ({"max_batch_pieces": 0}, r"\[M408\] 'max_batch_pieces'"),
        ({"seed": -1}, r"\[M408\] 'seed'"),
        ({"threshold": 1.5}, r"\[M401\] 'threshold'"),
        ({"weighting": "often"}, "weighting"),
        ({"precision": "float8"}, "precision"),
        ({"detection_view": "gold"}, "detection_view"),
        ({"reduction": "max"}, "reduction"),
        ({"masked_share": 1.1}, r"\[M401\] 'masked_share'"),
        ({"masked_share": 0.5, "detection_view": "both"}, r"\[M433\] 'masked_share'"),
        ({"tagging": "bilou"}, "tagging"),
        ({"detection_vector": -1}, r"\[M408\] 'detection_vector'"),
        ({"mslm_weight": -0.1}, r"\[M408\] 'mslm_weight'"),
        ({"layer_decay": 1.1}, r"\[M401\] 'layer_decay'"),
        ({"heads_learn_rate": -1.0}, r"\[M408\] 'heads_learn_rate'"),
        (
            {"masking": None, "detection_view": "masked"},
            r"\[M431\] 'detection_view' is 'masked'",
        ),
        (
            {"tagging": "typed", "classification_vector": 3},
            r"\[M432\] 'classification_vector'",
        ),
        ({"max_pieces": "many"}, "max_pieces"),
        ({"no_such_key": 1}, "no_such_key"),
        (
            {
                "masking": {
                    "@misc": "spacy-mslm.TokenMasking.v1",
                    "rate": 2,
                    "unit": "x",
                }
            },
            "rate|unit",
        ),
    ],
)
def test_bad_values_name_their_key(make_nlp, values, message):
    with pytest.raises((MslmError, ConfigValidationError), match=message):
        make_nlp(**values)


def test_bfloat16_reads_the_weights_of_after_the_update(make_nlp, gold_corpus):
    # spaCy asks for gradients, annotates, and only then makes its step.
    nlp = make_nlp(precision="bfloat16")
    examples = gold_corpus(nlp)
    nlp.initialize(lambda: examples)
    ner = nlp.get_pipe("ner")
    ner.update(examples, sgd=None)
    ner.predict([example.predicted for example in examples])
    ner.finish_update(Adam(0.05))
    served = ner.network.served(ner.network.encoder)
    for copied, weight in zip(
        served.parameters(), ner.network.encoder.parameters(), strict=True
    ):
        assert torch.equal(copied, weight.to(torch.bfloat16))


def test_precision_can_be_chosen_at_loading(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    for precision in ("bfloat16", "auto"):
        settings = {"components.ner.model.precision": precision}
        nlp = spacy.load(tmp_path / "model", config=settings)
        assert nlp.get_pipe("ner").network.precision == precision
        assert nlp("given metformin daily for fever").ents
    assert spacy.load(tmp_path / "model").get_pipe("ner").network.precision == "float32"


def test_precision_reaches_the_network_new_or_loaded(make_nlp, gold_corpus):
    nlp = make_nlp(precision="bfloat16")
    nlp.initialize(lambda: gold_corpus(nlp))
    assert nlp.get_pipe("ner").network.precision == "bfloat16"
    again = make_nlp(precision="bfloat16").from_bytes(nlp.to_bytes())
    assert again.get_pipe("ner").network.precision == "bfloat16"
    nlp.update(gold_corpus(nlp), losses=(losses := {}))
    assert 0 < losses["ner_mslm"] < 20
    assert {p.dtype for p in again.get_pipe("ner").network.parameters()} == {
        torch.float32
    }


# Training


def test_update_reports_parts_that_add_up_by_their_weights(make_nlp, train_nlp):
    nlp = make_nlp(mslm_weight=0.5, detection_weight=2.0)
    (losses,) = train_nlp(nlp, updates=1)
    assert set(losses) == {
        *("ner", "ner_mslm", "ner_detection", "ner_classification"),
    }
    total = 0.5 * losses["ner_mslm"] + 2 * losses["ner_detection"]
    total += losses["ner_classification"]
    assert losses["ner"] == pytest.approx(total, rel=1e-5)
    assert all(value > 0 for value in losses.values())


def test_losses_add_up_over_updates(nlp_tiny, gold_corpus):
    losses = {"other": 1.0}
    nlp_tiny.update(gold_corpus(nlp_tiny), losses=losses)
    first = losses["ner"]
    nlp_tiny.update(gold_corpus(nlp_tiny), losses=losses)
    assert losses["ner"] > first and losses["other"] == 1.0


def test_overfits(trained, gold_corpus):
    for example in gold_corpus(trained):
        found = [
            (e.start, e.end, e.label_) for e in trained(example.reference.text).ents
        ]
        assert found == [(e.start, e.end, e.label_) for e in example.reference.ents]
    scores = trained.evaluate(gold_corpus(trained))
    assert scores["ents_f"] == scores["ents_macro_f"] == 1.0
    assert set(scores["ents_per_type"]) == {"Symptoms", "Treatments"}


def test_same_seed_same_parameters_after_three_updates(make_nlp, train_nlp):
    runs = []
    for seed in (1, 1, 2):
        nlp = make_nlp()
        losses = train_nlp(nlp, updates=3, seed=seed, drop=0.2)
        runs.append((losses, parameters(nlp)))
    assert runs[0][0] == runs[1][0] and same(runs[0][1], runs[1][1])
    assert not same(runs[0][1], runs[2][1])


def test_initialising_again_starts_again(make_nlp, train_nlp):
    nlp = make_nlp()
    runs = []
    for _ in range(2):
        losses = train_nlp(nlp, updates=2, seed=3)
        runs.append((losses, parameters(nlp)))
    assert runs[0][0] == runs[1][0] and same(runs[0][1], runs[1][1])


def test_masks_change_from_update_to_update_and_with_the_seed(
    make_nlp, train_nlp, monkeypatch
):
    drawn = []
    from spacy_mslm.masking import JointMasking

    plan = JointMasking.plan

    def kept(self, sentence, *, rng):
        result = plan(self, sentence, rng=rng)
        drawn[-1].append(result.kinds.tolist())
        return result

    monkeypatch.setattr(JointMasking, "plan", kept)
    for seed in (0, 0, 5):
        drawn.append([])
        train_nlp(make_nlp(seed=seed), updates=2)
    assert drawn[0] == drawn[1] != drawn[2]
    third = len(drawn[0]) // 3  # counted at initialize, then two updates
    assert drawn[0][:third] == drawn[0][third : 2 * third] != drawn[0][2 * third :]


def test_mask_weights_are_counted_over_the_training_examples(make_nlp, gold_corpus):
    nlp = make_nlp(
        masking={
            "@misc": "spacy-mslm.JointMasking.v1",
            "entity_rate": 1.0,
            "base_rate": 1.0,
            "unit": "word",
        }
    )
    nlp.initialize(lambda: gold_corpus(nlp))
    ner = nlp.get_pipe("ner")
    n_entity = n_base = 0
    for example in gold_corpus(nlp):
        for token in example.reference:
            if token.is_space or token.text.startswith("[**"):
                continue
            ids = ner.network.tokenizer.tokenizer.encode(
                token.text, add_special_tokens=False
            ).ids
            n_entity += len(ids) * (token.ent_iob_ != "O")
            n_base += len(ids) * (token.ent_iob_ == "O")
    assert n_base > n_entity > 0
    w_entity, w_base = 1 - n_entity / (n_entity + n_base), 0.5
    w_base = min(1 - n_base / (n_entity + n_base), 0.5)
    ratio = ner.cfg["mask_weights"]["entity"] / ner.cfg["mask_weights"]["base"]
    assert ratio == pytest.approx(np.exp(w_entity - w_base))
    assert ner.objective.mask_weights.entity > 0.5


def test_a_number_weighs_terms_so_many_times(make_nlp, gold_corpus, tmp_path):
    nlp = make_nlp(weighting=4)
    nlp.initialize(lambda: gold_corpus(nlp))
    weights = nlp.get_pipe("ner").cfg["mask_weights"]
    assert weights == {"base": pytest.approx(0.2), "entity": pytest.approx(0.8)}
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path).get_pipe("ner")
    assert (again.settings.weighting, again.cfg["mask_weights"]) == (4, weights)


def test_weighting_none_gives_equal_weights(make_nlp, gold_corpus):
    nlp = make_nlp(weighting="none")
    nlp.initialize(lambda: gold_corpus(nlp))
    assert nlp.get_pipe("ner").cfg["mask_weights"] == {"base": 0.5, "entity": 0.5}


def test_vanilla_has_no_masked_view_and_no_head_for_it(make_nlp, train_nlp):
    nlp = make_nlp(masking=None)
    losses = train_nlp(nlp, updates=2)
    assert nlp.get_pipe("ner").network.mlm is None
    assert all(row["ner_mslm"] == 0 for row in losses)
    assert losses[1]["ner_detection"] < losses[0]["ner_detection"]


def test_masks_follow_the_sentences_of_the_pipeline(make_nlp, gold_corpus, monkeypatch):
    from spacy_mslm.masking import JointMasking

    lengths = []
    plan = JointMasking.plan

    def kept(self, sentence, *, rng):
        lengths.append(len(sentence.words))
        return plan(self, sentence, rng=rng)

    monkeypatch.setattr(JointMasking, "plan", kept)
    nlp = make_nlp()
    nlp.initialize(lambda: gold_corpus(nlp))
    expected = [
        len(sent)
        for example in gold_corpus(nlp)
        for sent in nlp.get_pipe("clinical_sentences")(example.predicted).sents
    ]
    assert lengths == expected and len(expected) > len(gold_corpus(nlp))


def test_documents_without_annotation_teach_the_masked_view_alone(nlp_tiny):
    losses = {}
    examples = [
        as_example(nlp_tiny, "fever and cough in the left chest of the patient")
    ]
    nlp_tiny.update(examples, losses=losses)
    assert losses["ner_detection"] == losses["ner_classification"] == 0
    assert losses["ner_mslm"] > 0


@pytest.mark.parametrize("text", BLANK_TEXTS)
def test_blank_documents_can_be_trained_on_and_predicted(nlp_tiny, text):
    losses = {}
    examples = [as_example(nlp_tiny, text, [])]
    nlp_tiny.update(examples, losses=losses, sgd=Adam(0.001))
    assert losses["ner"] == 0
    doc = nlp_tiny(text)
    assert doc.ents == () and list(doc.spans["ner_scores"]) == []


def test_empty_batches_are_nothing(nlp_tiny):
    before = parameters(nlp_tiny)
    losses = {}
    nlp_tiny.get_pipe("ner").update([], sgd=Adam(0.1), losses=losses)
    assert losses == {"ner": 0.0} and same(before, parameters(nlp_tiny))


def test_documents_twice_in_a_batch_and_entities_across_sentences(nlp_tiny):
    text = "No chest. Pain today."
    reference = nlp_tiny.make_doc(text)
    reference.set_ents([Span(reference, 1, 4, "Symptoms")])
    example = Example(nlp_tiny.make_doc(text), reference)
    nlp_tiny.get_pipe("clinical_sentences")(example.predicted)
    losses = {}
    nlp_tiny.update([example, example], losses=losses, sgd=Adam(0.01))
    assert len(list(example.predicted.sents)) == 2
    assert np.isfinite(losses["ner"])


def test_labels_that_training_never_showed_are_no_error(nlp_tiny):
    examples = [as_example(nlp_tiny, "fever and gout", [("gout", "Diseases")])]
    losses = {}
    nlp_tiny.update(examples, losses=losses)
    scores = nlp_tiny.evaluate(examples)
    assert scores["ents_per_type"]["Diseases"] == {"p": 0.0, "r": 0.0, "f": 0.0}


def test_get_loss_points_to_update(nlp_tiny):
    with pytest.raises(MslmError, match=r"\[M502\] .*update\(\)"):
        nlp_tiny.get_pipe("ner").get_loss([], [])


def test_examples_only(nlp_tiny):
    with pytest.raises(TypeError, match="E978"):
        nlp_tiny.get_pipe("ner").update([nlp_tiny.make_doc("fever")])


def test_frozen_component_does_not_learn(nlp_tiny, gold_corpus):
    before = parameters(nlp_tiny)
    nlp_tiny.update(gold_corpus(nlp_tiny), sgd=Adam(0.1), exclude=["ner"])
    assert same(before, parameters(nlp_tiny))


def test_other_names_and_labels_flow_through(make_nlp, gold_corpus, train_nlp):
    nlp = make_nlp()
    nlp.rename_pipe("ner", "clinical")
    nlp.get_pipe("clinical").name = "clinical"
    losses = {}
    examples = gold_corpus(nlp)
    nlp.initialize(lambda: examples)
    nlp.get_pipe("clinical").update(examples, losses=losses)
    assert set(losses) >= {"clinical", "clinical_mslm"}


# Prediction


def test_prediction_is_lazy_and_keeps_nothing(trained):
    stream = trained.pipe(itertools.repeat("Patient has fever ."), batch_size=2)
    assert [len(next(stream).ents) for _ in range(5)] == [1] * 5
    assert all(p.grad is None for p in trained.get_pipe("ner").network.parameters())


def test_entities_of_before_are_replaced(trained):
    doc = trained.make_doc("He is at home .")
    doc.set_ents([Span(doc, 3, 4, "Symptoms")])
    for _, pipe in trained.pipeline:
        doc = pipe(doc)
    assert doc.ents == ()
    assert {t.ent_iob_ for t in doc} == {"O"}


def test_placeholders_are_never_in_an_entity(make_nlp, train_nlp):
    nlp = make_nlp()
    train_nlp(nlp, updates=1)
    network = nlp.get_pipe("ner").network
    network.detection.linear.bias.data = torch.tensor([0.0, 1.0, 1.05]) * 100
    network.classification.linear.bias.data = torch.tensor([100.0, 0.0, 0.0])
    doc = nlp("Seen by [**Last\nName 1**] for ___ chest\npain \u200b .\n")
    text = " ".join(e.text for e in doc.ents)
    assert "Name" not in text and "_" not in text
    assert [e.text for e in doc.ents] == ["Seen by", "for", "chest\npain \u200b ."]


def test_pretokenised_documents_keep_their_tokens(trained):
    words = ["Patient", "has", "chest", "pain", "and", "don't", "."]
    doc = trained(Doc(trained.vocab, words=words))
    assert [t.text for t in doc] == words
    assert [e.text for e in doc.ents] == ["chest pain"]


def test_long_documents_are_read_whole(trained, monkeypatch):
    network = trained.get_pipe("ner").network
    encoder = type(network.encoder)
    forward, read = encoder.forward, []

    def counted(self, input_ids, attention_mask, **kwargs):
        read.append(int(attention_mask.sum()) - 2 * len(input_ids))
        return forward(self, input_ids, attention_mask, **kwargs)

    monkeypatch.setattr(encoder, "forward", counted)
    text = "Patient has fever and chest pain .\n" * 2500
    doc = trained(text)
    assert len(doc) == 20_000
    visible = sum(not t.is_space for t in doc)
    assert sum(read) == visible  # every word here is one piece, each read once
    assert len(read) <= visible / 900
    assert len(doc.ents) == 5000 and doc.ents[-1].end >= 19_996


def test_a_word_of_10000_characters_and_odd_text(trained):
    for text in (
        "a" * 10_000 + " fever",
        "\u200b",
        "[MASK] fever",
        "😀\x00\ufffd",
        ".",
    ):
        doc = trained(text)
        assert doc.text == text


def test_threshold_drops_what_is_less_sure(trained, gold_corpus):
    ner = trained.get_pipe("ner")
    texts = [e.reference.text for e in gold_corpus(trained)]
    spans = [e for doc in trained.pipe(texts) for e in doc.ents]
    middle = sorted(e._.confidence for e in spans)[len(spans) // 2]
    ner.threshold = middle
    try:
        kept = [e for doc in trained.pipe(texts) for e in doc.ents]
    finally:
        ner.threshold = 0.0
    # Scores of two runs may differ in the last digits.
    sure = [e.text for e in spans if e._.confidence > middle + 1e-4]
    assert sure and len(sure) <= len(kept) < len(spans)
    assert {e.text for e in kept} >= set(sure)


def test_class_docstrings_and_analysis(trained):
    assigned = trained.analyze_pipes()["summary"]["ner"]["assigns"]
    assert "doc.ents" in assigned and "span._.confidence" in assigned
    assert re.search("ner", trained.get_pipe("ner").name)


def test_masking_kinds_are_the_shared_ones():
    assert (MaskKind.NONE, MaskKind.BASE, MaskKind.ENTITY) == (0, 1, 2)
