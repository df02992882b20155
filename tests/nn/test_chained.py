"""Sentences as chains, and the spans that come out of them."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn import HeadSettings, WordDoc, chained, predict
from spacy_mslm.nn.bio import decode, n_tags, span_probability
from spacy_mslm.nn.chained import chain_lengths, chained_spans, detected
from spacy_mslm.nn.crf import LinearChainCrf
from spacy_mslm.nn.messages import Chains

CRF = HeadSettings(decoder="crf")


def make_doc(*sizes, closed=()):
    words = tuple(f"w{i}" for i in range(sum(sizes)))
    ends = np.cumsum(sizes).tolist()
    sentences = tuple(zip([0, *ends[:-1]], ends, strict=True))
    placeholders = np.zeros(len(words), dtype=bool)
    placeholders[list(closed)] = True
    return WordDoc(words, sentences, placeholders, 0)


@pytest.mark.parametrize(
    ("words", "spans", "wanted"),
    [
        (range(9), [], [3, 2, 4]),
        (range(9), [(2, 4, 0)], [5, 4]),
        (range(9), [(0, 3, 0), (3, 5, 0)], [3, 2, 4]),
        (range(9), [(2, 6, 0)], [9]),
        ([0, 5, 6], [], [1, 2]),
        ([], [], []),
    ],
)
def test_sentences_are_chains_unless_a_span_runs_over_their_end(words, spans, wanted):
    words = np.array(list(words), dtype=np.int64)
    assert chain_lengths(make_doc(3, 2, 4), words, spans) == wanted


lengths = st.lists(st.integers(1, 5), min_size=1, max_size=6)


@given(lengths, st.integers(0, 2**31), st.floats(-3, 3))
def test_with_free_transitions_it_is_the_softmax_decoder(sizes, seed, bias):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(sum(sizes), 5, generator=generator).double()
    crf = LinearChainCrf(5).double()
    wanted, first = [], 0
    for scores in logits.split(sizes):
        biased = scores.log_softmax(-1).numpy()
        biased[:, 0] += bias
        wanted += [(first + s, first + e, kind) for s, e, kind in decode(biased)]
        first += len(scores)
    found = chained_spans(crf, logits, sizes, bias)
    assert [span[:3] for span in found] == wanted
    assert all(0 <= p <= 1 + 1e-9 for *_, p in found)


@given(lengths, st.integers(0, 2**31))
def test_with_free_transitions_spans_are_as_probable_as_of_words_alone(sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(sum(sizes), 5, generator=generator).double()
    chains = Chains.of(sizes, torch.device("cpu"))
    messages = LinearChainCrf(5, valid=False).double().messages(logits, chains)
    spans = [
        (i, start, end, kind)
        for i, size in enumerate(sizes)
        for start, end in combinations(range(size + 1), 2)
        for kind in (0, 1)
    ]
    log_probs = [s.log_softmax(-1).numpy() for s in logits.split(sizes)]
    wanted = [span_probability(log_probs[i], span) for i, *span in spans]
    assert messages.spans(torch.tensor(spans)).tolist() == pytest.approx(wanted)


@given(lengths, st.integers(0, 2**31))
def test_what_is_decoded_together_changes_nothing(sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(sum(sizes), 3, generator=generator).double()
    crf = LinearChainCrf(3).double()
    torch.nn.init.normal_(crf.transitions, generator=generator)
    whole = chained_spans(crf, logits, sizes, 0.0)
    before, chained.AT_ONCE = chained.AT_ONCE, 1
    try:
        alone = chained_spans(crf, logits, sizes, 0.0)
    finally:
        chained.AT_ONCE = before
    assert [span[:3] for span in whole] == [span[:3] for span in alone]
    assert [p for *_, p in whole] == pytest.approx([p for *_, p in alone])


def test_no_span_holds_a_placeholder_and_words_without_pieces_belong_to_it():
    doc = make_doc(6, closed=[4])
    words = np.array([0, 2, 3, 4, 5])
    logits = torch.full((5, 3), -9.0)
    # B at word 0, I at words 2 to 5, of which 4 is a placeholder.
    logits[0, 1] = logits[1, 2] = logits[2, 2] = logits[3, 2] = logits[4, 2] = 9.0
    [spans] = detected(LinearChainCrf(3), logits, [(doc, words)], 0.0)
    assert (spans[0].start, spans[0].end) == (0, 4)
    assert all(not span.start <= 4 < span.end for span in spans)


def test_a_network_with_a_crf_predicts_whatever_it_is_read_with(make_network, word_doc):
    network = make_network(("A",), heads=CRF)
    torch.nn.init.normal_(network.crf.transitions)
    docs = [word_doc("acute chest pain ."), word_doc("no cough"), word_doc("")]
    settings = {"max_pieces": 64, "max_batch_pieces": 512}
    together = predict(network, docs, **settings)
    alone = [predict(network, [doc], **settings)[0] for doc in docs]
    for a, b in zip(together, alone, strict=True):
        assert [(s.start, s.end, s.label) for s in a] == [
            (s.start, s.end, s.label) for s in b
        ]
        assert [s.score for s in a] == pytest.approx([s.score for s in b], abs=1e-5)
    many = predict(network, docs, outside_bias=-50.0, **settings)
    none = predict(network, docs, outside_bias=50.0, **settings)
    assert sum(map(len, many)) >= sum(map(len, together)) >= sum(map(len, none)) == 0


def test_more_labels_keep_the_chains_that_were_learnt(make_network):
    network = make_network(("A",), heads=HeadSettings(decoder="crf", typed=True))
    torch.nn.init.normal_(network.crf.transitions)
    before = network.crf.transitions.detach().clone()
    network.add_labels(["B"])
    assert network.crf.n_tags == n_tags(2)
    assert torch.equal(network.crf.transitions[:3, :3], before)
