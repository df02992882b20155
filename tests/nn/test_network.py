"""The network: batching changes nothing, order is kept, heads read what they should."""

import inspect

import numpy as np
import pytest
import torch

from spacy_mslm.nn import MslmNetwork
from spacy_mslm.nn.pieces import Specials
from spacy_mslm.nn.windows import Window


def windows_from(rng, n, specials, low=10, high=60):
    rows = []
    for _ in range(n):
        length = int(rng.integers(3, 30))
        ids = rng.integers(low, high, size=length).astype(np.int64)
        ids[0], ids[-1] = specials.start, specials.end
        first = int(rng.integers(1, length - 1))
        rows.append(Window(ids, (first, int(rng.integers(first + 1, length)))))
    return rows


@pytest.mark.parametrize("max_batch_pieces", [1, 40, 100, 4096])
def test_batched_equals_one_by_one_in_the_order_given(network, max_batch_pieces):
    network.eval()
    rng = np.random.default_rng(max_batch_pieces)
    windows = windows_from(rng, 25, network.tokenizer.specials)
    with torch.inference_mode():
        got = network.encode(windows, max_batch_pieces=max_batch_pieces)
        rows = []
        for window in windows:
            ids = torch.from_numpy(window.ids)[None]
            hidden = network.encoder(input_ids=ids).last_hidden_state[0]
            rows.append(hidden[slice(*window.scored)])
    assert torch.allclose(got, torch.cat(rows), atol=1e-5)


def test_batches_stay_within_the_budget(network, monkeypatch):
    shapes = []
    encoder = type(network.encoder)
    forward = encoder.forward

    def counted(self, attention_mask, **kwargs):
        shapes.append(tuple(attention_mask.shape))
        return forward(self, attention_mask=attention_mask, **kwargs)

    monkeypatch.setattr(encoder, "forward", counted)
    windows = windows_from(np.random.default_rng(0), 40, network.tokenizer.specials)
    network.encode(windows, max_batch_pieces=100)
    assert sum(rows for rows, _ in shapes) == 40
    assert all(rows * width <= 100 for rows, width in shapes)
    # By length: little is spent on padding.
    real = sum(len(w.ids) for w in windows)
    assert sum(rows * width for rows, width in shapes) < 1.2 * real


def test_long_documents_keep_no_activations_and_have_the_same_gradients(
    make_network, monkeypatch
):
    """Else a 20,000-word note would hold the activations of 200 windows at once."""
    module = inspect.getmodule(MslmNetwork)
    windows = windows_from(np.random.default_rng(0), 12, Specials(2, 3, 4, 0))
    results = []
    for kept in (100, 2):
        network = make_network().train()
        passes = []
        network.encoder.register_forward_hook(lambda *_, seen=passes: seen.append(1))
        for layer in network.encoder.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.p = 0.2
        monkeypatch.setattr(module, "PARTS_KEPT", kept)
        torch.manual_seed(5)
        vectors = network.encode(windows, max_batch_pieces=60)
        n_batches = len(passes)
        (vectors**2).sum().backward()
        results.append((n_batches, len(passes), network))
    (n, once, plain), (m, twice, again) = results
    assert n == m == once > 2 and twice == 2 * n
    for a, b in zip(
        plain.encoder.parameters(), again.encoder.parameters(), strict=True
    ):
        assert torch.allclose(a.grad, b.grad, atol=1e-5)
    # Prediction has nothing to compute again.
    with torch.inference_mode():
        again.encode(windows, max_batch_pieces=60)


def test_nothing_to_encode(network):
    assert network.encode([], max_batch_pieces=100).shape == (0, 32)


def test_masked_lm_logits_are_the_checkpoints(network, tiny_encoder):
    from transformers import BertForMaskedLM

    network.eval()
    reference = BertForMaskedLM.from_pretrained(tiny_encoder).eval()
    ids = torch.randint(5, 60, (1, 12), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        vectors = network.encoder(input_ids=ids).last_hidden_state[0]
        expected = reference(input_ids=ids).logits[0]
        assert torch.allclose(network.reconstruct(vectors), expected, atol=1e-5)


def test_heads_are_all_parameters_outside_the_encoder(make_network):
    network = make_network()
    names = {id(p): n for n, p in network.named_parameters()}
    heads = {names[id(p)] for p in network.heads()}
    assert heads == {n for n in names.values() if not n.startswith("encoder.")}
    assert {n.split(".")[0] for n in heads} == {"mlm", "detection", "classification"}
    # The tied output matrix is the encoder's own and no head.
    embeddings = network.encoder.get_input_embeddings().weight
    assert id(embeddings) not in {id(p) for p in network.heads()}


def test_one_output_more_than_types_for_no_entity(make_network):
    network = make_network(("A", "B", "C"))
    vectors = torch.randn(5, 32)
    logits = network.classify(vectors, torch.tensor([0, 2]), torch.tensor([2, 3]))
    assert logits.shape == (2, 4) and network.detect(vectors).shape == (5, 3)


def test_dropout_of_the_heads_works_in_training_only(make_network):
    network = make_network()
    vectors = torch.ones(4, 32)
    network.dropout.p = 0.5
    network.train()
    assert not torch.equal(network.detect(vectors), network.detect(vectors))
    network.eval()
    assert torch.equal(network.detect(vectors), network.detect(vectors))


def test_description_names_no_place_of_this_machine(network, tiny_encoder):
    assert str(tiny_encoder.parent) not in network.description().decode("utf8")
