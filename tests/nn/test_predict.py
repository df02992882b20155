"""Prediction: clean text in, valid spans out, the same however it is batched."""

import dataclasses
import inspect
import itertools

import numpy as np
import pytest
import torch

from spacy_mslm.nn import HeadSettings, ScoredSpan, WordDoc, predict, sections
from spacy_mslm.nn import predict as predict_function
from spacy_mslm.nn.predict import CACHED_PIECES


def read(network, docs, max_pieces=64, max_batch_pieces=4096):
    return predict(
        network, docs, max_pieces=max_pieces, max_batch_pieces=max_batch_pieces
    )


@pytest.fixture(scope="module")
def docs(word_doc):
    texts = [
        "fever and cough | no pain .",
        "",
        "aspirin",
        "NL ZW",
        "chest NL pain in the xyz | the left chest",
        "seen by _ for acute cough _ NL",
    ]
    return [
        word_doc(t, placeholders=[i for i, w in enumerate(t.split(" ")) if w == "_"])
        for t in texts
    ]


def rounded(spans):
    return [(s.start, s.end, s.label, round(s.score, 4)) for s in spans]


def test_spans_are_in_order_disjoint_and_never_touch_a_placeholder(make_network, docs):
    found = 0
    for seed in range(8):
        network = make_network(seed=seed)
        for doc, spans in zip(docs, read(network, docs), strict=True):
            end = 0
            for span in spans:
                assert end <= span.start < span.end <= len(doc.words)
                assert not doc.placeholders[span.start : span.end].any()
                assert span.label in (0, 1) and 0 <= span.score <= 1
                # Words without pieces are inside spans, never at their edges.
                for edge in (span.start, span.end - 1):
                    assert doc.words[edge].strip(" \n\u200b")
                end = span.end
                found += 1
    assert found > 20


def test_scores_are_p_span_times_p_type_by_hand(make_network, word_doc):
    """One word: P(B) x P(type), from the heads' own outputs."""
    network = make_network().eval()
    doc = word_doc("aspirin")
    with torch.no_grad():
        for head in (network.detection, network.classification):
            head.linear.weight.mul_(0.1)
        network.detection.linear.bias.copy_(torch.tensor([0.0, 2.0, 0.0]))
        network.classification.linear.bias.copy_(torch.tensor([2.0, 0.0, 0.0]))
        specials = network.tokenizer.specials
        (pieces,) = network.tokenizer([doc])
        ids = torch.tensor([[specials.start, *pieces.ids.tolist(), specials.end]])
        vector = network.encoder(input_ids=ids).last_hidden_state[0, 1]
        p_begin = network.detection(vector[None])[0].softmax(-1)[1]
        p_type = network.classification(vector[None])[0].softmax(-1)[0]
    ((span,),) = read(network, [doc])
    assert (span.start, span.end, span.label) == (0, 1, 0)
    assert 0.3 < p_begin < 0.99 and 0.3 < p_type < 0.99
    assert span.score == pytest.approx(float(p_begin * p_type), abs=1e-5)


def test_a_span_that_the_classifier_takes_for_none_is_left_out(make_network, word_doc):
    network = make_network()
    with torch.no_grad():
        network.detection.linear.bias.copy_(torch.tensor([0.0, 50.0, 0.0]))
    doc = word_doc("fever and cough")
    network.classification.linear.bias.data = torch.tensor([50.0, 0.0, 0.0])
    assert [(s.start, s.end, s.label) for s in read(network, [doc])[0]] == [
        (0, 1, 0),
        (1, 2, 0),
        (2, 3, 0),
    ]
    network.classification.linear.bias.data = torch.tensor([0.0, 0.0, 50.0])
    assert read(network, [doc]) == [[]]


def test_alone_together_and_in_any_group_the_same(network, docs, monkeypatch):
    together = [rounded(spans) for spans in read(network, docs)]
    assert any(together)
    alone = [rounded(read(network, [doc])[0]) for doc in docs]
    small = [rounded(s) for s in read(network, docs, max_batch_pieces=1)]
    longest = max(len(p.ids) for p in network.tokenizer(docs))
    monkeypatch.setattr(sections, "GROUP_PIECES", longest)
    grouped = [rounded(s) for s in read(network, docs)]
    backward = [rounded(s) for s in read(network, docs[::-1])][::-1]
    for other in (alone, small, grouped, backward):
        for got, expected in zip(other, together, strict=True):
            assert [g[:3] for g in got] == [e[:3] for e in expected]
            assert [g[3] for g in got] == pytest.approx(
                [e[3] for e in expected], abs=2e-4
            )


