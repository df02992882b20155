"""The part of page, summary and card about gold documents."""

import pytest

from spacy_mslm.report.card import model_card
from spacy_mslm.report.gold import gold_source, gold_table, gold_title, gold_used
from spacy_mslm.report.page import render_page, render_summary

EVIL = "<script>alert('x')</script>"
NONE_GIVEN = {"given": False, "says": "no gold given", "rows": []}


def row(system, documents, f, *, sd=None, seeds=(0,), label="Symptoms"):
    shares = {"p": f, "r": f, "f": f}
    return {
        "system": system,
        "documents": documents,
        "seeds": list(seeds),
        "mean": shares,
        "sd": dict.fromkeys(shares, sd),
        "per_type": {label: shares},
    }


@pytest.fixture
def gold():
    return {
        "given": True,
        "synthetic": False,
        "rows": [
            row("weak labels alone", 0, 0.25),
            row("weak labels, then gold", 10, 0.5, sd=0.02, seeds=(0, 1, 2)),
            row("gold alone, no weak labels", 10, 0.4, label=EVIL),
            row("weak labels, then gold", 50, 0.75),
        ],
        "test": {"documents": 30, "patients": 29, "mentions": {"Symptoms": 40, "X": 2}},
        "packaged": {"documents": 50, "seed": 3},
        "warnings": ["One seed is a sign, no result."],
    }


def test_table_has_a_row_a_size_and_f1_a_type(gold):
    header, rows = gold_table(gold)
    assert header[2:5] == ["Precision", "Recall", "F1"]
    assert header[5:] == [f"F1 {EVIL}", "F1 Symptoms", "Seeds"]
    assert rows[0][1:] == ["0", "25.0", "25.0", "25.0", "–", "25.0", "–"]
    assert rows[1][4] == "50.0 ± 2.0" and rows[1][-1] == "3"
    assert gold_title(gold) == "Gold documents: 0, 10 and 50 side by side"


def test_page_and_summary_show_it_escaped(gold, make_report, manifests):
    report = make_report(manifests={**manifests, "gold": gold})
    for text in (render_page(report), render_summary(report)):
        assert "Gold documents: 0, 10 and 50 side by side" in text
        assert "scored on the same 30 gold documents of 29 patients" in text
        assert "Handed on is the pipeline with 50 gold documents, seed 3." in text
        assert "One seed is a sign" in text and "over seeds" in text
        assert "then 50 documents annotated by people" in text
        assert "no hand annotation" not in text
        assert "<script>" not in text


@pytest.mark.parametrize("said", [None, NONE_GIVEN])
def test_without_gold_nothing_is_said(said, make_report, manifests):
    known = manifests if said is None else {**manifests, "gold": said}
    for text in (
        render_page(make_report(manifests=known)),
        render_summary(make_report(manifests=known)),
    ):
        assert "side by side" not in text and "no hand annotation" in text


def test_sizes_of_zero_alone_leave_the_weak_pipeline(gold, make_report, manifests):
    only = {**gold, "rows": gold["rows"][:1], "packaged": None}
    assert gold_used(only) == 0 and gold_source(only) == ""
    assert gold_title(only) == "Gold documents: 0 side by side"
    page = render_page(make_report(manifests={**manifests, "gold": only}))
    assert "Handed on is the pipeline of weak labels." in page


@pytest.mark.parametrize("synthetic", [True, False])
def test_card_counts_gold_and_its_licence_follows(
    synthetic, gold, make_metrics, manifests, settings
):
    known = {**manifests, "gold": {**gold, "synthetic": synthetic}}
    meta, readme = model_card({}, make_metrics(), known, settings)
    assert meta["mslm"]["gold_documents"] == 50
    assert "it learnt from 50 documents that people" in readme
    # Real documents in it: no longer a pipeline of synthetic notes, so not MIT.
    assert meta["mslm"]["synthetic"] is synthetic
    assert (meta["license"] == "MIT") is synthetic


def test_card_without_gold_says_nothing_of_it(make_metrics, manifests, settings):
    known = {**manifests, "gold": NONE_GIVEN}
    meta, readme = model_card({}, make_metrics(), known, settings)
    assert meta["mslm"]["gold_documents"] == 0 and meta["license"] == "MIT"
    assert "Little gold" not in readme
