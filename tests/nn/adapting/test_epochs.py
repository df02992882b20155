"""Each epoch reads every document once, in batches that only (seed, epoch) decide."""

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn.adapting.epochs import count_updates, epoch_batches, updates_from

SIZES = st.lists(st.integers(1, 50), max_size=60).map(lambda x: np.array(x, np.int64))


@given(SIZES, st.integers(1, 80), st.integers(0, 3))
def test_every_document_once_in_batches_within_bounds(sizes, words, epoch):
    batches = epoch_batches(sizes, words, (0, epoch))
    assert sorted(i for b in batches for i in b.tolist()) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) == 1 or sizes[batch].sum() <= words


@given(SIZES.filter(len), st.integers(1, 80), st.integers(0, 12))
def test_updates_from_the_middle_are_the_rest_of_those_from_the_start(sizes, n, start):
    def first(from_update, number):
        found = updates_from(from_update, sizes, words=n, seed=5)
        return [(u, b.tolist()) for u, b in islice(found, number)]

    assert first(start, 4) == first(0, start + 4)[start:]
    per_epoch = count_updates(sizes, epochs=1, words=n, seed=5)
    _, batches = zip(*first(0, per_epoch), strict=True)
    assert sorted(i for b in batches for i in b) == list(range(len(sizes)))


def test_epochs_and_seeds_differ_and_repeat():
    sizes = np.arange(1, 40)
    orders = [
        [b.tolist() for b in epoch_batches(sizes, 60, key)]
        for key in ((0, 0), (0, 1), (1, 0), (0, 0))
    ]
    assert orders[0] == orders[3] != orders[1] != orders[2] != orders[0]


def test_documents_of_like_length_come_together():
    sizes = np.array([5, 45] * 200)
    batches = epoch_batches(sizes, 90, (0, 0))
    mixed = [b for b in batches if len(set(sizes[b].tolist())) > 1]
    assert len(mixed) <= 3 < len(batches)


def test_nothing_gives_nothing():
    assert list(updates_from(0, np.zeros(0, np.int64), words=10, seed=0)) == []
