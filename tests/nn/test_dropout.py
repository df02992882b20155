"""Dropout with cheap masks is dropout: shares, scale, seeds, gradients, places."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from spacy_mslm.nn.dropout import Dropout, with_cheap_dropout


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_share_and_scale(p, kind):
    torch.manual_seed(0)
    values = torch.ones(300, 501, dtype=kind)
    out = Dropout(p)(values)
    assert out.dtype == kind
    assert float((out == 0).float().mean()) == pytest.approx(p, abs=0.005)
    assert torch.allclose(out[out != 0].float(), torch.tensor(1 / (1 - p)), rtol=1e-2)
    # Neighbours are drawn apart: each value of a row and of a column.
    zero = (out == 0).float()
    both = float((zero[:, 1:] * zero[:, :-1]).mean())
    assert both == pytest.approx(p * p, abs=0.005)


def test_torchs_seed_decides():
    values, drop = torch.ones(40, 40), Dropout(0.3)
    torch.manual_seed(1)
    first, second = drop(values), drop(values)
    torch.manual_seed(1)
    assert torch.equal(first, drop(values)) and not torch.equal(first, second)


def test_gradients_have_the_mask_also_when_computed_again():
    drop = Dropout(0.3)
    values = torch.ones(30, 30, requires_grad=True)
    out = checkpoint(drop, values, use_reentrant=False)
    out.sum().backward()
    assert torch.equal(values.grad, out.detach())


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (2, 3, 7)])
def test_any_shape(shape):
    assert Dropout(0.5)(torch.ones(shape)).shape == shape


def test_nothing_happens_outside_training_or_at_rate_zero():
    values = torch.randn(9, 9)
    assert Dropout(0.5).eval()(values) is values
    assert torch.equal(Dropout(0.0)(values), values)


def test_it_takes_the_place_of_torchs_own():
    class Other(nn.Dropout):
        pass

    inner = nn.Sequential(nn.Dropout(0.2), Other(0.4))
    model = with_cheap_dropout(nn.ModuleDict({"a": inner, "b": nn.Dropout(0.1)}))
    assert [type(m) for m in (inner[0], inner[1], model["b"])] == [
        Dropout,
        Other,
        Dropout,
    ]
    assert (inner[0].p, model["b"].p) == (0.2, 0.1)
    assert not model.state_dict()
