import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.types import Note
from spacy_mslm.weak import vectors
from spacy_mslm.weak.vectors import Words, shared_words, word_vectors, words_of


def note(text: str, patient: str = "p") -> Note:
    return Note("n", patient, text)


def test_words_are_those_of_paragraphs_in_lower_case() -> None:
    text = "Chest-pain, 3 days.\n\nBP 120/80 at Home"
    assert list(words_of(text)) == [["chest", "pain", "days"], ["bp", "at", "home"]]


def test_a_word_counts_that_several_patients_have() -> None:
    notes = [
        *[note("Smith smith fever", "p1") for _ in range(9)],
        note("fever and cough", "p2"),
        note("fever, cough; cough", "p3"),
    ]
    assert shared_words(notes, least_patients=2).counts == {"fever": 11, "cough": 3}
    assert shared_words(notes, least_patients=2, most=1).counts == {"fever": 11}
    assert list(shared_words(notes, least_patients=1).counts)[:2] == ["smith", "fever"]


def test_words_of_one_surrounding_have_near_vectors() -> None:
    rng = np.random.default_rng(0)
    topics = [[f"{t}{c}" for c in "abcdefgh"] for t in ("heart", "skin")]
    notes = [note(" ".join(rng.choice(topics[n % 2], 30))) for n in range(80)]
    words = shared_words(notes, least_patients=1)
    found = word_vectors(notes, words, dimensions=2)
    assert found.shape == (16, 2) and found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    index = words.index
    hearts, skins = (found[[index[word] for word in topic]] for topic in topics)
    assert (hearts @ hearts.T).min() > 0.9 and (hearts @ skins.T).max() < -0.5


def test_pairs_are_those_within_five_words(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    monkeypatch.setattr(vectors, "_information", lambda c: seen.setdefault("c", c))
    words = Words({"a": 2, "b": 2, "c": 1})
    word_vectors([note("a b x\n\nc c a"), note("b q b")], words)
    # The x and q between do not count, and no pair leaves its paragraph.
    a_b, a_c, b_b, c_c = 1, 2, 2, 2
    assert seen["c"].tolist() == [[0, a_b, a_c], [a_b, b_b, 0], [a_c, 0, c_c]]


@given(st.lists(st.text("ab c\n", max_size=30), max_size=5))
def test_any_notes_give_finite_vectors(texts: list[str]) -> None:
    notes = [note(text) for text in texts]
    words = shared_words(notes, least_patients=1)
    if words.counts:
        found = word_vectors(notes, words)
        assert np.isfinite(found).all() and len(found) == len(words.counts)


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    notes = [note(" ".join(rng.choice(list("abcdefghij"), 40))) for _ in range(20)]
    words = shared_words(notes, least_patients=1)
    whole = word_vectors(notes, words)
    monkeypatch.setattr(vectors, "_FLUSH", 50)
    assert np.array_equal(whole, word_vectors(notes, words))
