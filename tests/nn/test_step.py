"""One step: two views, three losses, each as if read one document at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import EQUAL, JointMasking, TermMasking, TokenMasking
from spacy_mslm.nn import (
    Annotation,
    HeadSettings,
    LossWeights,
    Objective,
    make_batch,
    parameter_groups,
    step,
)
from spacy_mslm.nn.batch import sample_non_entities
from spacy_mslm.nn.corrupt import corrupt
from spacy_mslm.types import Corruption, MaskKind, MaskWeights

OBJECTIVE = Objective(
    mask_weights=MaskWeights(base=0.4, entity=0.6),
    loss_weights=LossWeights(),
    max_pieces=64,
    max_batch_pieces=4096,
)


def joint(entity_rate=1.0, base_rate=0.3):
    return JointMasking(
        entity=TermMasking(rate=entity_rate), base=TokenMasking(rate=base_rate)
    )


@pytest.fixture
def corpus(word_doc, annotate):
    docs = [
        word_doc("fever and cough | no pain ."),
        word_doc("chest NL pain in the xyz"),
        word_doc("seen by _ for acute cough", placeholders=(2,)),
        word_doc("aspirin"),
    ]
    gold = [
        annotate(docs[0], (0, 1, 0), (2, 3, 1)),
        annotate(docs[1], (0, 3, 0), missing=(5,)),
        Annotation.missing(6),
        annotate(docs[3], (0, 1, 1)),
    ]
    return docs, gold


@pytest.fixture
def batch(network, corpus):
    return make_batch(network.tokenizer, *corpus, joint(), seed=3, update=5)


class Spy:
    """What went through the encoder, and how many rows the MLM head made."""

    def __init__(self, network, monkeypatch):
        self.rows, self.logits = [], []
        encoder = type(network.encoder)
        forward, head = encoder.forward, type(network.mlm).forward

        def read(self_, inputs_embeds, attention_mask, **kwargs):
            table = self_.get_input_embeddings().weight
            for row, mask in zip(inputs_embeds, attention_mask, strict=True):
                same = (row[mask.bool(), None] == table).all(-1)
                assert (same.sum(-1) == 1).all()
                self.rows.append(same.int().argmax(-1).tolist())
            return forward(
                self_,
                inputs_embeds=inputs_embeds,
                attention_mask=attention_mask,
                **kwargs,
            )

        def reconstruct(self_, vectors, embeddings):
            self.logits.append(len(vectors))
            return head(self_, vectors, embeddings)

        monkeypatch.setattr(encoder, "forward", read)
        monkeypatch.setattr(type(network.mlm), "forward", reconstruct)


def encode_alone(network, ids):
    specials = network.tokenizer.specials
    row = torch.tensor([[specials.start, *ids, specials.end]])
    return network.encoder(input_ids=row).last_hidden_state[0, 1:-1]


def log_prob(logits, target):
    return float(logits.log_softmax(-1)[target])


def naive_losses(network, batch, objective):
    """Document by document, unit by unit, from the equations."""
    weights = objective.mask_weights
    mslm, weight_sum, tags_loss, types_loss = 0.0, 0.0, [], []
    mask_id = network.tokenizer.specials.mask
    with torch.no_grad():
        for i in range(len(batch.docs)):
            ids, kinds = batch.pieces[i].ids, batch.kinds[i]
            masked = [mask_id if k else int(x) for x, k in zip(ids, kinds, strict=True)]
            hidden = encode_alone(network, masked)
            for position, kind in enumerate(kinds):
                if kind == MaskKind.NONE:
                    continue
                weight = weights.entity if kind == MaskKind.ENTITY else weights.base
                logits = network.reconstruct(hidden[position][None])[0]
                mslm -= weight * log_prob(logits, int(ids[position]))
                weight_sum += weight
            views = {"masked": hidden, "clean": encode_alone(network, ids.tolist())}
            for view, vectors in views.items():
                if objective.detection_view in (view, "both"):
                    naive_entities(network, batch, i, vectors, tags_loss, types_loss)
    if objective.reduction == "sum":
        n = sum(len(doc.sentences) for doc in batch.docs)
        return mslm / n, np.sum(tags_loss) / n, np.sum(types_loss) / n
    return mslm / weight_sum, np.mean(tags_loss), np.mean(types_loss)


def naive_entities(network, batch, i, vectors, tags_loss, types_loss):
    doc, annotation, pieces = batch.docs[i], batch.annotations[i], batch.pieces[i]
    if not annotation.known.any():
        return
    inside = {w: (s, e) for s, e, _ in annotation.spans for w in range(s, e)}
    begun = set()
    for word in range(len(doc.words)):
        of_word = np.flatnonzero(pieces.word == word)
        if not len(of_word) or not annotation.known[word]:
            continue
        tag = 0
        if word in inside:
            tag = 2 if inside[word] in begun else 1
            begun.add(inside[word])
        logits = network.detect(vectors[of_word[0]][None])[0]
        tags_loss.append(-log_prob(logits, tag))
    rng = np.random.default_rng((*batch.key, doc.text_hash, len(doc.sentences)))
    others = sample_non_entities(annotation, pieces.has_pieces, rng)
    spans = [*annotation.spans, *((s, e, 2) for s, e in others)]
    for start, end, label in spans:
        inside_span = (pieces.word >= start) & (pieces.word < end)
        if not inside_span.any():
            continue
        mean = vectors[torch.from_numpy(inside_span)].mean(0)
        logits = network.classification(mean[None])[0]
        types_loss.append(-log_prob(logits, label))


@pytest.mark.parametrize("view", ["clean", "masked", "both"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_step_equals_losses_computed_one_document_at_a_time(
    network, batch, view, reduction
):
    objective = replace(OBJECTIVE, detection_view=view, reduction=reduction)
    parts = step(network, batch, objective)
    expected = naive_losses(network, batch, objective)
    got = [p.item() for p in (parts.mslm, parts.detection, parts.classification)]
    assert got == pytest.approx(expected, abs=1e-4, rel=1e-5)


def test_windows_and_encoder_batches_change_no_loss(network, word_doc, annotate):
    doc = word_doc(" | ".join(["fever and cough in the left chest"] * 6))
    gold = annotate(doc, *((7 * i, 7 * i + 1, 0) for i in range(6)))
    batch = make_batch(network.tokenizer, [doc], [gold], joint(), seed=0, update=0)
    values = []
    for max_batch_pieces in (16, 4096):
        objective = Objective(EQUAL, LossWeights(), 16, max_batch_pieces)
        parts = step(network, batch, objective)
        values.append([parts.mslm.item(), parts.detection.item()])
    assert values[0] == pytest.approx(values[1], abs=1e-5)


def test_two_views_in_one_pass(network, batch, monkeypatch):
    spy = Spy(network, monkeypatch)
    step(network, batch, OBJECTIVE)
    mask = network.tokenizer.specials.mask
    masked = [row for row in spy.rows if mask in row]
    clean = [row for row in spy.rows if mask not in row]

    # The masked view holds the mask id exactly at planned pieces.
    def hidden(i):
        ids, kinds = batch.pieces[i].ids, batch.kinds[i]
        return [mask if k else int(x) for x, k in zip(ids, kinds, strict=True)]

    wanted = [hidden(i) for i in range(4) if batch.kinds[i].any()]
    assert sorted(row[1:-1] for row in masked) == sorted(wanted)
    # The clean view is the text as it is, of annotated documents alone.
    annotated = [batch.pieces[i].ids.tolist() for i in (0, 1, 3)]
    assert sorted(row[1:-1] for row in clean) == sorted(annotated)
    # Logits over the vocabulary at masked positions only, all at once.
    assert spy.logits == [sum(int((k > 0).sum()) for k in batch.kinds)]


def test_rows_without_a_masked_piece_are_not_encoded(
    network, word_doc, annotate, monkeypatch
):
    doc = word_doc("no pain and no cough at | fever | the left chest was at home")
    gold = annotate(doc, (6, 7, 0))
    batch = make_batch(network.tokenizer, [doc], [gold], joint(1, 0), seed=0, update=0)
    spy = Spy(network, monkeypatch)
    objective = Objective(EQUAL, LossWeights(), 9, 4096)
    parts = step(network, batch, objective)
    mask = network.tokenizer.specials.mask
    clean_rows = 3  # one a sentence, by the size of the window
    assert len(spy.rows) == clean_rows + 1
    assert sum(mask in row for row in spy.rows) == 1
    assert spy.logits == [1] and parts.mslm.item() > 0


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_the_masked_rows_is_read_other_ones_each_time(
    network, word_doc, annotate, monkeypatch, share
):
    docs = [word_doc(f"patient {i} has fever .") for i in range(60)]
    gold = [annotate(doc, (3, 4, 0)) for doc in docs]
    objective = replace(OBJECTIVE, masked_share=share)
    seen = []
    for update in range(2):
        batch = make_batch(
            network.tokenizer, docs, gold, joint(1, 0), seed=0, update=update
        )
        with monkeypatch.context() as patch:
            spy = Spy(network, patch)
            parts = step(network, batch, objective)
        mask = network.tokenizer.specials.mask
        masked = [tuple(row) for row in spy.rows if mask in row]
        assert len(spy.rows) == 60 + len(masked)
        assert len(masked) == pytest.approx(60 * share, abs=12 * (0 < share < 1))
        assert (parts.mslm.item() > 0) == (share > 0)
        seen.append(sorted(masked))
    assert (seen[0] != seen[1]) == (0 < share < 1)


def test_documents_without_annotation_contribute_to_mslm_only(
    network, corpus, word_doc
):
    docs, gold = corpus
    build = lambda d, g: make_batch(  # noqa: E731
        network.tokenizer, d, g, joint(), seed=0, update=0
    )
    pick = [0, 1, 3]
    with_it = step(network, build(docs, gold), OBJECTIVE)
    without = step(
        network, build([docs[i] for i in pick], [gold[i] for i in pick]), OBJECTIVE
    )
    assert with_it.detection.item() == pytest.approx(without.detection.item(), abs=1e-5)
    assert with_it.classification.item() == pytest.approx(
        without.classification.item(), abs=1e-5
    )
    assert with_it.mslm.item() != pytest.approx(without.mslm.item(), abs=1e-5)

    unknown = step(network, build([docs[2]], [gold[2]]), OBJECTIVE)
    unknown.total(LossWeights()).backward()
    assert unknown.detection.item() == unknown.classification.item() == 0
    assert unknown.mslm.item() > 0
    network.zero_grad(set_to_none=True)


def test_words_with_missing_annotation_do_not_contribute(make_network, annotate):
    from spacy_mslm.nn import WordDoc

    network = make_network()
    doc = WordDoc.from_words(("fever", "and", "cough"))
    gold = annotate(doc, (0, 1, 0), missing=(1, 2))
    batch = make_batch(network.tokenizer, [doc], [gold], None, seed=0, update=0)
    loss = step(network, batch, OBJECTIVE).detection
    with torch.no_grad():
        vector = encode_alone(network, batch.pieces[0].ids.tolist())[0]
        expected = -log_prob(network.detect(vector[None])[0], 1)
    assert loss.item() == pytest.approx(expected, abs=1e-5)


def test_without_a_masked_view_only_clean_text_is_read(network, corpus, monkeypatch):
    batch = make_batch(network.tokenizer, *corpus, None, seed=0, update=0)
    spy = Spy(network, monkeypatch)
    parts = step(network, batch, OBJECTIVE)
    assert len(spy.rows) == 3 and not spy.logits and parts.mslm.item() == 0
    assert parts.detection.item() > 0


@pytest.mark.parametrize("words", [("\n", "\u200b"), ("_",)])
def test_documents_without_anything_to_learn_have_gradients_and_no_loss(
    make_network, words
):
    from spacy_mslm.nn import WordDoc

    network = make_network()
    doc = WordDoc(words, ((0, len(words)),), np.ones(len(words), dtype=bool), 0)
    gold = Annotation.missing(len(words))
    batch = make_batch(network.tokenizer, [doc], [gold], joint(), seed=0, update=0)
    total = step(network, batch, OBJECTIVE).total(LossWeights())
    total.backward()
    assert total.item() == 0
    assert all((p.grad == 0).all() for p in network.parameters() if p.grad is not None)


def test_every_part_reaches_the_encoder_and_its_own_head_alone(make_network, corpus):
    network = make_network()
    batch = make_batch(network.tokenizer, *corpus, joint(), seed=0, update=0)
    heads = {
        "mslm": "mlm",
        "detection": "detection",
        "classification": "classification",
    }
    for part, head in heads.items():
        network.zero_grad(set_to_none=True)
        getattr(step(network, batch, OBJECTIVE), part).backward()
        touched = {
            name.split(".")[0]
            for name, p in network.named_parameters()
            if p.grad is not None and p.grad.abs().sum() > 0
        }
        assert touched == {"encoder", head}


def test_weights_change_the_masked_loss_by_kind(network, batch):
    losses = []
    for entity in (0.5, 0.7):
        weights = MaskWeights(base=1 - entity, entity=entity)
        objective = Objective(weights, LossWeights(), 64, 4096)
        losses.append(step(network, batch, objective).mslm.item())
    assert losses[0] != pytest.approx(losses[1], abs=1e-6)


def test_terms_to_mask_without_annotation_take_part_in_mslm_alone(network, word_doc):
    """What adaptation does: spans say what to mask, nothing is known of entities."""
    doc = word_doc("fever and cough in the left chest")
    terms = Annotation(((0, 1, 0), (2, 3, 0)), np.zeros(7, dtype=bool))
    batch = make_batch(network.tokenizer, [doc], [terms], joint(), seed=0, update=0)
    assert (batch.kinds[0] == MaskKind.ENTITY).any()
    for view in ("clean", "masked", "both"):
        parts = step(network, batch, replace(OBJECTIVE, detection_view=view))
        assert parts.mslm > 0
        assert parts.detection == parts.classification == 0


def test_a_span_of_which_a_word_is_unknown_teaches_no_type(network, word_doc, annotate):
    doc = word_doc("fever and cough")
    partly = annotate(doc, (0, 1, 0), missing=(0,))
    without = annotate(doc, missing=(0,))
    values = []
    for gold in (partly, without):
        batch = make_batch(network.tokenizer, [doc], [gold], None, seed=0, update=0)
        # The same sampled spans in both, as no other span is annotated.
        parts = step(network, batch, OBJECTIVE)
        values.append((parts.detection.item(), parts.classification.item()))
    assert values[0][0] == pytest.approx(values[1][0])


def test_corruption_shows_shares_of_masked_pieces_as_they_are_or_at_random(network):
    tokenizer = network.tokenizer
    ids = np.arange(10, 60).repeat(40)
    kinds = np.tile(np.array([0, 1, 2, 1], dtype=np.int8), len(ids) // 4)
    rng = np.random.default_rng(0)
    shown = corrupt(ids, kinds, tokenizer, Corruption(0.6, 0.25, 0.15), rng)
    masked = kinds > 0
    assert (shown[~masked] == ids[~masked]).all()
    is_mask = shown[masked] == tokenizer.specials.mask
    as_it_is = shown[masked] == ids[masked]
    assert is_mask.mean() == pytest.approx(0.6, abs=0.04)
    assert as_it_is.mean() == pytest.approx(0.15, abs=0.04)
    at_random = shown[masked][~is_mask & ~as_it_is]
    assert len(set(at_random.tolist())) > 20
    specials = {
        tokenizer.specials.start,
        tokenizer.specials.end,
        tokenizer.specials.pad,
    }
    assert not specials & set(shown.tolist())
    again = corrupt(
        ids, kinds, tokenizer, Corruption(0.6, 0.25, 0.15), np.random.default_rng(0)
    )
    assert (again == shown).all()
    assert (ids == np.arange(10, 60).repeat(40)).all()


@pytest.mark.parametrize("shares", [(0.5, 0.2, 0.2), (1.2, -0.2, 0.0), (2, 0, 0)])
def test_corruption_must_be_shares_that_sum_to_one(shares):
    with pytest.raises(MslmError, match=r"\[M430\].*sum to 1"):
        Corruption(*shares)


def test_corruption_changes_what_is_read_not_what_is_asked(network, batch):
    kept = replace(OBJECTIVE, corruption=Corruption(mask=0.0, keep=1.0))
    parts, usual = step(network, batch, kept), step(network, batch, OBJECTIVE)
    assert parts.mslm > 0 and parts.mslm != usual.mslm
    assert torch.equal(parts.detection, usual.detection)


def test_typed_tags_need_no_classifier(make_network, batch):
    network = make_network(heads=HeadSettings(typed=True))
    assert network.classification is None
    assert network.detection.linear.out_features == 5
    parts = step(network, batch, OBJECTIVE)
    assert parts.classification == 0 and parts.detection > 0
    parts.total(OBJECTIVE.loss_weights).backward()
    assert network.detection.linear.weight.grad.abs().sum() > 0


def test_without_a_none_class_one_type_teaches_nothing(make_network, word_doc):
    """eq. 11 over one type is identically 0; with "no entity" it is not."""
    doc = word_doc("fever and cough in the left chest")
    gold = Annotation(((0, 1, 0),), np.ones(7, dtype=bool))
    for none_class, teaches in ((False, False), (True, True)):
        network = make_network(("A",), heads=HeadSettings(none_class=none_class))
        batch = make_batch(network.tokenizer, [doc], [gold], None, seed=0, update=0)
        parts = step(network, batch, OBJECTIVE)
        assert (parts.classification.item() > 1e-6) is teaches


def test_without_masks_entities_are_read_from_the_clean_view(network, corpus):
    batch = make_batch(network.tokenizer, *corpus, None, seed=3, update=5)
    clean = step(network, batch, OBJECTIVE)
    masked = step(network, batch, replace(OBJECTIVE, detection_view="masked"))
    assert torch.equal(clean.detection, masked.detection)
    assert clean.detection > 0


def test_new_labels_widen_the_head_and_change_nothing_learnt(make_network, batch):
    for heads in (HeadSettings(), HeadSettings(typed=True)):
        network = make_network(heads=heads)
        doc = batch.docs[0]
        before = _outputs(network, doc)
        network.add_labels(["C"])
        after = _outputs(network, doc)
        assert network.labels == ("A", "B", "C")
        assert after.shape[1] == before.shape[1] + (2 if heads.typed else 1)
        old = list(range(before.shape[1]))
        if not heads.typed:
            old[-1] += 1  # "no entity" stays the last
        assert torch.allclose(after[:, old], before, atol=1e-6)
        step(network, batch, OBJECTIVE)


def _outputs(network, doc):
    """(n, L): what tells the types apart, for every piece of `doc`."""
    ids = network.tokenizer([doc])[0].ids.tolist()
    with torch.no_grad():
        vectors = encode_alone(network, ids)
        return (network.classification or network.detection)(vectors)


def test_lower_layers_learn_more_slowly(network):
    groups = parameter_groups(network, heads_learn_rate=10.0, layer_decay=0.5)
    rates = {id(p): g["rate"] for g in groups for p in g["params"]}
    named = dict(network.encoder.named_parameters())
    assert rates[id(network.detection.linear.weight)] == 10.0
    assert rates[id(network.mlm.bias)] == 10.0
    for name, rate in (
        ("embeddings.word_embeddings.weight", 0.25),
        ("encoder.layer.0.attention.self.query.weight", 0.5),
        ("encoder.layer.1.output.dense.bias", 1.0),
    ):
        assert rates[id(named[name])] == rate
    assert len(rates) == len(list(network.parameters()))
    decays = {id(p): g["decays"] for g in groups for p in g["params"]}
    assert not decays[id(named["encoder.layer.1.output.dense.bias"])]
    assert decays[id(named["embeddings.word_embeddings.weight"])]
