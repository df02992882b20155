"""Data sets in, labelled shares of them, and mentions found or swapped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments.data import Sentence, load
from spacy_mslm.experiments.terms import Mentions


def test_splits_labels_and_hash(data, root, tmp_path):
    assert (len(data.train), len(data.dev), len(data.test)) == (20, 3, 3)
    assert data.labels == ("S", "T")
    assert data.train[0].spans == ((3, 5, "S"),)
    assert data.train[0].surfaces() == ["chest pain"]
    assert load(root, "tiny").hash == data.hash
    (tmp_path / "tiny").mkdir()
    for file in (root / "tiny").iterdir():
        text = file.read_text().replace("cough", "fever")
        (tmp_path / "tiny" / file.name).write_text(text)
    assert load(tmp_path, "tiny").hash != data.hash


def test_a_missing_split_and_other_labels_are_refused(root, tmp_path):
    with pytest.raises(MslmError, match=r"M806.*tiny.*train.tsv"):
        load(tmp_path, "tiny")
    with pytest.raises(MslmError, match=r"M805.*S, T.*Disease"):
        load(root, "tiny", labels=("Disease",))
    assert load(root, "tiny", labels=("T", "S")).labels == ("S", "T")


def test_shares_are_nested_disjoint_and_of_the_seed(data):
    tenth, rest = data.labelled(0.1, 0)
    half, _ = data.labelled(0.5, 0)
    assert len(tenth) == 2 and len(half) == 10
    assert set(tenth) < set(half)
    assert sorted(tenth + rest) == list(range(20))
    assert data.labelled(0.1, 0) == (tenth, rest)
    assert any(data.labelled(0.1, seed)[0] != tenth for seed in range(1, 9))
    assert data.labelled(1.0, 0) == (list(range(20)), [])


def mentions():
    sentence = Sentence.of(
        ["Chest", "pain", ",", "pain", "and", "aspirin"],
        [(0, 2, "S"), (3, 4, "S"), (5, 6, "T")],
    )
    return Mentions.of([sentence]), sentence


def test_mentions_are_found_leftmost_and_longest():
    known, _ = mentions()
    words = ["no", "CHEST", "pain", "or", "pain", "with", "Aspirin", "chest"]
    assert known.find(words) == [(1, 3, "S"), (4, 5, "S"), (6, 7, "T")]
    assert known.find([]) == []
    assert Mentions.of([]).find(words) == []


def test_without_chance_nothing_is_swapped():
    known, sentence = mentions()
    kept = known.swap(sentence, 0.0, (0, 0))
    assert (kept.doc.words, kept.spans) == (sentence.doc.words, sentence.spans)


@given(st.integers(0, 2**31), st.integers(0, 1000))
def test_a_swap_keeps_types_order_and_all_other_words(seed, update):
    known, sentence = mentions()
    swapped = known.swap(sentence, 1.0, (seed, update))
    assert [k for *_, k in swapped.spans] == ["S", "S", "T"]
    inside = {i for s, e, _ in swapped.spans for i in range(s, e)}
    outside = [w for i, w in enumerate(swapped.doc.words) if i not in inside]
    assert outside == [",", "and"]
    for start, end, kind in swapped.spans:
        assert swapped.doc.words[start:end] in known.by_type[kind]
    again = known.swap(sentence, 1.0, (seed, update))
    assert again.doc.words == swapped.doc.words


def test_swaps_differ_from_update_to_update():
    known, sentence = mentions()
    drawn = {known.swap(sentence, 1.0, (0, update)).doc.words for update in range(20)}
    assert len(drawn) > 2
