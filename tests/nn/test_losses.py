"""Equations 6-12 of Abaho et al. 2024 against slow loops written from the paper."""

import math

import pytest
import torch

from spacy_mslm.nn.bio import MISSING
from spacy_mslm.nn.heads import TagHead, pool_spans
from spacy_mslm.nn.loss import (
    LossParts,
    LossWeights,
    classification_loss,
    detection_loss,
    mslm_loss,
)


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def log_softmax_at(row, index):
    """log(exp(x_i) / sum exp(x_j)), in plain Python."""
    values = row.tolist()
    return values[index] - math.log(sum(math.exp(v) for v in values))


def paper_mslm(logits, targets, weights):
    """eq. 6: - sum_i w_i log P(x_i | s), weights rescaled to mean 1, then a mean."""
    mean = sum(weights.tolist()) / len(weights)
    total = 0.0
    for row, target, weight in zip(logits, targets.tolist(), weights, strict=True):
        total -= float(weight) / mean * log_softmax_at(row, target)
    return total / len(targets)


def paper_cross_entropy(logits, targets):
    """eq. 8 and 11 over the units whose target is known."""
    known = [(r, t) for r, t in zip(logits, targets.tolist(), strict=True) if t >= 0]
    return -sum(log_softmax_at(r, t) for r, t in known) / len(known)


@pytest.mark.parametrize("seed", range(3))
def test_mslm_loss_is_equation_6(seed):
    logits = random(7, 11, seed=seed)
    targets = torch.tensor([0, 10, 3, 3, 5, 9, 1])
    weights = torch.tensor([0.55, 0.45, 0.45, 0.55, 0.55, 0.45, 0.55])
    got = mslm_loss(logits, targets, weights.double())
    assert float(got) == pytest.approx(paper_mslm(logits, targets, weights), rel=1e-6)


def test_mslm_loss_by_hand():
    logits = torch.log(torch.tensor([[0.25, 0.75], [0.5, 0.5]], dtype=torch.float64))
    loss = mslm_loss(logits, torch.tensor([1, 0]), torch.tensor([3.0, 1.0]).double())
    expected = (3 * math.log(4 / 3) + 1 * math.log(2)) / 4
    assert float(loss) == pytest.approx(expected)


def test_scale_of_the_weights_changes_nothing_and_their_ratio_does():
    logits, targets = random(4, 5), torch.tensor([0, 1, 2, 3])
    weights = torch.tensor([0.6, 0.4, 0.6, 0.4], dtype=torch.float64)
    loss = mslm_loss(logits, targets, weights)
    assert torch.allclose(loss, mslm_loss(logits, targets, 10 * weights))
    equal = torch.full((4,), 0.5, dtype=torch.float64)
    assert torch.allclose(
        mslm_loss(logits, targets, equal),
        torch.nn.functional.cross_entropy(logits, targets),
    )
    assert not torch.allclose(loss, mslm_loss(logits, targets, equal))


def test_no_gradient_reaches_the_weights():
    logits = random(2, 3).requires_grad_()
    weights = torch.ones(2, dtype=torch.float64, requires_grad=True)
    mslm_loss(logits, torch.tensor([0, 1]), weights).backward()
    assert logits.grad is not None and weights.grad is None


@pytest.mark.parametrize("loss", [detection_loss, classification_loss])
def test_cross_entropies_are_equations_8_and_11(loss):
    logits = random(6, 3)
    targets = torch.tensor([0, MISSING, 2, 1, MISSING, 0])
    expected = paper_cross_entropy(logits, targets)
    assert float(loss(logits, targets)) == pytest.approx(expected)


@pytest.mark.parametrize("loss", [detection_loss, classification_loss])
def test_missing_units_have_no_gradient(loss):
    logits = random(3, 3).requires_grad_()
    loss(logits, torch.tensor([1, MISSING, 0])).backward()
    assert (logits.grad[1] == 0).all() and (logits.grad[[0, 2]] != 0).all()


def test_losses_of_nothing_are_zero_and_can_be_differentiated():
    for loss in (
        lambda x: mslm_loss(x, torch.zeros(0).long(), torch.zeros(0)),
        lambda x: detection_loss(x, torch.zeros(0).long()),
        lambda x: classification_loss(x, torch.zeros(0).long()),
    ):
        logits = torch.zeros(0, 3, requires_grad=True)
        value = loss(logits)
        value.backward()
        assert float(value.detach()) == 0
    logits = random(2, 3).requires_grad_()
    value = detection_loss(logits, torch.tensor([MISSING, MISSING]))
    value.backward()
    assert float(value.detach()) == 0 and (logits.grad == 0).all()


