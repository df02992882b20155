"""Token, SPAN and PMI masking: laws that every plan obeys, at a rate or a budget."""

import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import (
    JointMasking,
    PmiMasking,
    SpanMasking,
    TermMasking,
    TokenMasking,
)
from spacy_mslm.types import MaskKind, SentencePieces

RATES = st.sampled_from([0.0, 0.075, 0.15, 0.5, 1.0]) | st.floats(0, 1)
KEYS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4)
VOCABULARY = ["a b", "b c", "a b c", "c d", "d d d d"]


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory):
    path = tmp_path_factory.mktemp("pmi") / "ngrams.tsv"
    path.write_text("".join(f"{ngram}\t1.5\t9\n" for ngram in VOCABULARY))
    return str(path)


@st.composite
def sentences(draw, most=14):
    """Words of few kinds with 0-4 pieces, disjoint terms, some placeholders."""
    counts = draw(st.lists(st.integers(0, 4), max_size=most))
    n = len(counts)
    edges = sorted(draw(st.lists(st.integers(0, n), unique=True, max_size=8)))
    words = draw(st.lists(st.sampled_from("aAbcdx"), min_size=n, max_size=n))
    unmasked = draw(st.sets(st.integers(0, most), max_size=3))
    return SentencePieces(
        words=tuple(words),
        piece_word=np.repeat(np.arange(n), counts).astype(np.int64),
        terms=tuple(zip(edges[::2], edges[1::2], strict=False)),
        maskable=np.array([i not in unmasked for i in range(n)], dtype=bool),
    )


def sentence_of(words, counts=None):
    words = words.split()
    counts = counts or [1] * len(words)
    return SentencePieces(
        words=tuple(words),
        piece_word=np.repeat(np.arange(len(words)), counts).astype(np.int64),
        terms=(),
        maskable=np.ones(len(words), dtype=bool),
    )


def joint(entity_rate, base_rate, unit="word"):
    return JointMasking(
        entity=TermMasking(rate=entity_rate),
        base=TokenMasking(rate=base_rate, unit=unit),
    )


def build(name, vocabulary, **amount):
    kind, _, unit = name.partition("-")
    if kind == "pmi":
        return PmiMasking(vocabulary=vocabulary, **amount)
    classes = {"token": TokenMasking, "span": SpanMasking}
    return classes[kind](unit=unit, **amount)


NAMES = ["token-word", "token-piece", "span-word", "span-piece", "pmi"]
BUDGETS = st.builds(
    joint, RATES, RATES, st.sampled_from(["word", "piece"])
) | st.builds(TokenMasking, rate=RATES)


def check_laws(name, strategy, sentence, key):
    plan = strategy.draw(sentence, key)
    assert plan.kinds.shape == sentence.piece_word.shape
    assert (strategy.draw(sentence, key).kinds == plan.kinds).all()
    assert plan.count(MaskKind.ENTITY) == 0
    masked = plan.kinds == MaskKind.BASE
    assert sentence.maskable[sentence.piece_word[masked]].all()
    if not name.endswith("piece"):
        for word in set(sentence.piece_word[masked].tolist()):
            assert masked[sentence.piece_word == word].all()
    return plan


@pytest.mark.parametrize("name", NAMES)
@given(sentence=sentences(), rate=RATES, key=KEYS)
def test_laws_at_a_rate(name, vocabulary, sentence, rate, key):
    strategy = build(name, vocabulary, rate=rate)
    plan = check_laws(name, strategy, sentence, key)
    pieces = np.bincount(sentence.piece_word, minlength=len(sentence.words))
    of_word = sentence.maskable[sentence.piece_word]
    if name.endswith("piece"):
        n, used = int(of_word.sum()), plan.count(MaskKind.BASE)
    else:
        n = int((sentence.maskable & (pieces > 0)).sum())
        used = len(set(sentence.piece_word[plan.kinds > 0].tolist()))
    assert used <= math.ceil(rate * n)
    assert used >= math.floor(rate * n)


@pytest.mark.parametrize("name", NAMES)
@given(sentence=sentences(), budget=BUDGETS, key=KEYS)
def test_laws_at_a_budget(name, vocabulary, sentence, budget, key):
    strategy = build(name, vocabulary, budget=budget)
    plan = check_laws(name, strategy, sentence, key)
    allowed = int((budget.draw(sentence, key).kinds > 0).sum())
    used = plan.count(MaskKind.BASE)
    assert used <= allowed
    # What is left over is smaller than anything that could still be masked whole.
    left = allowed - used
    pieces = np.bincount(sentence.piece_word, minlength=len(sentence.words))
    if name.endswith("piece"):
        assert left == 0
    else:
        words = [w for w in range(len(pieces)) if sentence.maskable[w] and pieces[w]]
        clear = [w for w in words if not plan.kinds[sentence.piece_word == w].any()]
        assert all(pieces[w] > left for w in clear)


