"""One optimizer step for all parameters: rates, decay, clipping."""

import pytest
import torch
from thinc.api import Adam

from spacy_mslm.pipeline.shim import MslmShim, shim_of


@pytest.fixture
def shim(nlp_tiny):
    return shim_of(nlp_tiny.get_pipe("ner").model)


def set_gradients(shim, value):
    for parameter in shim.network.parameters():
        parameter.grad = torch.full_like(parameter, value)


def changes(shim, optimizer, gradient=1.0):
    """Largest change of each parameter in one step."""
    before = {n: p.detach().clone() for n, p in shim.network.named_parameters()}
    set_gradients(shim, gradient)
    shim.finish_update(optimizer)
    after = shim.network.named_parameters()
    return {n: float((p.detach() - before[n]).abs().max()) for n, p in after}


def head(name):
    return not name.startswith("encoder.")


def plain(rate, **values):
    return Adam(rate, **{"L2": 0.0, "grad_clip": 0.0, **values})


def test_heads_learn_at_their_multiple_and_every_parameter_learns(shim):
    shim.heads_learn_rate = 5.0
    moved = changes(shim, plain(0.001))
    # Adam's first step is the rate itself, whatever the gradient.
    assert all(
        v == pytest.approx(0.005 if head(n) else 0.001, rel=1e-2)
        for n, v in moved.items()
    )


def test_one_adamw_holds_every_parameter_once(shim):
    changes(shim, plain(0.001))
    held = [p for g in shim._optimizer.param_groups for p in g["params"]]
    assert isinstance(shim._optimizer, torch.optim.AdamW)
    assert {id(p) for p in held} == {id(p) for p in shim.network.parameters()}
    assert len(held) == len({id(p) for p in held})


def test_biases_and_norms_do_not_decay(shim):
    optimizer = plain(0.1, L2=0.1, L2_is_weight_decay=True)
    shim.heads_learn_rate = 1.0
    network = shim.network
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
    moved = changes(shim, optimizer, gradient=0.0)
    for name, parameter in network.named_parameters():
        decays = parameter.ndim > 1
        assert moved[name] == pytest.approx(0.01 if decays else 0.0, abs=1e-6), name
        assert decays == (not name.endswith("bias") and "norm" not in name.lower())


def test_gradients_are_clipped_by_their_norm_together(shim, monkeypatch):
    seen = {}
    step = torch.optim.AdamW.step

    def watch(self, *args, **kwargs):
        parts = [p.grad.norm() ** 2 for g in self.param_groups for p in g["params"]]
        seen["norm"] = float(torch.stack(parts).sum().sqrt())
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", watch)
    changes(shim, plain(0.001, grad_clip=0.5), gradient=3.0)
    assert seen["norm"] == pytest.approx(0.5, rel=1e-3)
    changes(shim, plain(0.001, grad_clip=0.0), gradient=3.0)
    assert seen["norm"] > 100


def test_schedules_of_the_optimizer_reach_torch(shim):
    optimizer = plain(iter([0.001, 0.002, 0.003, 0.004]))
    rates = []
    for _ in range(3):
        changes(shim, optimizer)
        rates.append(shim._optimizer.param_groups[0]["lr"])
        optimizer.step_schedules()
    assert rates == pytest.approx(sorted(rates)) and len(set(rates)) == 3


def test_settings_of_the_optimizer_reach_torch(shim):
    optimizer = plain(0.001, beta1=0.8, beta2=0.9, eps=1e-5, L2=0.03)
    changes(shim, optimizer)
    (*_, group) = (g for g in shim._optimizer.param_groups if g["decays"])
    assert group["betas"] == (0.8, 0.9) and group["eps"] == 1e-5
    assert group["weight_decay"] == 0.03


def test_no_gradient_no_step_and_gradients_are_gone_after_one(shim):
    before = {n: p.detach().clone() for n, p in shim.network.named_parameters()}
    shim.finish_update(plain(0.1))
    assert all(torch.equal(p, before[n]) for n, p in shim.network.named_parameters())
    changes(shim, plain(0.1))
    assert all(p.grad is None for p in shim.network.parameters())


def test_gradients_add_up_over_updates_until_a_step(nlp_tiny, gold_corpus):
    ner = nlp_tiny.get_pipe("ner")
    weight = ner.network.detection.linear.weight
    examples = gold_corpus(nlp_tiny)
    nlp_tiny.update(examples, sgd=False)
    first, value = weight.grad.clone(), weight.detach().clone()
    nlp_tiny.update(examples, sgd=False)
    assert not torch.equal(weight.grad, first) and torch.equal(weight, value)
    ner.finish_update(plain(0.001))
    assert weight.grad is None and not torch.equal(weight, value)


def test_another_network_has_another_optimizer(shim):
    changes(shim, plain(0.001))
    network = shim.network
    shim.network = network
    assert shim._optimizer is None


def test_shim_without_a_network_goes_anywhere():
    shim = MslmShim(heads_learn_rate=1.0, layer_decay=1.0)
    shim.to_device("cpu", 0)
    assert shim.network is None


def test_devices(shim):
    shim.to_device("cpu", 0)
    assert shim.network.device.type == "cpu"


def test_lower_layers_move_less(shim):
    shim.layer_decay, shim.heads_learn_rate = 0.5, 1.0
    moved = changes(shim, plain(0.001))
    assert moved["encoder.encoder.layer.1.output.dense.weight"] == pytest.approx(
        0.001, rel=1e-2
    )
    assert moved["encoder.encoder.layer.0.output.dense.weight"] == pytest.approx(
        0.0005, rel=1e-2
    )
    assert moved["encoder.embeddings.word_embeddings.weight"] == pytest.approx(
        0.00025, rel=1e-2
    )


def test_accumulated_gradients_are_averaged(nlp_tiny, gold_corpus):
    """Three batches with one step: the mean of their gradients, whatever the clip."""
    ner = nlp_tiny.get_pipe("ner")
    network, seen = ner.network, {}

    def remember(*_):
        seen.update(
            (name, p.grad.clone())
            for name, p in network.named_parameters()
            if p.grad is not None
        )

    for _ in range(3):
        loss = sum(p.sum() for p in network.parameters())
        ner.shim.backward(loss)
    optimizer = plain(0.001)
    ner.shim.finish_update(plain(0.0))  # makes the optimizer
    ner.shim._optimizer.register_step_pre_hook(remember)
    for _ in range(3):
        ner.shim.backward(sum(p.sum() for p in network.parameters()))
    ner.shim.finish_update(optimizer)
    assert seen
    assert all(torch.allclose(g, torch.ones_like(g)) for g in seen.values())
