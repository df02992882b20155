"""The loss of held-out documents against what the network's own logits give."""

import numpy as np
import pytest
import torch

from spacy_mslm.masking import JointMasking, TermMasking, TokenMasking
from spacy_mslm.nn.adapting.measure import KEY, MaskedLoss, masked_loss, measure
from spacy_mslm.nn.adapting.processes import Alone
from spacy_mslm.nn.adapting.shelf import Shelf, draw_batch

MASKER = JointMasking(entity=TermMasking(rate=1.0), base=TokenMasking(rate=0.5))
SIZES = {"max_pieces": 64, "max_batch_pieces": 512}


@pytest.fixture
def shelf(word_doc):
    shelf = Shelf()
    shelf.add(word_doc("the patient has chest pain and fever"), ((3, 5), (6, 7)))
    shelf.add(word_doc("no history of cough | given aspirin daily"), ((5, 6),))
    shelf.add(word_doc("he was given nothing at all"), ())
    return shelf


def by_hand(network, batch):
    """Sentence by sentence, through the encoder alone."""
    sums = {True: [0.0, 0], False: [0.0, 0]}
    specials = network.tokenizer.specials
    for annotation, pieces, kinds in zip(
        batch.annotations, batch.pieces, batch.kinds, strict=True
    ):
        ids = np.where(kinds > 0, specials.mask, pieces.ids)
        row = torch.tensor([[specials.start, *ids, specials.end]])
        with torch.inference_mode():
            hidden = network.encoder(input_ids=row).last_hidden_state[0, 1:-1]
            logs = network.reconstruct(hidden).log_softmax(-1)
        words = {w for s, e, _ in annotation.spans for w in range(s, e)}
        for i in np.flatnonzero(kinds):
            place = sums[int(pieces.word[i]) in words]
            place[0] -= float(logs[i, pieces.ids[i]])
            place[1] += 1
    return sums


def test_terms_and_the_rest_are_summed_apart(network, shelf):
    network.eval()
    documents = np.arange(len(shelf))
    batch = draw_batch(network.tokenizer, shelf, documents, MASKER, KEY)
    expected = by_hand(network, batch)
    loss = measure(network, shelf, documents, MASKER, Alone(network.device), **SIZES)
    assert (loss.n_terms, loss.n_generic) == (expected[True][1], expected[False][1])
    assert loss.n_terms > 3 and loss.n_generic > 3
    assert loss.terms == pytest.approx(expected[True][0], rel=1e-4)
    assert loss.generic == pytest.approx(expected[False][0], rel=1e-4)


def test_plain_masks_too_tell_terms_from_the_rest(network, shelf):
    plain = TokenMasking(rate=1.0)
    batch = draw_batch(network.tokenizer, shelf, np.arange(3), plain, KEY)
    loss = masked_loss(network, batch, **SIZES)
    inside = sum(
        int(np.isin(p.word, [w for s, e, _ in a.spans for w in range(s, e)]).sum())
        for p, a in zip(batch.pieces, batch.annotations, strict=True)
    )
    assert loss.n_terms == inside
    assert loss.n_terms + loss.n_generic == sum(len(p.ids) for p in batch.pieces)


def test_processes_share_the_documents(network, shelf):
    class Part(Alone):
        world = 2

        def __init__(self, rank):
            super().__init__(network.device)
            self.rank = rank

    def over(processes):
        return measure(network, shelf, np.arange(3), MASKER, processes, **SIZES)

    whole = over(Alone(network.device))
    parts = over(Part(0)) + over(Part(1))
    assert (parts.n_terms, parts.n_generic) == (whole.n_terms, whole.n_generic)
    assert parts.terms == pytest.approx(whole.terms, rel=1e-4)


def test_nothing_masked_is_no_loss(network, shelf):
    nothing = TokenMasking(rate=0.0)
    batch = draw_batch(network.tokenizer, shelf, np.arange(3), nothing, KEY)
    assert masked_loss(network, batch, **SIZES) == MaskedLoss()
    empty = np.zeros(0, np.int64)
    alone = Alone(network.device)
    assert measure(network, shelf, empty, MASKER, alone, **SIZES) == MaskedLoss()


def test_measuring_leaves_no_trace(network, shelf):
    before = torch.get_rng_state()
    measure(network, shelf, np.arange(3), MASKER, Alone(network.device), **SIZES)
    assert torch.equal(before, torch.get_rng_state())
    assert all(p.grad is None for p in network.parameters())
