import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.scoring.doc_counts import DocCounts
from spacy_mslm.scoring.strict import score
from spacy_mslm.scoring.unseen import em_by_seen

COUNT = st.one_of(st.integers(0, 40), st.integers(0, 2**40))
ROWS = st.lists(st.tuples(COUNT, COUNT, COUNT), max_size=30)
SPAN = st.tuples(st.integers(0, 3), st.integers(4, 6), st.sampled_from("AB"))
SPANS = st.lists(SPAN, max_size=6)
MENTIONS = st.lists(
    st.tuples(SPAN, st.sampled_from(["x", "Y", "y \n", "z"])).map(
        lambda pair: (*pair[0], pair[1])
    ),
    max_size=6,
)


def counts(*rows):
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return DocCounts(table[:, 0], table[:, 1], table[:, 2])


def rows_of(made):
    return list(zip(made.tp.tolist(), made.fp.tolist(), made.fn.tolist(), strict=True))


def test_strict_counts_by_hand():
    gold = [[(0, 2, "A"), (0, 2, "A"), (3, 4, "A")], [], [(0, 1, "A")]]
    predicted = [[(0, 2, "A"), (3, 4, "B")], [(5, 6, "A")], [(0, 1, "A")]]
    assert rows_of(DocCounts.of(gold, predicted)) == [(1, 1, 1), (0, 1, 0), (1, 0, 0)]


def test_unseen_counts_by_hand():
    gold = [
        [(0, 2, "Drug", "Aspirin"), (3, 4, "Sign", "Dry\ncough")],
        [(0, 1, "Drug", "zofenib"), (5, 6, "Drug", "ASPIRIN"), (7, 8, "Drug", "xu")],
        [],
    ]
    predicted = [[(0, 2, "Drug")], [(0, 1, "Drug"), (2, 3, "Drug")], [(0, 1, "Drug")]]
    made = DocCounts.of_unseen(gold, predicted, ["aspirin"])
    assert rows_of(made) == [(0, 0, 1), (1, 0, 1), (0, 0, 0)]


@given(st.lists(st.tuples(SPANS, SPANS), max_size=5))
def test_they_add_up_to_the_strict_scores(docs):
    gold, predicted = [g for g, _ in docs], [p for _, p in docs]
    made, micro = DocCounts.of(gold, predicted), score(gold, predicted).micro
    assert (made.tp.sum(), made.fp.sum(), made.fn.sum()) == (
        (micro.tp, micro.fp, micro.fn)
    )
    assert made.tp.shape == (len(docs),)


@given(st.lists(st.tuples(MENTIONS, SPANS), max_size=5), st.sets(st.sampled_from("xy")))
def test_they_add_up_to_the_exact_match_on_unseen(docs, known):
    gold, predicted = [g for g, _ in docs], [p for _, p in docs]
    made = DocCounts.of_unseen(gold, predicted, known)
    unseen = em_by_seen(gold, predicted, known)["unseen"]
    assert made.tp.sum() + made.fn.sum() == unseen["n"]
    assert not made.fp.any()
    if unseen["n"]:
        assert made.tp.sum() / unseen["n"] == pytest.approx(unseen["em"])


def test_one_digit_a_document_or_numbers_with_commas():
    texts = counts((0, 35, 1), (10, 36, 2)).to_text()
    assert texts == {"tp": "0a", "fp": "35,36,", "fn": "12"}
    assert counts((40, 0, 0)).to_text()["tp"] == "40,"


@given(ROWS)
def test_text_leads_back(rows):
    made = counts(*rows)
    texts = json.loads(json.dumps(made.to_text()))
    assert rows_of(DocCounts.from_text(texts)) == rows


@pytest.mark.parametrize(
    "damage", [{"tp": "0!"}, {"tp": "1,x,"}, {"tp": "-1,2,"}, {"tp": f"1,{2**70},"}]
)
def test_damaged_text_is_one_coded_line(damage):
    with pytest.raises(MslmError, match=r"M611.*'tp'.*to_text"):
        DocCounts.from_text({"fp": "00", "fn": "00"} | damage)


def test_an_array_that_is_missing_or_short():
    with pytest.raises(MslmError, match=r"M611.*'fn'"):
        DocCounts.from_text({"tp": "0", "fp": "0"})
    with pytest.raises(MslmError, match=r"M609.*of 2 documents beside counts of 1"):
        DocCounts.from_text({"tp": "00", "fp": "0", "fn": "00"})


@pytest.mark.parametrize(
    "bad", [np.array([0.5]), np.array([-1]), np.zeros((1, 1), int)]
)
def test_arrays_hold_whole_numbers(bad):
    with pytest.raises(MslmError, match="M611"):
        DocCounts(np.array([1]), bad, np.array([1]))


def test_different_numbers_of_documents_are_an_error():
    with pytest.raises(MslmError, match="M601"):
        DocCounts.of([[]], [])
    with pytest.raises(MslmError, match="M601"):
        DocCounts.of_unseen([[]], [], [])
