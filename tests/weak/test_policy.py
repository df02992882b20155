import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts
from spacy_mslm.weak.policy import POLICIES, resolve


def span(start: int, end: int, label: str = "D", score: float = 1.0) -> CharSpan:
    return CharSpan(start, end, label, "medcat", "c", score)


LONG, EARLY, SURE = span(4, 16, score=0.5), span(0, 8, score=0.4), span(10, 14)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("longest", [LONG]),
        ("score", [EARLY, SURE]),
        ("first", [EARLY, SURE]),
    ],
)
def test_policies_differ_as_named(policy: str, kept: list[CharSpan]) -> None:
    drops = DropCounts()
    assert resolve([LONG, EARLY, SURE], policy, drops=drops) == kept
    assert drops.total() == 3 - len(kept)


def test_adjacent_spans_both_stay_and_repeats_are_counted_apart() -> None:
    drops = DropCounts()
    spans = [span(0, 4), span(4, 8), span(0, 4, "S", 0.2)]
    assert resolve(spans, drops=drops) == [span(0, 4), span(4, 8)]
    assert drops == {"span repeated": 1}


def test_an_unknown_policy_names_the_known() -> None:
    with pytest.raises(MslmError, match=r"\[M231\].*first, longest, score, got 'x'"):
        resolve([], "x")


spans_of_any_kind = st.lists(
    st.builds(
        lambda start, length, label, score: span(start, start + length, label, score),
        st.integers(0, 30),
        st.integers(1, 12),
        st.sampled_from("DST"),
        st.sampled_from([0.1, 0.5, 1.0]),
    ),
    max_size=12,
)


@given(spans_of_any_kind, st.sampled_from(sorted(POLICIES)), st.randoms())
def test_result_is_disjoint_maximal_and_free_of_order(
    spans: list[CharSpan], policy: str, random: object
) -> None:
    drops = DropCounts()
    kept = resolve(spans, policy, drops=drops)
    assert len(kept) + drops.total() == len(spans)
    assert set(kept) <= set(spans)
    for left, right in itertools.pairwise(kept):
        assert left.end <= right.start
    for one in spans:
        assert any(k.start < one.end and one.start < k.end for k in kept)
    random.shuffle(spans)  # type: ignore[attr-defined]
    assert resolve(spans, policy) == kept
