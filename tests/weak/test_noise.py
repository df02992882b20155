"""Spoilt terminologies: what is gone, what is wrong, what stays."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.names import label_of
from spacy_mslm.weak.noise import Noise, spoil

CLUSTERS = Clusters.from_dict({"Symptoms": {"ids": ["T184"]}, "Drugs": {"ids": ["T1"]}})
CONCEPTS = [
    Concept(f"C{i}", (f"name {i}", f"other {i}"), ("T184" if i % 2 else "T1",))
    for i in range(100)
] + [Concept("X", ("outside",), ("T9",))]


def labels(concepts):
    return {name: label_of(c, CLUSTERS) for c in concepts for name in c.names}


def test_nothing_is_spoilt_without_a_share():
    assert spoil(CONCEPTS, CLUSTERS, Noise()) == CONCEPTS
    assert Noise().suffix == ""


@given(st.floats(0.05, 0.95), st.integers(0, 100))
def test_missing_names_are_gone_and_all_others_as_they_were(share, seed):
    before = labels(CONCEPTS)
    after = labels(spoil(CONCEPTS, CLUSTERS, Noise(share, "missing", seed)))
    assert after.items() <= before.items()
    assert after["outside"] is None
    gone = 1 - (len(after) - 1) / 200
    assert abs(gone - share) < 0.2


@given(st.floats(0.05, 0.95), st.integers(0, 100))
def test_wrong_names_have_the_other_label(share, seed):
    before = labels(CONCEPTS)
    after = labels(spoil(CONCEPTS, CLUSTERS, Noise(share, "wrong", seed)))
    assert after.keys() == before.keys()
    wrong = {name for name in after if after[name] != before[name]}
    assert abs(len(wrong) / 200 - share) < 0.2
    assert {before[n] for n in wrong} | {after[n] for n in wrong} <= {
        "Symptoms",
        "Drugs",
    }


def test_a_larger_share_spoils_what_a_smaller_one_does():
    kept = [
        set(labels(spoil(CONCEPTS, CLUSTERS, Noise(share, "missing"))))
        for share in (0.1, 0.3, 0.5)
    ]
    assert kept[0] > kept[1] > kept[2]


def test_concepts_stay_apart():
    made = spoil(CONCEPTS, CLUSTERS, Noise(0.5, "wrong"))
    assert max(Counter(c.concept_id for c in made).values()) == 1


def test_names_of_noise():
    assert Noise.parse("30-missing") == Noise(0.3, "missing")
    assert Noise.parse(" 10-wrong ").suffix == "-10-wrong"
    for wrong in ("missing", "30", "130-wrong", "30-lost", ""):
        with pytest.raises(MslmError, match=r"M232.*30-missing"):
            Noise.parse(wrong)
