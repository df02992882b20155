"""Parts of the time: each counted once, and none forgotten."""

import time
from types import SimpleNamespace

import pytest

from spacy_mslm.bench.anatomy import REST, Clock, growth, prediction_parts

SENTENCES = [["Patient", "has", "chest", "pain", "."], ["No", "fever", "."]] * 20


def test_a_part_within_another_is_counted_once():
    def inner():
        time.sleep(0.03)

    system = SimpleNamespace(inner=inner, outer=None)

    def outer():
        time.sleep(0.01)
        system.inner()

    system.outer = outer
    clock = Clock()
    with clock.watching(system, "inner", "in"), clock.watching(system, "outer", "out"):
        system.outer()
        time.sleep(0.02)
        clock.switch()
    assert system.inner is inner and system.outer is outer
    for part, seconds in (("in", 0.03), ("out", 0.01), (REST, 0.02)):
        assert seconds <= clock.seconds[part] < seconds + 0.02


def test_an_error_closes_its_part():
    system = SimpleNamespace(fail=lambda: 1 / 0)
    clock = Clock()
    with clock.watching(system, "fail", "part"), pytest.raises(ZeroDivisionError):
        system.fail()
    clock.switch()
    assert clock._open == [REST]


def test_shares_of_prediction_make_a_whole(trained):
    shares = prediction_parts(trained, SENTENCES, rounds=1)
    assert {"encoder", "pieces", "heads and decoding", REST} <= shares.keys()
    assert sum(shares.values()) == pytest.approx(1)
    assert all(share > 0 for share in shares.values())


def test_growth_has_a_speed_for_every_size(make_nlp, train_nlp):
    nlp = make_nlp()
    train_nlp(nlp, updates=1)
    found = growth(nlp, SENTENCES, rounds=1)
    assert all(speed > 0 for row in found.values() for speed in row.values())
    assert {"words a document", "documents", "entity types"} <= found.keys()
