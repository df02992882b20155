"""Encoders from scratch: of a config alone, the same for a seed, trained as others."""

import pytest
import torch

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import JointMasking, TermMasking, TokenMasking
from spacy_mslm.nn import (
    HeadSettings,
    LossWeights,
    MslmNetwork,
    Objective,
    make_batch,
    predict,
    step,
)
from spacy_mslm.nn.checkpoint import from_parts, to_parts
from spacy_mslm.nn.encoder import load_tokenizer
from spacy_mslm.nn.scratch import build_encoder, load_scratch, scratch_config
from spacy_mslm.types import MaskWeights

SMALL = {
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
}
KINDS = {
    "bert": SMALL,
    "distilbert": {"n_layers": 2, "n_heads": 2, "dim": 32, "hidden_dim": 64},
    "roberta": SMALL,
    "electra": {**SMALL, "embedding_size": 16},
}
# As transformers calls them everywhere, DistilBERT too.
ALIASES = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 32}


def state(loaded):
    return {**loaded.encoder.state_dict(), **loaded.mlm.state_dict()}


def test_a_seed_gives_its_weights_and_leaves_torch_s_generator_alone(tiny_encoder):
    def load(seed):
        return state(load_scratch(str(tiny_encoder), "bert", SMALL, seed=seed))

    torch.manual_seed(5)
    first = load(0)
    after = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), after)
    again, other = load(0), load(1)
    assert first.keys() == again.keys()
    assert all(torch.equal(v, again[k]) for k, v in first.items())
    assert any(not torch.equal(v, other[k]) for k, v in first.items())


def test_the_encoder_is_not_that_of_the_folder(tiny_encoder):
    loaded = load_scratch(
        str(tiny_encoder), "bert", {**SMALL, "hidden_size": 16}, seed=0
    )
    assert loaded.encoder.config.hidden_size == 16
    assert not loaded.pretrained_mlm
    assert getattr(loaded.encoder, "pooler", None) is None


@pytest.mark.parametrize("kind", ["distilbert", "bert"])
def test_vocabulary_and_padding_are_the_tokenizer_s(families, kind):
    """RoBERTa's padding is piece 1, of which every other config knows nothing."""
    tokenizer = load_tokenizer(str(families["roberta"]))
    loaded = load_scratch(str(families["roberta"]), kind, ALIASES, seed=0)
    table = loaded.encoder.get_input_embeddings()
    assert table.weight.shape == (tokenizer.tokenizer.get_vocab_size(), 32)
    assert loaded.encoder.config.num_hidden_layers == 2
    assert table.padding_idx == tokenizer.specials.pad == 1
    assert not table.weight[1].any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_it_learns_in_two_views_and_is_stored(
    tiny_encoder, kind, decoder, word_doc, annotate
):
    loaded = load_scratch(str(tiny_encoder), kind, KINDS[kind], seed=0)
    heads = HeadSettings(decoder=decoder, typed=True)
    network = MslmNetwork(
        loaded.encoder, loaded.tokenizer, ("A", "B"), mlm=loaded.mlm, heads=heads
    )
    doc = word_doc("acute chest pain . | no cough")
    gold = annotate(doc, (0, 3, 0), (5, 6, 1))
    masking = JointMasking(entity=TermMasking(rate=1.0), base=TokenMasking(rate=0.5))
    objective = Objective(MaskWeights(1.0, 1.0), LossWeights(), 64, 512)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    totals = []
    for update in range(12):
        batch = make_batch(
            network.tokenizer, [doc], [gold], masking, seed=0, update=update
        )
        parts = step(network, batch, objective)
        assert parts.mslm > 0 and parts.detection > 0
        total = parts.total(LossWeights())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(float(total.detach()))
    assert totals[-1] < totals[0] / 2
    moved = [p.grad is not None and bool(p.grad.any()) for p in network.parameters()]
    assert sum(moved) > len(moved) / 2
    again = from_parts(to_parts(network.eval()), path="here")
    settings = {"max_pieces": 64, "max_batch_pieces": 512}
    assert predict(again, [doc], **settings) == predict(network, [doc], **settings)


def test_its_size_is_known_without_weights():
    """ClinicalBERT as its users count it (Belkadi et al.): with a head of 19 tags."""
    with torch.device("meta"):
        encoder = build_encoder(scratch_config("distilbert", {"vocab_size": 119_547}))
        head = torch.nn.Linear(768, 19)
    assert all(p.is_meta for p in encoder.parameters())
    both = [*encoder.parameters(), *head.parameters()]
    assert sum(p.numel() for p in both) == 134_748_691


@pytest.mark.parametrize(
    ("kind", "values", "wanted"),
    [
        ("gpt2", {}, r"\[M440\] 'kind' is 'gpt2'"),
        ("no such", {}, r"\[M440\]"),
        ("distilbert", {"n_layer": 3, "n_headz": 2}, r"\[M441\].*no n_headz, n_layer"),
        ("bert", {"dim": 64}, r"\[M441\].*'bert'.*hidden_size"),
        ("distilbert", {"n_heads": 5}, r"\[M442\].*'distilbert'.*n_heads"),
        ("distilbert", {"dim": "wide"}, r"\[M442\]"),
        ("bert", {"hidden_size": 0}, r"\[M442\]"),
        ("distilbert", {"n_layers": 1, "vocab_size": -3}, r"\[M442\]"),
    ],
)
def test_values_that_fit_nothing_are_named(kind, values, wanted):
    with pytest.raises(MslmError, match=wanted) as caught:
        build_encoder(scratch_config(kind, values))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rows", [10, 10_000])
def test_a_vocabulary_of_another_size_is_refused(tiny_encoder, rows):
    values = {**SMALL, "vocab_size": rows}
    with pytest.raises(MslmError, match=rf"\[M443\].* 'vocab_size' is {rows}"):
        load_scratch(str(tiny_encoder), "bert", values, seed=0)


def test_a_folder_without_a_tokenizer_is_told(tmp_path):
    with pytest.raises(MslmError, match=r"\[M403\]"):
        load_scratch(str(tmp_path / "none"), "bert", SMALL, seed=0)
