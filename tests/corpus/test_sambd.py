"""SamBD: which sentences are drawn, and where the rest of a text lies afterwards."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.iob import IobSentence
from spacy_mslm.corpus.sambd import GAP, SHARE, Sambd, thin_sentences, thin_text
from spacy_mslm.errors import MslmError

FILLED = st.lists(st.booleans(), max_size=8)
# Few names, so that documents come more than once.
DOCUMENTS = st.lists(st.tuples(st.sampled_from("abc"), FILLED), max_size=12)
SHARES = st.sampled_from([0.0, 0.08, 0.5, 0.93, 1.0])


def draw(documents, keep=0.5, seed=0):
    sambd = Sambd(keep, seed)
    return [tuple(sambd.choose(name, filled)) for name, filled in documents], sambd


@given(DOCUMENTS, SHARES, st.integers(0, 5))
def test_what_holds_an_entity_stays_and_all_is_counted(documents, keep, seed):
    kept, sambd = draw(documents, keep, seed)
    for (_, filled), stays in zip(documents, kept, strict=True):
        assert len(stays) == len(filled)
        assert all(s for s, full in zip(stays, filled, strict=True) if full)
        if keep in (0.0, 1.0):
            assert stays == tuple(full or keep == 1.0 for full in filled)
    counts = sambd.counts.to_dict()
    assert counts == {
        "documents": len(documents),
        "left_out": sum(not any(stays) for stays in kept),
        "sentences": sum(map(len, kept)),
        "empty": sum(not full for _, filled in documents for full in filled),
        "kept": sum(map(sum, kept)),
        "empty_kept": sum(map(sum, kept)) - sum(sum(f) for _, f in documents),
    }


@given(DOCUMENTS, SHARES, st.randoms(use_true_random=False))
def test_the_order_of_documents_says_nothing(documents, keep, random):
    """As a multiset: which of several copies of a document is which nobody can tell."""
    shuffled = random.sample(documents, len(documents))
    one, other = (
        Counter(
            (name, tuple(filled), stays)
            for (name, filled), stays in zip(d, draw(d, keep)[0], strict=True)
        )
        for d in (documents, shuffled)
    )
    assert one == other


@given(st.lists(FILLED, max_size=12), st.integers(1, 4), SHARES)
def test_shards_say_nothing(filled, size, keep):
    """Documents with ids of their own: each shard by itself, as a process would."""
    documents = [(f"note {i}", f) for i, f in enumerate(filled)]
    whole, _ = draw(documents, keep)
    shards = [documents[i : i + size] for i in range(0, len(documents), size)]
    assert [stays for shard in shards for stays in draw(shard, keep)[0]] == whole


@given(DOCUMENTS, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_share_keeps_what_a_lower_one_keeps(documents, one, other):
    low, high = (draw(documents, keep)[0] for keep in sorted((one, other)))
    for few, many in zip(low, high, strict=True):
        assert all(b or not a for a, b in zip(few, many, strict=True))


def test_the_share_is_the_share():
    """Within four standard deviations, for single sentences and long documents, for
    other ones and for the same one again and again."""
    n = 20_000
    for documents in (
        [(f"s{i}", [False]) for i in range(n)],
        [("no allergies", [False])] * n,
        [(f"n{i}", [False] * 100) for i in range(n // 100)],
    ):
        kept = sum(sum(stays) for stays in draw(documents, SHARE)[0])
        assert abs(kept - SHARE * n) < 4 * (SHARE * (1 - SHARE) * n) ** 0.5


def test_seeds_draw_apart():
    documents = [(f"s{i}", [False]) for i in range(2_000)]
    one, other = (draw(documents, 0.5, seed)[0] for seed in (1, 2))
    assert draw(documents, 0.5, 1)[0] == one
    same = sum(a == b for a, b in zip(one, other, strict=True))
    assert 900 < same < 1_100


def test_the_draw_is_pinned():
    """A corpus made today and one made in a year are the same."""
    stays, _ = draw([("note 1", [False] * 16), ("note 1", [False] * 16)], 0.5, 0)
    assert ["".join("x" if s else "." for s in doc) for doc in stays] == PINNED


PINNED = ["xx.xx..xx.xx..xx", "..xxx..xxxx....."]


@pytest.mark.parametrize("keep", [-0.1, 1.1, 8.0, float("nan")])
def test_a_share_is_from_0_to_1(keep):
    with pytest.raises(MslmError, match=r"\[M360\].* from 0 to 1"):
        Sambd(keep)


def test_iob_sentences():
    sentences = [
        IobSentence((f"w{i}", "x"), ("B-Drug" if i % 4 == 0 else "O", "O"))
        for i in range(400)
    ]
    sambd = Sambd(0.08, 3)
    kept = list(thin_sentences(sentences, sambd))
    assert [s for s in sentences if s.spans() or s in kept] == kept
    assert (sambd.counts.empty, sambd.counts.kept) == (300, len(kept))
    assert 5 <= len(kept) - 100 <= 50
    assert list(thin_sentences(kept, Sambd(1.0))) == kept


# Texts


@st.composite
def marked(draw):
    """A text, its sentences, and which are kept."""
    space = st.sampled_from([" ", "\n", "\n\n  ", " \t", "\r\n", " "])
    words = st.lists(st.text("ab😀.", min_size=1, max_size=3), min_size=1, max_size=3)
    text, sentences = draw(st.sampled_from(["", " ", "\n  "])), []
    for sentence in draw(st.lists(words, max_size=6)):
        body = draw(space).join(sentence)
        sentences.append((len(text), len(text) + len(body)))
        text += body + draw(space)
    kept = draw(
        st.lists(st.booleans(), min_size=len(sentences), max_size=len(sentences))
    )
    return text, sentences, kept


@given(marked())
def test_every_kept_sentence_is_there_and_no_other_text(case):
    text, sentences, kept = case
    thinned = thin_text(text, sentences, kept)
    for (start, end), stays in zip(sentences, kept, strict=True):
        place = thinned.here(start, end)
        assert (place is not None) == stays
        if place:
            assert thinned.text[slice(*place)] == text[start:end]
            assert thinned.source(*place) == (start, end)
    # All that is not white space comes from kept sentences, in their order.
    stay = [text[a:b] for (a, b), s in zip(sentences, kept, strict=True) if s]
    assert "".join(thinned.text.split()) == "".join("".join(stay).split())
    for here, there, length in thinned.pieces:
        assert thinned.text[here : here + length] == text[there : there + length]
        assert thinned.here(there, there + length) == (here, here + length)
        assert thinned.here(there, there + length + 1) is None
        assert thinned.source(here, here + length + 1) is None
        if here:
            assert thinned.source(here - 1, here) is None


@given(marked(), st.integers(0, 60), st.integers(1, 20))
def test_ranges_move_there_and_back(case, start, length):
    text, sentences, kept = case
    thinned = thin_text(text, sentences, kept)
    place = thinned.here(start, start + length)
    if place is not None:
        assert thinned.text[slice(*place)] == text[start : start + length]
        assert thinned.source(*place) == (start, start + length)
    back = thinned.source(start, start + length)
    if back is not None:
        assert thinned.here(*back) == (start, start + length)


@given(marked())
def test_a_text_that_keeps_all_is_the_same(case):
    text, sentences, _ = case
    thinned = thin_text(text, sentences, [True] * len(sentences))
    assert thinned.text == text
    assert thinned.here(0, len(text)) == (0, len(text))


def test_neighbours_stay_together_and_columns_are_kept():
    text = "One. Two\nlines. Three.\n  Four.\n"
    sentences = [(0, 4), (5, 15), (16, 22), (25, 30)]
    thinned = thin_text(text, sentences, [False, True, False, True])
    assert thinned.text == "     Two\nlines." + GAP + "  Four."
    assert thinned.here(5, 22) is None and thinned.here(0, 3) is None
    assert thin_text(text, sentences, [True, True, False, False]).text == text[:15]
    long = "x" * 500 + ". End."
    assert thin_text(long, [(0, 501), (502, 506)], [False, True]).text == "End."
