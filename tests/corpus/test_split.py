import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.split import assign_splits
from spacy_mslm.errors import MslmError


def patients(n):
    return [(f"p{i}", "") for i in range(n)]


def test_exact_shares_over_patients_not_notes():
    records = patients(100) + [("p0", "")] * 500
    counts = Counter(assign_splits(records, dev=0.1, test=0.2, seed=0).values())
    assert counts == {"train": 70, "dev": 10, "test": 20}


def test_order_of_records_does_not_matter_but_the_seed_does():
    records = patients(40)
    splits = assign_splits(records, dev=0.2, test=0.2, seed=1)
    assert assign_splits(records[::-1], dev=0.2, test=0.2, seed=1) == splits
    assert assign_splits(records, dev=0.2, test=0.2, seed=2) != splits


def test_same_in_another_process():
    code = (
        "from spacy_mslm.corpus.split import assign_splits as a;"
        "print(sorted(a([(str(i), '') for i in range(20)], dev=.2, test=.2, seed=3)"
        ".items()))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(runs) == 1


def test_wanted_splits_hold_for_every_note_of_the_patient():
    records = [("a", ""), ("a", "test"), ("b", "train"), ("c", "dev"), *patients(10)]
    splits = assign_splits(records, dev=0.1, test=0.1, seed=0)
    assert (splits["a"], splits["b"], splits["c"]) == ("test", "train", "dev")


def test_three_patients_fill_three_splits():
    counts = Counter(assign_splits(patients(3), dev=0.1, test=0.1, seed=0).values())
    assert counts == {"train": 1, "dev": 1, "test": 1}


def test_no_dev_or_test_where_none_is_asked_for():
    assert assign_splits(patients(1), dev=0, test=0, seed=0) == {"p0": "train"}


@pytest.mark.parametrize(
    ("records", "shares", "message"),
    [
        ([("a", "")] * 50, (0.1, 0.1), r"\[M312\] .*1 patient\(s\).*'dev'"),
        ([], (0.1, 0.1), r"M312"),
        ([("a", "test"), ("b", "test")], (0.1, 0.1), r"M312.*'train'"),
        ([("a", "test"), ("a", "dev")], (0.1, 0.1), r"\[M311\] record 2:"),
        ([("a", ""), ("b", "validation")], (0.1, 0.1), r"\[M310\] record 2:"),
        (patients(9), (0.5, 0.5), r"\[M309\]"),
        (patients(9), (-0.1, 0.5), r"\[M309\]"),
        (patients(9), (float("nan"), 0.1), r"\[M309\]"),
    ],
)
def test_bad_input(records, shares, message):
    with pytest.raises(MslmError, match=message):
        assign_splits(records, dev=shares[0], test=shares[1], seed=0)


@given(
    st.lists(st.tuples(st.text(max_size=3), st.just("")), min_size=1),
    st.floats(0, 0.49),
    st.floats(0, 0.49),
    st.integers(),
)
def test_every_patient_has_one_split(records, dev, test, seed):
    try:
        splits = assign_splits(records, dev=dev, test=test, seed=seed)
    except MslmError as err:
        assert "M312" in str(err) and len({p for p, _ in records}) < 3
        return
    assert set(splits) == {p for p, _ in records}
    assert set(splits.values()) <= {"train", "dev", "test"}
