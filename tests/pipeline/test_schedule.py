"""The learning rate: words of the manifest, up, then down."""

import itertools
import json

import pytest
from thinc.api import Adam

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.schedule import (
    warmup_linear_over_corpus,
    warmup_linear_over_updates,
)


@pytest.fixture
def corpus(tmp_path):
    """A folder of 1,000 training words, as `corpus build` counts them."""
    content = {"splits": {"train": {"tokens": 1000}, "dev": {"tokens": 10}}}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    (tmp_path / "train").mkdir()
    return tmp_path / "train"


def rates(corpus, n, **values):
    settings = {"learn_rate": 0.1, "warmup": 0.2, "epochs": 2, "batch_words": 100}
    schedule = warmup_linear_over_corpus(corpus=corpus, **{**settings, **values})
    return list(itertools.islice(schedule, n))


def test_rises_over_the_warm_up_then_falls_to_the_end(corpus):
    # 2 epochs x 1,000 words / 100 words = 20 updates, 4 of them rising.
    got = rates(str(corpus), 25)
    assert got[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert got[4] == pytest.approx(0.1)
    assert all(a > b for a, b in itertools.pairwise(got[4:20]))
    assert got[19] == pytest.approx(0.1 / 16)
    # Longer than thought: it still learns a little.
    assert got[20:] == pytest.approx([0.001] * 5)


def test_without_a_warm_up_it_falls_from_the_start(corpus):
    got = rates(str(corpus), 20, warmup=0.0)
    assert got[0] == pytest.approx(0.1) and got[-1] < 0.01
    assert got == sorted(got, reverse=True)


def test_without_a_corpus_it_is_constant():
    assert rates(None, 3) == [0.1] * 3


def test_an_optimizer_reads_it(corpus):
    schedule = warmup_linear_over_corpus(
        learn_rate=0.1, warmup=0.2, epochs=2, batch_words=100, corpus=str(corpus)
    )
    optimizer = Adam(schedule)
    seen = []
    for _ in range(20):
        seen.append(float(optimizer.learn_rate))
        optimizer.step_schedules()
    peak = seen.index(max(seen))
    assert 0 < peak < 6
    assert seen[: peak + 1] == sorted(seen[: peak + 1])
    assert seen[peak + 1 :] == sorted(seen[peak + 1 :], reverse=True)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"splits": {"train": {}}}'])
def test_a_corpus_without_a_count_says_what_to_run(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(MslmError, match=r"\[M504\] .*'train'.* corpus build"):
        rates(str(tmp_path / "train"), 1)


@pytest.mark.parametrize("warmup", [-0.1, 1.1])
def test_warm_up_is_a_share(warmup):
    with pytest.raises(MslmError, match=r"\[M401\] 'warmup'"):
        rates(None, 1, warmup=warmup)


@pytest.mark.parametrize("name", ["epochs", "batch_words"])
@pytest.mark.parametrize("value", [0, -1])
def test_training_without_an_end_has_no_such_schedule(corpus, name, value):
    """max_epochs = 0 means "no end" to spaCy: the rate would be 1% all along."""
    with pytest.raises(MslmError, match=rf"\[M408\] '{name}' .*got {value}"):
        rates(str(corpus), 1, **{name: value})


def test_over_updates_it_is_the_same(corpus):
    schedule = warmup_linear_over_updates(learn_rate=0.1, warmup=0.2, updates=20)
    got = list(itertools.islice(schedule, 25))
    assert got == rates(str(corpus), 25)
    assert max(got) == 0.1 and min(got) > 0


@pytest.mark.parametrize("wrong", [{"warmup": 1.5}, {"updates": 0}])
def test_over_updates_bad_settings_are_told(wrong):
    settings = {"learn_rate": 0.1, "warmup": 0.1, "updates": 10, **wrong}
    with pytest.raises(MslmError, match=r"M401|M408"):
        warmup_linear_over_updates(**settings)
