"""The CRF against pytorch-crf on random input: loss, gradients, best paths."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.nn.crf import LinearChainCrf
from spacy_mslm.nn.messages import Chains

torchcrf = pytest.importorskip("torchcrf")

cases = {
    "n_tags": st.integers(2, 19),
    "lengths": st.lists(st.integers(1, 12), min_size=1, max_size=6),
    "seed": st.integers(0, 2**31),
}


def pair(n_tags, lengths, seed):
    """Ours and theirs with the same random scores; words flat and padded."""
    generator = torch.Generator().manual_seed(seed)
    theirs = torchcrf.CRF(n_tags, batch_first=True).double()
    ours = LinearChainCrf(n_tags, valid=False).double()
    names = {
        "start": "start_transitions",
        "transitions": "transitions",
        "end": "end_transitions",
    }
    for mine, other in names.items():
        values = torch.randn(getattr(ours, mine).shape, generator=generator).double()
        getattr(ours, mine).data.copy_(values)
        getattr(theirs, other).data.copy_(values)
    shape = sum(lengths), n_tags
    logits = (3 * torch.randn(shape, generator=generator)).double().requires_grad_()
    tags = torch.randint(n_tags, shape[:1], generator=generator)
    chains = Chains.of(lengths, torch.device("cpu"))
    return ours, theirs, names, logits, tags, chains


@given(**cases)
@settings(max_examples=60)
def test_loss_and_gradients_are_those_of_pytorch_crf(n_tags, lengths, seed):
    ours, theirs, names, logits, tags, chains = pair(n_tags, lengths, seed)
    weights = torch.rand(len(lengths), generator=torch.Generator().manual_seed(seed))
    found = ours.neg_log_likelihood(logits, tags, chains)
    (found * weights).sum().backward()
    gradient, logits.grad = logits.grad, None
    wanted = -theirs(
        logits[chains.place], tags[chains.place], mask=chains.there, reduction="none"
    )
    (wanted * weights).sum().backward()
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(gradient, logits.grad)
    for mine, other in names.items():
        a, b = getattr(ours, mine).grad, getattr(theirs, other).grad
        # Theirs has none where every chain is one word.
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b)


@given(**cases)
@settings(max_examples=60)
def test_best_paths_are_those_of_pytorch_crf(n_tags, lengths, seed):
    ours, theirs, _, logits, _, chains = pair(n_tags, lengths, seed)
    wanted = theirs.decode(logits[chains.place], mask=chains.there)
    found = ours.decode(logits, chains)
    assert found.tolist() == [tag for path in wanted for tag in path]


def test_in_float32_the_loss_is_that_in_double():
    ours, _, _, logits, tags, chains = pair(19, [60, 3, 41], 0)
    wanted = ours.neg_log_likelihood(logits, tags, chains)
    found = ours.float().neg_log_likelihood(logits.float(), tags, chains)
    torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-4)
