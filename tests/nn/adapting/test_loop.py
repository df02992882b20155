"""The loop of `adapt`: what an update is, however it is spread, stopped or resumed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import JointMasking, TermMasking, TokenMasking
from spacy_mslm.nn import (
    HeadSettings,
    LossWeights,
    Objective,
    make_batch,
    step,
    warmup_linear,
)
from spacy_mslm.nn.adapting.loop import (
    FRESH,
    AdaptSettings,
    adapt,
    count_masks,
    make_optimizer,
)
from spacy_mslm.nn.adapting.processes import Alone
from spacy_mslm.nn.adapting.shelf import Shelf
from spacy_mslm.nn.adapting.state import (
    NETWORK,
    OPTIMIZER,
    PROGRESS,
    read_progress,
    read_state,
    write_state,
)
from spacy_mslm.types import MaskWeights

ALONE = Alone(torch.device("cpu"))
MASKER = JointMasking(entity=TermMasking(rate=0.5), base=TokenMasking(rate=0.3))
OBJECTIVE = Objective(
    mask_weights=MaskWeights(base=0.3, entity=0.7),
    loss_weights=LossWeights(1.0, 0.0, 0.0),
    max_pieces=32,
    max_batch_pieces=256,
)
TEXTS = [
    "the patient has chest pain and fever",
    "no history of cough | given aspirin daily",
    "fever",
    "metformin 500 mg daily for the patient | denies chest pain | on aspirin at home",
    "acute cough with fever and chest pain",
    "he was given aspirin 81 mg",
]


@pytest.fixture
def shelf(word_doc):
    shelf = Shelf()
    for text in TEXTS:
        doc = word_doc(text)
        words = " ".join(doc.words).split(" ")
        terms = [(i, i + 1) for i, w in enumerate(words) if w in ("fever", "aspirin")]
        shelf.add(doc, tuple(terms))
    return shelf


@pytest.fixture
def fresh(make_network):
    """`fresh(dropout=0.0)`: the same network, ready to be trained, each time."""

    def make(dropout=0.0):
        network = make_network((), heads=HeadSettings(typed=True))
        for module in network.encoder.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = dropout
        return network

    return make


def settings(**changes):
    values = {"updates": 6, "batch_words": 12, "learn_rate": 1e-3}
    return AdaptSettings(**{**values, **changes})


def run(network, shelf, how, *, processes=ALONE, start=0, optimizer=None):
    optimizer = optimizer or make_optimizer(network, how)
    documents = np.arange(len(shelf))
    updates = adapt(
        network,
        optimizer,
        shelf,
        documents,
        MASKER,
        OBJECTIVE,
        how,
        processes,
        start=start,
    )
    return list(updates)


def weights(network):
    return {k: v.clone() for k, v in network.state_dict().items()}


def same(one, other, tolerance=0.0):
    return one.keys() == other.keys() and all(
        torch.allclose(v, other[k], rtol=0, atol=tolerance) for k, v in one.items()
    )


def test_it_learns_what_is_masked(fresh, shelf):
    how = settings(updates=40, batch_words=1000, learn_rate=5e-3)
    done = run(fresh(), shelf, how)
    assert [d.update for d in done] == list(range(1, 41))
    assert done[-1].loss < 0.7 * done[0].loss
    assert all(d.words == shelf.sizes.sum() for d in done)


def test_an_update_is_the_step_of_training(fresh, shelf):
    """One update over all documents: `nn.step`'s own gradient, then AdamW."""
    network, other = fresh(), fresh()
    how = settings(updates=1, batch_words=1000, clip=0.0, seed=4)
    optimizer = make_optimizer(other, how)
    for group in optimizer.param_groups:
        group["lr"] = how.learn_rate * group["rate"]
    pairs = [shelf[i] for i in range(len(shelf))]
    batch = make_batch(
        other.tokenizer, *zip(*pairs, strict=True), MASKER, seed=4, update=0
    )
    parts = step(other, batch, OBJECTIVE)
    assert parts.detection.item() == parts.classification.item() == 0.0
    parts.mslm.backward()
    other.detection.zero_grad()
    optimizer.step()
    (done,) = run(network, shelf, how)
    assert done.loss == pytest.approx(float(parts.mslm.detach()), rel=1e-5)
    assert same(weights(network), weights(other), 2e-5)


