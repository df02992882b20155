"""Parts of like length: every row once, within bounds, as cheap as any cut."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.nn.buckets import buckets

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=50)


def cost(lengths, parts, part):
    return sum(len(rows) * max(lengths[rows]) + part for rows in parts)


@given(lengths=LENGTHS, most=st.integers(1, 200), part=st.integers(0, 100))
def test_every_row_once_and_no_part_too_large(lengths, most, part):
    lengths = np.array(lengths)
    parts = buckets(lengths, most=most, part=part)
    assert sorted(i for rows in parts for i in rows) == list(range(len(lengths)))
    for rows in parts:
        assert len(rows) == 1 or len(rows) * lengths[rows].max() <= most
        assert lengths[rows[-1]] == lengths[rows].max()


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=7),
    part=st.integers(0, 20),
)
def test_no_other_cut_costs_less(lengths, part):
    lengths = np.array(lengths)
    got = cost(lengths, buckets(lengths, most=10_000, part=part), part)
    order = np.argsort(lengths, kind="stable")
    cuts = (
        np.split(order, at)
        for n in range(len(lengths))
        for at in combinations(range(1, len(lengths)), n)
    )
    assert got == min(cost(lengths, parts, part) for parts in cuts)


@pytest.mark.parametrize("part", [0, 10**9])
def test_a_free_part_is_always_cut_and_a_dear_one_never(part):
    lengths = np.array([3, 9, 3, 9, 20])
    parts = buckets(lengths, most=1000, part=part)
    expected = [[0, 2], [1, 3], [4]] if part == 0 else [[0, 2, 1, 3, 4]]
    assert [rows.tolist() for rows in parts] == expected