@given(
    words=st.lists(st.sampled_from("abcdx"), max_size=30),
    rates=st.tuples(RATES, RATES),
    key=KEYS,
)
def test_where_every_word_is_a_piece_budgets_are_equal(vocabulary, words, rates, key):
    sentence = sentence_of(" ".join(words))
    budget = joint(*rates)
    wanted = int((budget.draw(sentence, key).kinds > 0).sum())
    for name in NAMES:
        plan = build(name, vocabulary, budget=budget).draw(sentence, key)
        assert plan.count(MaskKind.BASE) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_other_keys_give_other_plans_and_every_word_has_its_turn(name, vocabulary):
    sentence = sentence_of("a b x c d x x a b c", [1, 2, 1, 1, 1, 3, 1, 1, 1, 1])
    strategy = build(name, vocabulary, rate=0.4)
    plans = [strategy.draw(sentence, [k]).kinds for k in range(300)]
    assert len({tuple(p.tolist()) for p in plans}) > 8
    shares = np.mean([p > 0 for p in plans], axis=0)
    assert (shares > 0.1).all() and (shares < 0.9).all()


def test_spans_are_runs_of_neighbours_of_geometric_length(vocabulary):
    sentence = sentence_of(" ".join("x" * 400))
    strategy = SpanMasking(rate=0.1)
    runs = Counter()
    for key in range(200):
        masked = strategy.draw(sentence, [key]).kinds > 0
        edges = np.flatnonzero(np.diff(np.concatenate(([0], masked, [0]))))
        runs.update((edges[1::2] - edges[::2]).tolist())
    mean = sum(n * count for n, count in runs.items()) / runs.total()
    # Geo(.2) clipped at 10 has mean 4.46; neighbours merge and the last one is cut.
    assert 3.5 < mean < 5.5
    assert runs[1] > runs[5] > runs[9]


def test_a_span_stops_before_what_may_not_be_masked():
    sentence = sentence_of("x x x x x x")
    sentence.maskable[3] = False
    for key in range(50):
        plan = SpanMasking(rate=1.0).draw(sentence, [key])
        assert plan.kinds.tolist() == [1, 1, 1, 0, 1, 1]


def test_ngrams_are_masked_whole_but_for_the_last_one(vocabulary):
    sentence = sentence_of("x a b c x C D x", [1, 2, 1, 1, 1, 2, 1, 1])
    strategy = PmiMasking(vocabulary=vocabulary, rate=0.5)
    together = cut = 0
    for key in range(200):
        masked = strategy.draw(sentence, [key]).kinds > 0
        words = set(sentence.piece_word[masked].tolist())
        assert len(words) == 4
        # The longest n-gram counts: "a b c", not "a b"; case is ignored.
        parts = [words & {1, 2, 3} not in (set(), {1, 2, 3})]
        parts.append(words & {5, 6} not in (set(), {5, 6}))
        assert sum(parts) <= 1
        # It is cut only where no single word is left to fill up with.
        assert not any(parts) or {0, 4, 7} <= words
        cut += any(parts)
        together += {1, 2, 3} <= words
    assert 20 < together < 180 and cut < 100


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_where_nothing_or_everything_is_asked_for(name, vocabulary):
    for words, maskable in (("", True), ("x x", False), ("a b " * 2000, True)):
        sentence = sentence_of(words)
        sentence.maskable[:] = maskable
        for rate in (0.0, 1.0):
            plan = build(name, vocabulary, rate=rate).draw(sentence, [0])
            wanted = len(sentence.words) if maskable and rate else 0
            assert plan.count(MaskKind.BASE) == wanted


def test_a_budget_that_exceeds_what_may_be_masked_ends(vocabulary):
    """Terms of the budget may be longer than what is left for whole words."""
    sentence = sentence_of("x x x", [4, 4, 4])
    budget = TokenMasking(rate=0.5, unit="piece")
    for name in ("token-word", "span-word", "pmi"):
        plan = build(name, vocabulary, budget=budget).draw(sentence, [1])
        assert plan.count(MaskKind.BASE) in (0, 4)


def test_rate_or_budget_one_of_them():
    for amount in ({}, {"rate": 0.1, "budget": TermMasking(rate=1.0)}):
        for kind in (TokenMasking, SpanMasking):
            with pytest.raises(MslmError, match=r"\[M412\] .*'rate' or a 'budget'"):
                kind(**amount)
        with pytest.raises(MslmError, match=r"\[M412\]"):
            PmiMasking(vocabulary="x", **amount)


def test_the_vocabulary_is_read_when_the_first_mask_is_drawn(tmp_path):
    strategy = PmiMasking(vocabulary=str(tmp_path / "none.tsv"), rate=0.5)
    copy = pickle.loads(pickle.dumps(strategy))
    for one in (strategy, copy):
        with pytest.raises(MslmError, match=r"\[M413\].*corpus pmi"):
            one.draw(sentence_of("a b"), [0])


def test_a_copy_draws_what_the_original_draws(vocabulary):
    strategy = PmiMasking(vocabulary=vocabulary, rate=0.5)
    sentence = sentence_of("a b c x c d d d d d")
    before = pickle.loads(pickle.dumps(strategy))
    plan = strategy.draw(sentence, [3]).kinds
    after = pickle.loads(pickle.dumps(strategy))
    for copy in (before, after):
        assert (copy.draw(sentence, [3]).kinds == plan).all()


@pytest.mark.parametrize(
    ("content", "row"),
    [(b"a b\t1\t2\nab\t1\t2\n", 2), (b"a b\n", 1), (b"\xff\xfe", 0), (b" b\t1\n", 1)],
)
def test_a_damaged_vocabulary_names_its_row(tmp_path, content, row):
    path = tmp_path / "ngrams.tsv"
    path.write_bytes(content)
    with pytest.raises(MslmError, match=rf"\[M413\].*row {row}:"):
        PmiMasking(vocabulary=str(path), rate=0.5).draw(sentence_of("a b"), [0])
