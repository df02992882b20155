"""Rows over seeds, and what must be said beside them."""

import pytest

from spacy_mslm.scoring.strict import score
from spacy_mslm.stages.gold.rows import (
    GOLD_ONLY,
    WEAK_ONLY,
    WEAK_THEN_GOLD,
    make_row,
    make_warnings,
)

TEST = {"documents": 5, "seen_in_weak_training": 0}


def run(seed, right, *, documents=10, label="A"):
    """Of four mentions `right` were found, and nothing else."""
    gold = [(i, i + 1, label) for i in range(4)]
    scores = score([gold], [gold[:right]]).to_dict()
    return {"documents": documents, "seed": seed, **scores}


def row(right, *, documents=10, asked=(10,), system=WEAK_THEN_GOLD):
    return make_row(system, asked, [run(0, right, documents=documents)])


def warnings(rows, **changes):
    given = {"left": 50, "test": TEST, "repeats": 1, "mapping": {}, "found": ()}
    return make_warnings(rows, **{**given, **changes})


def test_means_and_deviation_over_seeds():
    made = make_row(WEAK_THEN_GOLD, [10], [run(0, 1), run(1, 2), run(2, 3, label="B")])
    assert made["seeds"] == [0, 1, 2] and made["documents"] == 10
    assert made["mean"]["r"] == pytest.approx(0.5) == made["mean"]["em"]
    assert made["sd"]["r"] == pytest.approx(0.25)
    # A type that a seed has not found anywhere counts as 0 there.
    assert made["per_type"]["B"]["r"] == pytest.approx(0.75 / 3)


def test_one_seed_has_no_deviation():
    made = make_row(WEAK_ONLY, [0], [run(0, 2, documents=0)])
    assert set(made["sd"].values()) == {None}


def test_one_seed_is_called_a_sign():
    weak = row(1, documents=0, asked=[0], system=WEAK_ONLY)
    assert not warnings([weak])
    assert ["One seed" in line for line in warnings([weak, row(2)])] == [True]
    assert not warnings([weak, row(2)], repeats=3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"left": 7}, "10 gold documents were asked for; 7 were left"),
        ({"test": {**TEST, "seen_in_weak_training": 2}}, "read 2 of the 5 test"),
        ({"mapping": {"X": "A", "Y": "A"}, "found": ["Y"]}, "these names: X."),
    ],
)
def test_what_is_short_seen_or_misspelt_is_said(changes, said):
    lines = warnings([row(2)], repeats=3, **changes)
    assert len(lines) == 1 and said in lines[0]


def test_gold_that_makes_it_worse_is_said():
    weak = row(3, documents=0, asked=[0], system=WEAK_ONLY)
    control = row(4, system=GOLD_ONLY)
    (line,) = warnings([weak, row(2), control], repeats=3)
    assert "lower than with none" in line
    assert not warnings([weak, row(3), control], repeats=3)
