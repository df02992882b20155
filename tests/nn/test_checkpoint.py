"""A network as named bytes: no pickle, tied weights once, damage named."""

import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import WordDoc, predict
from spacy_mslm.nn.checkpoint import PARTS, from_parts, to_parts

DOCS = [WordDoc.from_words(("fever", "and", "cough")), WordDoc.from_words(("xyz",))]


def read(network):
    return predict(network, DOCS, max_pieces=64, max_batch_pieces=512)


@pytest.fixture(scope="module")
def parts(network):
    return to_parts(network)


@pytest.mark.parametrize("mlm", [True, False])
def test_round_trip_keeps_every_tensor_and_prediction(make_network, mlm):
    network = make_network(mlm=mlm)
    again = from_parts(to_parts(network), path="here")
    assert not again.training
    state = again.state_dict()
    assert set(state) == set(network.state_dict())
    assert all(torch.equal(v, state[k]) for k, v in network.state_dict().items())
    assert again.labels == network.labels
    assert read(again) == read(network)
    assert (again.mlm is not None) == mlm


def test_same_network_same_bytes(make_network, parts):
    assert to_parts(make_network()) == parts
    assert set(parts) == set(PARTS)


def test_tied_embedding_is_stored_once_and_stays_tied(parts):
    tensors = load(parts["model.safetensors"])
    vocabulary = [k for k, v in tensors.items() if v.ndim == 2 and len(v) > 100 + 32]
    assert [k for k in vocabulary if "position" not in k] == [
        "encoder.embeddings.word_embeddings.weight"
    ]
    again = from_parts(parts, path="here")
    vectors = torch.randn(1, 32)
    before = again.reconstruct(vectors)
    with torch.no_grad():
        again.encoder.get_input_embeddings().weight.mul_(2)
    assert not torch.allclose(again.reconstruct(vectors), before)


def test_poolers_are_not_kept(parts):
    assert not any("pooler" in name for name in load(parts["model.safetensors"]))


def test_parts_are_json_and_tensors(parts):
    for name in PARTS[:3]:
        json.loads(parts[name])
    for name, content in parts.items():
        assert not content.startswith((b"\x80", b"PK")), name


@pytest.mark.parametrize("name", PARTS)
def test_missing_part_is_named(parts, name):
    less = {k: v for k, v in parts.items() if k != name}
    with pytest.raises(MslmError, match=rf"\[M409\] .*here: '{name}' is missing"):
        from_parts(less, path="here")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PARTS), st.floats(0, 0.9999))
def test_part_cut_anywhere_is_named(parts, name, share):
    cut = parts[name][: int(share * len(parts[name]))]
    with pytest.raises(MslmError) as caught:
        from_parts({**parts, name: cut}, path="here")
    message = str(caught.value)
    assert message.startswith(f"[M409] model folder here: '{name}'")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("key", "value"),
    [("labels", None), ("encoder", None), ("encoder", {"model_type": "no such"})],
)
def test_descriptions_that_fit_nothing_are_damage(parts, key, value):
    content = {**json.loads(parts["network.json"]), key: value}
    damaged = {**parts, "network.json": json.dumps(content).encode()}
    with pytest.raises(MslmError, match=r"\[M409\].*'network.json'"):
        from_parts(damaged, path="here")


def test_tensors_of_another_network_are_damage(make_network, parts):
    other = to_parts(make_network(("A", "B", "C")))
    mixed = {**parts, "model.safetensors": other["model.safetensors"]}
    with pytest.raises(MslmError, match=r"\[M409\].*'model.safetensors'"):
        from_parts(mixed, path="here")


def test_reading_draws_no_random_numbers(network):
    """Weights that a file holds are not drawn first: it takes longer than to read."""
    parts = to_parts(network)
    before = torch.get_rng_state()
    from_parts(parts, path="here")
    assert torch.equal(torch.get_rng_state(), before)