def test_passes_of_an_update_change_nothing_but_memory(fresh, shelf):
    """Weighted by their masked pieces: a plain mean over passes would differ."""
    results = []
    for accumulate in (1, 3):
        network = fresh()
        done = run(network, shelf, settings(batch_words=40, accumulate=accumulate))
        results.append((weights(network), [d.loss for d in done]))
    (one, losses), (other, again) = results
    assert losses == pytest.approx(again, rel=1e-4)
    assert same(one, other, 2e-4) and not same(one, weights(fresh()), 2e-4)


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_resumed_it_ends_in_the_same_weights(fresh, shelf, tmp_path, stop):
    """With dropout: the randomness of an update does not depend on those before."""
    unbroken = fresh(dropout=0.1)
    run(unbroken, shelf, settings())

    network = fresh(dropout=0.1)
    optimizer = make_optimizer(network, settings())
    for done in adapt(
        network,
        optimizer,
        shelf,
        np.arange(len(shelf)),
        MASKER,
        OBJECTIVE,
        settings(),
        ALONE,
    ):
        if done.update == stop:
            write_state(tmp_path, network, optimizer, {"update": stop, "x": 1})
            break
    torch.manual_seed(99)
    again = fresh(dropout=0.1)
    optimizer = make_optimizer(again, settings())
    assert read_progress(tmp_path) == {"update": stop, "x": 1}
    read_state(tmp_path, again, optimizer)
    rest = run(again, shelf, settings(), start=stop, optimizer=optimizer)
    assert [d.update for d in rest] == list(range(stop + 1, 7))
    assert same(weights(unbroken), weights(again))


@pytest.mark.parametrize("part", [NETWORK, OPTIMIZER, PROGRESS])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_checkpoint_is_named(fresh, shelf, tmp_path, part, damage):
    network = fresh()
    optimizer = make_optimizer(network, settings())
    run(network, shelf, settings(), optimizer=optimizer)
    write_state(tmp_path, network, optimizer, {"update": 6})
    path = tmp_path / part
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MslmError, match=rf"\[M422\].*'{part}'"):
        read_progress(tmp_path)
        read_state(tmp_path, network, optimizer)


def test_seed_and_dropout_matter(fresh, shelf):
    found = []
    for dropout, seed in ((0.0, 0), (0.1, 0), (0.0, 1)):
        network = fresh(dropout=dropout)
        run(network, shelf, settings(seed=seed))
        found.append(weights(network))
    assert not same(found[0], found[1]) and not same(found[0], found[2])


def test_an_update_without_masks_leaves_all_as_it_is(fresh, shelf):
    network = fresh()
    before = weights(network)
    nothing = JointMasking(entity=TermMasking(rate=0), base=TokenMasking(rate=0))
    how = settings()
    done = list(
        adapt(
            network,
            make_optimizer(network, how),
            shelf,
            np.arange(len(shelf)),
            nothing,
            OBJECTIVE,
            how,
            ALONE,
        )
    )
    assert [d.loss for d in done] == [0.0] * 6 and same(before, weights(network))


def test_the_detection_head_is_no_part_of_it(fresh, shelf):
    network = fresh()
    before = weights(network.detection)
    run(network, shelf, settings())
    assert same(before, weights(network.detection))


def test_masks_are_counted_as_the_first_pass_draws_them(network, shelf):
    entity, base = count_masks(network, shelf, np.arange(len(shelf)), MASKER, 0)
    pairs = [shelf[i] for i in range(len(shelf))]
    batch = make_batch(
        network.tokenizer, *zip(*pairs, strict=True), MASKER, seed=0, update=0
    )
    kinds = np.concatenate(batch.kinds)
    assert (entity, base) == ((kinds == 2).sum(), (kinds == 1).sum())
    assert entity and base


@given(st.integers(1, 200), st.floats(0, 1))
def test_the_rate_rises_then_falls_and_never_stops(updates, warmup):
    shares = [warmup_linear(u, warmup=warmup, total=updates) for u in range(updates)]
    assert all(0 < s <= 1 for s in shares) and max(shares) == 1
    top = shares.index(1)
    assert shares[: top + 1] == sorted(shares[: top + 1])
    assert shares[top:] == sorted(shares[top:], reverse=True)


def test_settings_are_completed_by_what_was_found():
    sizes = np.full(10, 7)
    how = AdaptSettings(epochs=3, batch_words=14)
    made = how.resolved(sizes, pretrained_mlm=True)
    assert made.updates == 15 and made.heads_learn_rate == 1.0
    assert how.resolved(sizes, pretrained_mlm=False).heads_learn_rate == FRESH
    given = AdaptSettings(updates=4, heads_learn_rate=2.0)
    assert given.resolved(sizes, pretrained_mlm=False) == given


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"warmup": 1.1}, "M401"),
        ({"layer_decay": -0.1}, "M401"),
        ({"updates": -1}, "M408"),
        ({"epochs": 0}, "M408"),
        ({"batch_words": 0}, "M408"),
        ({"accumulate": 0}, "M408"),
        ({"weight_decay": -1.0}, "M408"),
        ({"clip": float("nan")}, "M408"),
        ({"learn_rate": 0.0}, "M424"),
        ({"learn_rate": float("nan")}, "M424"),
        ({"heads_learn_rate": float("inf")}, "M424"),
    ],
)
def test_settings_out_of_range_are_named(values, code):
    (name,) = values
    with pytest.raises(MslmError, match=rf"\[{code}\] '{name}'"):
        AdaptSettings(**values)
