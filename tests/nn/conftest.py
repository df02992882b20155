"""Networks and documents for the torch core's own tests."""

import itertools
import shutil

import numpy as np
import pytest

BPE_TEXT = ["chest \n pain of the patient .", "fever and cough , xyz given"]
SMALL = {
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


def write_roberta(folder):
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaForMaskedLM, RobertaTokenizerFast

    folder.mkdir(parents=True)
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        BPE_TEXT, 300, 1, show_progress=False, special_tokens=specials
    )
    bpe.save_model(str(folder))
    files = {k: str(folder / f"{k}.{e}") for k, e in (("vocab", "json"),)}
    RobertaTokenizerFast(
        vocab_file=files["vocab"], merges_file=str(folder / "merges.txt")
    ).save_pretrained(folder)
    config = RobertaConfig(
        vocab_size=bpe.get_vocab_size(),
        pad_token_id=1,
        **{**SMALL, "max_position_embeddings": 66},
    )
    RobertaForMaskedLM(config).save_pretrained(folder)
    return folder


def write_other(folder, bert, config, model):
    """A folder with BERT's tokenizer and another kind of model."""
    folder.mkdir(parents=True)
    for name in ("vocab.txt", "tokenizer.json", "special_tokens_map.json"):
        shutil.copy(bert / name, folder / name)
    model(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def families(tmp_path_factory, tiny_encoder):
    """Folders in hub layout of every family of encoders, by name."""
    import torch
    import transformers as t

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("families")
    vocab = len((tiny_encoder / "vocab.txt").read_text().split())
    distil = t.DistilBertConfig(
        vocab_size=vocab,
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=64,
        max_position_embeddings=64,
    )
    # ELECTRA's embeddings are narrower than its vectors.
    electra = t.ElectraConfig(vocab_size=vocab, embedding_size=16, **SMALL)
    return {
        "bert": tiny_encoder,
        "roberta": write_roberta(root / "roberta"),
        "distilbert": write_other(
            root / "distilbert", tiny_encoder, distil, t.DistilBertForMaskedLM
        ),
        "electra": write_other(
            root / "electra", tiny_encoder, electra, t.ElectraForMaskedLM
        ),
        "discriminator": write_other(
            root / "discriminator", tiny_encoder, electra, t.ElectraForPreTraining
        ),
    }


@pytest.fixture(scope="session")
def make_network(tiny_encoder):
    """`make_network(labels, mlm=True, seed=0, encoder=..., heads=...)`, dropout off."""

    def make(labels=("A", "B"), *, mlm=True, seed=0, encoder=None, heads=None):
        import torch

        from spacy_mslm.nn import MslmNetwork, load_encoder

        loaded = load_encoder(str(encoder or tiny_encoder))
        torch.manual_seed(seed)
        head = loaded.mlm if mlm else None
        network = MslmNetwork(
            loaded.encoder, loaded.tokenizer, labels, mlm=head, heads=heads
        )
        for module in network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
            if hasattr(module, "dropout_prob"):  # attention's own, no module
                module.dropout_prob = 0.0
        # Heads large enough that predictions are of every kind.
        with torch.no_grad():
            network.detection.linear.weight.normal_(std=0.5)
            if network.classification is not None:
                network.classification.linear.weight.normal_(std=0.5)
        return network

    return make


@pytest.fixture(scope="session")
def network(make_network):
    """One network for tests that only read it."""
    return make_network()


@pytest.fixture(scope="session")
def word_doc():
    """`word_doc("a b | c", placeholders=(1,))`: `|` ends a sentence."""

    def make(text, placeholders=()):
        from spacy_mslm.masking import text_hash
        from spacy_mslm.nn import WordDoc

        parts = [part.split(" ") for part in text.split(" | ")] if text else []
        words = tuple(
            word.replace("NL", "\n").replace("ZW", "\u200b")
            for part in parts
            for word in part
        )
        edges = np.cumsum([0, *map(len, parts)]).tolist()
        sentences = tuple(itertools.pairwise(edges))
        marks = np.zeros(len(words), dtype=bool)
        marks[list(placeholders)] = True
        return WordDoc(words, sentences, marks, text_hash(text))

    return make


@pytest.fixture(scope="session")
def annotate():
    """`annotate(doc, (start, end, label), ..., missing=(words,))`."""

    def make(doc, *spans, missing=()):
        from spacy_mslm.nn import Annotation

        known = np.ones(len(doc.words), dtype=bool)
        known[list(missing)] = False
        return Annotation(tuple(spans), known)

    return make