def test_gradcheck():
    targets = torch.tensor([0, 3, 1, 2])
    weights = torch.tensor([0.55, 0.45, 0.55, 0.45], dtype=torch.float64)
    logits = random(4, 4).requires_grad_()
    check = torch.autograd.gradcheck
    assert check(lambda x: mslm_loss(x, targets, weights), (logits,))
    tags = torch.tensor([0, MISSING, 2, 1])
    assert check(lambda x: detection_loss(x, tags), (logits,))
    assert check(lambda x: classification_loss(x, tags), (logits,))
    vectors = random(5, 3).requires_grad_()
    starts, ends = torch.tensor([0, 2, 2]), torch.tensor([2, 5, 3])
    assert check(lambda x: pool_spans(x, starts, ends), (vectors,))


def test_total_is_equation_12_with_its_coefficients():
    parts = LossParts(*(torch.tensor(v) for v in (2.0, 3.0, 5.0)))
    assert float(parts.total(LossWeights())) == 10
    assert float(parts.total(LossWeights(0.5, 2.0, 0.1))) == pytest.approx(7.5)


def test_pooling_is_equation_9_also_for_overlapping_and_empty_spans():
    vectors = random(8, 4)
    starts = [0, 3, 7, 2, 5, 0]
    ends = [1, 6, 8, 8, 5, 8]
    pooled = pool_spans(vectors, torch.tensor(starts), torch.tensor(ends))
    for row, start, end in zip(pooled, starts, ends, strict=True):
        total = torch.zeros(4, dtype=torch.float64)
        for i in range(start, end):
            total += vectors[i] / (end - start)
        assert torch.allclose(row, total)
    assert pool_spans(vectors, *torch.zeros(2, 0).long()).shape == (0, 4)


def test_the_papers_trainable_vector_is_the_heads_bias():
    """eq. 7 and 10: W [h; v] + b over a constant v is W_h h + b', one affine map."""
    literal = TagHead(4, 3, n_vector=2).double()
    w_h, w_v = literal.linear.weight.detach().split([4, 2], dim=1)
    plain = TagHead(4, 3).double()
    h = random(5, 4, seed=3)
    with torch.no_grad():
        literal.linear.bias.normal_()
        plain.linear.weight.copy_(w_h)
        plain.linear.bias.copy_(literal.linear.bias + w_v @ literal.vector)
        assert torch.allclose(literal(h), plain(h))
        # The formula as it is printed, with nothing of ours in it.
        v, b = literal.vector, literal.linear.bias
        paper = torch.stack([literal.linear.weight @ torch.cat([x, v]) + b for x in h])
        assert torch.allclose(literal(h), paper)


def test_the_trainable_vector_is_trained():
    literal = TagHead(4, 3, n_vector=2).double()
    literal(random(5, 4)).square().sum().backward()
    assert literal.vector.grad.abs().min() > 0


def test_a_widened_head_keeps_what_it_learnt():
    head = TagHead(4, 3, n_vector=2)
    wide = head.widened(2, at=2)
    h = random(5, 4).float()
    assert wide(h).shape == (5, 5)
    assert torch.allclose(wide(h)[:, [0, 1, 4]], head(h), atol=1e-6)


def test_as_written_the_losses_are_sums_with_raw_weights():
    logits, targets = random(3, 5), torch.tensor([0, 4, 2])
    weights = torch.tensor([0.55, 0.45, 0.45], dtype=torch.float64)
    errors = torch.tensor(
        [-logits[i].log_softmax(0)[t] for i, t in enumerate(targets)]
    ).double()
    got = mslm_loss(logits, targets, weights, divisor=2.0)
    assert got == pytest.approx(float((weights * errors).sum() / 2), rel=1e-5)
    tags = torch.tensor([0, -100, 2])
    got = detection_loss(logits, tags, divisor=2.0)
    wanted = -(logits[0].log_softmax(0)[0] + logits[2].log_softmax(0)[2]) / 2
    assert got == pytest.approx(float(wanted))
    got = classification_loss(logits, targets, divisor=3.0)
    assert got == pytest.approx(float(errors.sum() / 3), rel=1e-5)
