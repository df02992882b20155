"""Networks and documents for the torch core's own tests."""

import itertools

import numpy as np
import pytest


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
