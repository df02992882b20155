"""A network written in hub layout is read back by us and by transformers."""

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import HeadSettings, MslmNetwork, load_encoder
from spacy_mslm.nn.hub import check_writable, write_hub_folder

FAMILIES = ["bert", "roberta", "distilbert", "electra", "discriminator"]


def trained(source):
    """A network around the encoder at `source`, every weight of it moved."""
    loaded = load_encoder(str(source))
    network = MslmNetwork(
        loaded.encoder,
        loaded.tokenizer,
        (),
        mlm=loaded.mlm,
        heads=HeadSettings(typed=True),
    )
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network.eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_read_back_it_is_the_same_encoder_and_head(families, family, tmp_path):
    network = trained(families[family])
    check_writable(network, family)
    write_hub_folder(network, str(families[family]), tmp_path)

    again = load_encoder(str(tmp_path))
    assert again.pretrained_mlm
    for ours, theirs in (
        (network.encoder, again.encoder),
        (network.mlm, again.mlm),
    ):
        state = theirs.state_dict()
        assert state.keys() == ours.state_dict().keys()
        for name, value in ours.state_dict().items():
            assert torch.equal(value, state[name]), name
    specials = vars(network.tokenizer.specials)
    assert vars(again.tokenizer.specials) == specials
    assert (
        again.tokenizer.tokenizer.get_vocab() == network.tokenizer.tokenizer.get_vocab()
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_reads_it_without_missing_weights(families, family, tmp_path):
    network = trained(families[family])
    write_hub_folder(network, str(families[family]), tmp_path)
    model, info = AutoModelForMaskedLM.from_pretrained(
        tmp_path, output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    ids = torch.randint(5, 80, (2, 9), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        hidden = network.encoder(input_ids=ids).last_hidden_state
        expected = network.reconstruct(hidden.reshape(-1, hidden.shape[-1]))
        logits = model.eval()(input_ids=ids).logits
        assert torch.allclose(logits.reshape(expected.shape), expected, atol=1e-5)
        plain = AutoModel.from_pretrained(tmp_path).eval()
        assert torch.equal(plain(input_ids=ids).last_hidden_state, hidden)
    assert AutoTokenizer.from_pretrained(tmp_path).mask_token_id is not None


def test_nothing_in_the_folder_says_where_the_encoder_lay(tiny_encoder, tmp_path):
    write_hub_folder(trained(tiny_encoder), str(tiny_encoder), tmp_path)
    inside = str(tiny_encoder.parent)
    for path in tmp_path.iterdir():
        assert inside.encode() not in path.read_bytes(), path.name
        assert path.stat().st_mode == (tmp_path / "config.json").stat().st_mode


def test_a_head_untied_in_the_checkpoint_is_written_tied(write_tiny_bert, tmp_path):
    """As it was trained: over the embeddings."""
    source = write_tiny_bert(tmp_path / "untied", tie_word_embeddings=False)
    write_hub_folder(trained(source), str(source), tmp_path / "out")
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "out")
    decoder = model.get_output_embeddings().weight
    assert decoder.data_ptr() == model.get_input_embeddings().weight.data_ptr()


def test_a_family_with_another_head_is_refused_before_training(tmp_path, tiny_encoder):
    from transformers import AlbertConfig

    network = trained(tiny_encoder)
    network.encoder.config = AlbertConfig(hidden_size=32, num_attention_heads=2)
    with pytest.raises(MslmError, match=r"\[M420\].*'albert'"):
        check_writable(network, "some/albert")
