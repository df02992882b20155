"""The released protocol: masks tell where entities are, with no model at all."""

import pytest

from spacy_mslm.experiments.gold_masked_protocol import (
    _released_em,
    gold_masked_scores,
)
from spacy_mslm.experiments.masks import Text
from spacy_mslm.experiments.measure import quick
from spacy_mslm.experiments.run import run
from spacy_mslm.experiments.training import make_network, train


def test_without_generic_masks_no_model_is_nearly_perfect(make_spec, data):
    network = make_network(make_spec(), data.labels)
    scores = gold_masked_scores(network, data.dev, entity_rate=1.0, base_rate=0.0)
    assert scores["no_model"]["f"] == 1.0
    assert scores["no_model"]["released_em"] == 1.0
    noisy = gold_masked_scores(network, data.dev, entity_rate=1.0, base_rate=0.5)
    assert noisy["no_model"]["f"] < 1.0


def test_trained_on_masks_it_reads_masks_better_than_text(make_spec, data):
    spec = make_spec(
        strategy="joint",
        detection_view="masked",
        entity_rate=1.0,
        base_rate=0.0,
        updates=150,
        batch_words=60,
    )
    network = make_network(spec, data.labels)
    train(spec, network, Text(data.train))
    shown = gold_masked_scores(network, data.dev, entity_rate=1.0, base_rate=0.0)
    assert shown["network"]["f"] > 0.9
    assert quick(network, data.dev)["f"] < shown["network"]["f"] - 0.1


def test_released_em_is_a_mean_of_batches_and_forgives_false_alarms():
    gold = [[(0, 1, "")]] * 8 + [[(0, 1, ""), (2, 3, "")]] + [[]]
    found = [[(0, 1, ""), (5, 6, "")]] * 8 + [[(0, 1, "")]] + [[(1, 2, "")]]
    assert _released_em(gold, found) == pytest.approx((1.0 + 0.5) / 2)
    assert _released_em([[]], [[]]) == 0.0


def test_a_run_records_it_when_asked(make_spec, data):
    result = run(make_spec(gold_masked=True), data, say=lambda text: None)
    assert set(result["gold_masked"]) >= {"network", "no_model"}
    assert "gold_masked" not in run(make_spec(), data, say=lambda text: None)
