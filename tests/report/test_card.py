import copy
import json

import pytest
from spacy.schemas import ModelMetaSchema, validate

from spacy_mslm.report.card import RESTRICTED_LICENCE, model_card

AGREEMENT = "agreement with the labeller, not accuracy"
META = {
    "lang": "en",
    "name": "trial",
    "version": "1.2.3",
    "author": "someone",
    "license": "",
    "pipeline": ["ner"],
    "labels": {"ner": ["Symptoms", "Diseases"]},
    "performance": {"ents_f": 0.99, "ner_loss": 12.0},
}


@pytest.fixture
def make_card(make_metrics, manifests, settings):
    def make(*, gold=True, synthetic=True, **changes):
        known = copy.deepcopy(manifests)
        for part in ("labels", "corpus"):
            known[part]["synthetic"] = synthetic
        values = {
            "meta": META,
            "metrics": make_metrics(gold=gold, synthetic=synthetic),
            "manifests": known,
            "settings": settings,
        }
        return model_card(**{**values, **changes})

    return make


def test_names_what_it_is_made_of(make_card):
    meta, readme = make_card()
    for part in (
        "en_trial",
        "package:tiny/model",
        "c0ffee",
        "weak labels by MedCAT 2.9.0, no hand annotation",
        "entity rate 0.5, base rate 0.15",
        "weighting paper",
        "Not for clinical decisions",
        "masked-LM head",
    ):
        assert part in " ".join(readme.split()), part
    assert meta["mslm"]["concepts_sha256"] == "c0ffee"
    assert meta["mslm"]["masking"]["entity_rate"] == 0.5
    assert "Diseases, Symptoms" in meta["description"]


def test_headline_stands_before_the_scores_and_in_the_meta(make_card):
    meta, readme = make_card()
    headline = "smoke test on synthetic notes, not evidence"
    assert headline.upper() in readme.split("##")[0]
    assert headline in meta["description"] and headline in meta["notes"]
    assert meta["performance"]["headline"] == headline


def test_mit_for_synthetic_notes_only(make_card):
    assert make_card()[0]["license"] == "MIT"
    meta, readme = make_card(synthetic=False)
    assert meta["license"] == RESTRICTED_LICENCE
    assert RESTRICTED_LICENCE in readme and "may not be shared" in " ".join(
        readme.split()
    )
    assert "learnt from what a terminology matched" in " ".join(readme.split())


def test_one_doubt_about_the_notes_is_enough_for_the_restriction(
    make_card, make_metrics, manifests
):
    manifests["labels"]["synthetic"] = False
    meta, _ = make_card(manifests=manifests)
    assert meta["license"] == RESTRICTED_LICENCE
    meta, _ = make_card(metrics={}, manifests={})
    assert meta["license"] == RESTRICTED_LICENCE


def test_another_licence_can_be_chosen(make_card):
    assert make_card(synthetic=False, licence="CC0-1.0")[0]["license"] == "CC0-1.0"


def test_without_gold_nothing_claims_accuracy(make_card):
    meta, readme = make_card(gold=False, synthetic=False)
    assert AGREEMENT.upper() in readme and "against gold" not in readme
    assert meta["performance"]["against"] == "MedCAT labels"
    assert meta["performance"]["headline"] == AGREEMENT


def test_scores_of_the_held_out_split_replace_those_of_training(make_card):
    meta, readme = make_card()
    assert meta["performance"]["ents_f"] == pytest.approx(0.5)
    assert "ner_loss" not in meta["performance"]
    assert "trained pipeline against gold" in readme


def test_what_was_in_the_meta_stays(make_card):
    before = copy.deepcopy(META)
    meta, _ = make_card()
    assert before == META
    for key in ("name", "version", "author", "pipeline", "labels"):
        assert meta[key] == META[key]


def test_the_meta_is_one_that_spacy_package_takes(make_card):
    for changes in ({}, {"metrics": {}}, {"gold": False, "synthetic": False}):
        meta, _ = make_card(**changes)
        assert not validate(ModelMetaSchema, meta)
        assert json.loads(json.dumps(meta)) == meta


def test_head_and_missing_scores_are_told(make_card):
    _, readme = make_card(mlm_head=True, metrics={})
    assert "It holds its masked-LM head" in readme
    assert "not scored" in readme.lower() and "NOT SCORED" in readme


def test_claims_no_masked_view_and_no_confidence_where_there_is_none(make_card):
    _, readme = make_card()
    assert "Mask-specific" in readme and "ent._.confidence" in readme
    _, readme = make_card(settings={"encoder": "bert", "masking": None})
    assert "Mask-specific" not in readme and "confidence" not in readme


def test_pieces_of_the_notes_are_words_of_the_notes(make_card):
    """The package of an encoder from scratch holds its vocabulary."""
    scratch = "distilbert from scratch, pieces of folder tokenizer"
    _, readme = make_card(settings={"encoder": scratch, "masking": None})
    assert scratch in readme and "words of the notes, names among them" in readme
    assert "under its own licence" not in readme
    _, readme = make_card(settings={"encoder": "bert", "masking": None})
    assert "words of the notes" not in readme and "under its own licence" in readme


def test_the_licence_is_one_line_in_package_metadata(make_card):
    for key in ("license", "description"):
        assert "\n" not in make_card(synthetic=False)[0][key]


def test_markup_in_names_does_no_harm(make_card, settings):
    evil = "<script>|x\n# y"
    _, readme = make_card(settings={**settings, "encoder": evil})
    assert "<script>" not in readme and "\n# y" not in readme
