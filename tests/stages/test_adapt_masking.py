"""Strategies by option and by config."""

import json
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.masking import JointMasking, TokenMasking
from spacy_mslm.stages.adapting import masking as adapt_masking
from spacy_mslm.stages.adapting.masking import masking_of_config, masking_of_options
from spacy_mslm.types import Corruption

CONFIG = """
[paths]
encoder = null

[components]

[components.ner]
factory = "mslm_ner"

[components.ner.model]
@architectures = "spacy-mslm.MslmNer.v1"
weighting = "none"

[components.ner.model.masking]
@misc = "spacy-mslm.TokenMasking.v1"
rate = 0.25
unit = "piece"
"""


def of_options(name, weighting="paper", **values):
    return masking_of_options(
        name, values, weighting=weighting, corruption=Corruption()
    )


def test_options_make_the_registered_strategies():
    masking = of_options("joint", base_rate=0.1)
    assert isinstance(masking.strategy, JointMasking)
    assert masking.strategy.entity.rate == 0.5
    assert masking.strategy.base.amount.rate == 0.1
    token = of_options("token", rate=0.3, unit="piece", entity_rate=None)
    assert isinstance(token.strategy, TokenMasking)
    assert (token.strategy.amount.rate, token.strategy.unit) == (0.3, "piece")
    assert token.about["strategy"] == {
        "@misc": "spacy-mslm.TokenMasking.v1",
        "rate": 0.3,
        "unit": "piece",
    }


def test_a_budget_takes_the_place_of_a_rate():
    """As many pieces as joint masking would mask, spread otherwise."""
    joint = {"@misc": "spacy-mslm.JointMasking.v1", "entity_rate": 0.5}
    joint |= {"base_rate": 0.15, "unit": "word"}
    masking = of_options("span", budget=joint)
    assert masking.strategy.amount.rate is None
    assert isinstance(masking.strategy.amount.budget, JointMasking)
    assert masking.about["strategy"]["budget"] == joint


def test_options_of_another_strategy_are_named():
    with pytest.raises(MslmError, match=r"\[M775\].*token.*know: base_rate, x; .*none"):
        of_options("token", base_rate=0.1, x=1)
    with pytest.raises(MslmError, match=r"\[M410\].*'words'"):
        of_options("words")
    with pytest.raises(MslmError, match=r"\[M410\] 'weighting'.*'heavy'"):
        of_options("joint", weighting="heavy")
    with pytest.raises(MslmError, match=r"\[M401\]"):
        of_options("token", rate=1.5)


def test_a_config_says_masking_weighting_and_corruption(tmp_path):
    path = tmp_path / "train.cfg"
    path.write_text(CONFIG)
    masking = masking_of_config(path)
    assert isinstance(masking.strategy, TokenMasking)
    assert (masking.strategy.amount.rate, masking.weighting) == (0.25, "none")
    assert masking.corruption == Corruption()
    block = "[components.ner.model.corruption]"
    shares = f'\n{block}\n@misc = "spacy-mslm.Corruption.v1"\nmask = 0.8\n'
    shares += "random = 0.1\nkeep = 0.1"
    path.write_text(CONFIG + shares)
    assert masking_of_config(path).corruption == Corruption(0.8, 0.1, 0.1)


def test_the_projects_own_configs_will_do():
    masking = masking_of_config(Path("configs/mslm.cfg"))
    assert isinstance(masking.strategy, JointMasking)
    with pytest.raises(MslmError, match=r"\[M771\]"):
        masking_of_config(Path("configs/vanilla.cfg"))


def test_a_file_that_is_no_config(tmp_path):
    with pytest.raises(MslmError, match=r"\[M701\]"):
        masking_of_config(tmp_path / "none.cfg")
    path = tmp_path / "bad.cfg"
    path.write_text("no config [[")
    with pytest.raises(MslmError, match=r"\[M770\]"):
        masking_of_config(path)


def test_files_are_told_by_what_is_in_them(tmp_path):
    path = tmp_path / "vocabulary.json"
    path.write_text("{}")
    block = {"vocabulary": {"path": str(path)}, "rates": [0.1, path]}
    found = adapt_masking._without_paths(block)
    assert str(tmp_path) not in json.dumps(found)
    before = found["vocabulary"]["path"]
    assert before["name"] == "vocabulary.json" and found["rates"] == [0.1, before]
    path.write_text("[]")
    assert adapt_masking._without_paths(str(path)) != before
