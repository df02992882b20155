"""The CRF against enumeration of all paths, and its gradients against differences."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.nn.bio import MISSING, decode, n_tags, spans_of
from spacy_mslm.nn.crf import LinearChainCrf
from spacy_mslm.nn.messages import Chains


def make(n_types, lengths, seed, *, valid=True, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    crf = LinearChainCrf(n_tags(n_types), valid=valid).double()
    with torch.no_grad():
        for values in (crf.start, crf.transitions, crf.end):
            values.copy_(torch.randn(values.shape, generator=generator).double())
    shape = sum(lengths), crf.n_tags
    logits = scale * torch.randn(shape, generator=generator).double()
    return crf, logits, Chains.of(lengths, torch.device("cpu"))


def is_legal(crf, path):
    if not crf.valid:
        return True
    before = (0, *path[:-1])
    return all(
        tag == 0 or tag % 2 or was in (tag, tag - 1)
        for was, tag in zip(before, path, strict=True)
    )


def paths(crf, logits):
    """Every legal path of one chain with its score."""
    made = {}
    start, end = crf.start.tolist(), crf.end.tolist()
    steps, scores = crf.transitions.tolist(), logits.tolist()
    for path in itertools.product(range(crf.n_tags), repeat=len(logits)):
        if is_legal(crf, path):
            total = start[path[0]] + end[path[-1]]
            total += sum(scores[t][tag] for t, tag in enumerate(path))
            made[path] = total + sum(steps[a][b] for a, b in itertools.pairwise(path))
    return made


def log_sum(values):
    values = list(values)
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


def share_of_span(share, length, start, end, kind):
    b, i = 1 + 2 * kind, 2 + 2 * kind
    return sum(
        p
        for path, p in share.items()
        if path[start] == b
        and all(tag == i for tag in path[start + 1 : end])
        and (end == length or path[end] != i)
    )


cases = {
    "n_types": st.integers(1, 2),
    "lengths": st.lists(st.integers(1, 4), min_size=1, max_size=3),
    "seed": st.integers(0, 2**31),
    "valid": st.booleans(),
}


@given(**cases, data=st.data())
@settings(max_examples=60)
def test_likelihood_is_that_of_all_paths(n_types, lengths, seed, valid, data):
    crf, logits, chains = make(n_types, lengths, seed, valid=valid)
    tags, wanted, first = [], [], 0
    for length in lengths:
        scores = paths(crf, logits[first : first + length])
        path = data.draw(st.sampled_from(sorted(scores)))
        hidden = data.draw(st.lists(st.booleans(), min_size=length, max_size=length))
        known = [MISSING if h else t for t, h in zip(path, hidden, strict=True)]
        agree = [
            score
            for other, score in scores.items()
            if all(k in (MISSING, o) for k, o in zip(known, other, strict=True))
        ]
        wanted.append(log_sum(scores.values()) - log_sum(agree))
        tags += known
        first += length
    found = crf.neg_log_likelihood(logits, torch.tensor(tags), chains)
    assert found.tolist() == pytest.approx(wanted, abs=1e-9)


@given(**cases)
@settings(max_examples=60)
def test_decoding_finds_the_best_path(n_types, lengths, seed, valid):
    crf, logits, chains = make(n_types, lengths, seed, valid=valid)
    found = crf.decode(logits, chains).split(lengths)
    for tags, scores in zip(found, logits.split(lengths), strict=True):
        every = paths(crf, scores)
        assert tuple(tags.tolist()) == max(every, key=lambda path: every[path])


@given(**cases)
@settings(max_examples=40)
def test_marginals_and_spans_are_sums_over_paths(n_types, lengths, seed, valid):
    crf, logits, chains = make(n_types, lengths, seed, valid=valid)
    messages = crf.messages(logits, chains)
    first = 0
    for chain, length in enumerate(lengths):
        every = paths(crf, logits[first : first + length])
        total = log_sum(every.values())
        share = {path: math.exp(score - total) for path, score in every.items()}
        for t, tag in itertools.product(range(length), range(crf.n_tags)):
            wanted = sum(p for path, p in share.items() if path[t] == tag)
            assert float(messages.tags()[chain, t, tag]) == pytest.approx(wanted)
        spans = [
            (chain, start, end, kind)
            for start, end in itertools.combinations(range(length + 1), 2)
            for kind in range(n_types)
        ]
        wanted = [share_of_span(share, length, *span[1:]) for span in spans]
        found = messages.spans(torch.tensor(spans))
        assert found.tolist() == pytest.approx(wanted, abs=1e-9)
        first += length


def test_gradients():
    crf, logits, chains = make(2, [3, 1, 4], 0)
    tags = torch.tensor([1, 2, MISSING, 0, 3, MISSING, MISSING, 1])

    def loss(logits, start, transitions, end):
        named = {"start": start, "transitions": transitions, "end": end}
        call = torch.func.functional_call
        return call(_Loss(crf), {f"crf.{k}": v for k, v in named.items()}, logits)

    class _Loss(torch.nn.Module):
        def __init__(self, crf):
            super().__init__()
            self.crf = crf

        def forward(self, logits):
            return self.crf.neg_log_likelihood(logits, tags, chains)

    inputs = (logits, crf.start, crf.transitions, crf.end)
    inputs = tuple(x.detach().clone().requires_grad_() for x in inputs)
    assert torch.autograd.gradcheck(loss, inputs)


@given(**cases)
@settings(max_examples=30)
def test_without_what_is_learnt_it_decodes_as_independent_words(
    n_types, lengths, seed, valid
):
    crf, logits, chains = make(n_types, lengths, seed)
    crf = LinearChainCrf(crf.n_tags).double()
    found = crf.decode(logits, chains).split(lengths)
    for tags, scores in zip(found, logits.split(lengths), strict=True):
        log_probs = scores.log_softmax(-1).numpy()
        assert spans_of(tags.numpy()) == decode(log_probs)


def test_large_scores_and_long_chains_stay_finite():
    crf, logits, chains = make(1, [2000, 3], 1, scale=200.0)
    crf, logits = crf.float(), logits.float().requires_grad_()
    for tags in (crf.decode(logits, chains), torch.zeros(2003, dtype=torch.long)):
        loss = crf.neg_log_likelihood(logits, tags, chains)
        loss.sum().backward()
        assert torch.isfinite(loss).all() and (loss >= -0.1).all()
        for values in (logits, crf.transitions, crf.start, crf.end):
            assert torch.isfinite(values.grad).all()


def test_no_chains_and_unknown_words_cost_nothing():
    crf, logits, chains = make(1, [3], 2)
    unknown = torch.full((3,), MISSING)
    assert crf.neg_log_likelihood(logits, unknown, chains).tolist() == pytest.approx(
        [0]
    )
    empty = Chains.of([], torch.device("cpu"))
    nothing = crf.neg_log_likelihood(logits[:0], unknown[:0], empty)
    assert nothing.shape == (0,)
    assert crf.decode(logits[:0], empty).shape == (0,)


def test_wider_it_keeps_what_it_learnt():
    crf, logits, chains = make(1, [4, 2], 3)
    wider = crf.widened(2)
    none = torch.full((len(logits), 2), -1e9).double()
    found = wider.decode(torch.cat((logits, none), 1), chains)
    assert found.tolist() == crf.decode(logits, chains).tolist()