def test_nothing_to_predict(network):
    assert read(network, []) == []
    assert read(network, [WordDoc.from_words(())]) == [[]]


def test_20000_words_are_read_whole_in_a_fair_number_of_passes(network, monkeypatch):
    words = ("the", "patient", "has", "no", "fever", ".") * 3334
    edges = range(0, len(words), 6)
    doc = WordDoc(
        words, tuple((i, i + 6) for i in edges), np.zeros(len(words), dtype=bool), 0
    )
    calls = []
    encoder = type(network.encoder)
    forward = encoder.forward

    def counted(self, input_ids, attention_mask, **kwargs):
        calls.append(int(attention_mask.sum()))
        return forward(self, input_ids, attention_mask, **kwargs)

    monkeypatch.setattr(encoder, "forward", counted)
    (spans,) = read(network, [doc], max_pieces=256, max_batch_pieces=4096)
    n_windows = -(-len(words) // 252)  # 42 whole sentences of 6 words a window
    assert sum(calls) == len(words) + 2 * n_windows
    assert len(calls) <= -(-sum(calls) // (CACHED_PIECES - 256)) + 1
    assert max(calls) <= CACHED_PIECES
    assert spans and spans[-1].end > len(words) - 300


def test_a_document_has_no_field_for_annotation():
    """No path from gold to the encoder: prediction takes these fields and no more."""
    fields = {f.name for f in dataclasses.fields(WordDoc)}
    assert fields == {"words", "sentences", "placeholders", "text_hash"}
    parameters = inspect.signature(predict).parameters
    settings = {"max_pieces", "max_batch_pieces", "outside_bias", "vectors"}
    assert set(parameters) == {"network", "docs", *settings}
    source = inspect.getsource(inspect.getmodule(predict_function))
    assert "Annotation" not in source and "step" not in source
    assert {f.name for f in dataclasses.fields(ScoredSpan)} == {
        "start",
        "end",
        "label",
        "score",
    }


def test_the_hash_and_the_key_of_masks_change_no_prediction(network, word_doc):
    doc = word_doc("fever and cough | no pain .")
    other = dataclasses.replace(doc, text_hash=99)
    assert read(network, [doc]) == read(network, [other])


def test_prediction_leaves_no_dropout_on(make_network, docs):
    network = make_network()
    network.dropout.p = 0.9
    network.train()
    assert read(network, docs) == read(network, docs)


def test_outside_bias_trades_spans_for_none_and_leaves_scores(network, docs):
    usual = read(network, docs)
    counts = []
    for bias in (-50.0, 0.0, 50.0):
        found = predict_function(
            network, docs, max_pieces=64, max_batch_pieces=4096, outside_bias=bias
        )
        counts.append(sum(map(len, found)))
        if bias == 0.0:
            assert found == usual
    assert counts[0] > 0 and counts[2] == 0
    # Small biases: spans that are found in both have the same score.
    fewer = predict_function(
        network, docs, max_pieces=64, max_batch_pieces=4096, outside_bias=0.3
    )
    before = {(i, s.start, s.end): s.score for i, d in enumerate(usual) for s in d}
    shared = [
        (s.score, before[i, s.start, s.end])
        for i, d in enumerate(fewer)
        for s in d
        if (i, s.start, s.end) in before
    ]
    assert shared and all(a == pytest.approx(b, abs=1e-6) for a, b in shared)


def test_typed_tags_give_types_without_a_classifier(make_network, docs, word_doc):
    network = make_network(heads=HeadSettings(typed=True)).eval()
    found = read(network, docs)
    labels = {s.label for spans in found for s in spans}
    assert labels == {0, 1}
    for spans in found:
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
        assert all(0 <= s.score <= 1 for s in spans)
    doc = word_doc("aspirin")
    with torch.no_grad():
        network.detection.linear.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 50.0, 0.0]))
    ((span,),) = read(network, [doc])
    assert (span.start, span.end, span.label) == (0, 1, 1)
    assert span.score == pytest.approx(1.0)
