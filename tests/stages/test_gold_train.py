"""The config of one training on gold."""

from pathlib import Path

import pytest
from spacy.util import load_config

from spacy_mslm.stages.gold.train import evaluate_every

CONFIG = Path(__file__).parents[2] / "configs" / "gold.cfg"


@pytest.mark.parametrize(
    ("words", "changes", "every"),
    [
        # Ten updates in all: judged by the first alone, nothing would have been learnt.
        (800, {"training.max_epochs": 10, "training.batcher.size": 800}, 1),
        (400, {"training.max_epochs": 1, "training.batcher.size": 800}, 1),
        (4000, {"training.max_epochs": 10, "training.batcher.size": 800}, 2),
        (10**6, {"training.max_epochs": 10}, 50),
        (800, {"training.max_epochs": 0}, 50),
    ],
)
def test_few_updates_are_judged_often(words, changes, every):
    config = load_config(CONFIG, overrides=changes, interpolate=False)
    assert evaluate_every(config, words) == every
