import pytest

from spacy_mslm.report.held import HeldNote
from spacy_mslm.report.page import Report
from spacy_mslm.report.surfaces import SurfaceCounts
from spacy_mslm.scoring.calibration import measure
from spacy_mslm.scoring.strict import score
from spacy_mslm.types import CharSpan

SMOKE = "smoke test on synthetic notes, not evidence"
AGREEMENT = "agreement with the labeller, not accuracy"
TEXT = "Fever & <script>alert(1)</script> since aspirin.\nNo cough."


def span(start, end, label, score=1.0):
    return CharSpan(start, end, label, score=score)


def scores_of(label="Symptoms"):
    gold = [[(0, 5, label), (51, 56, label)]]
    row = score(gold, [[(0, 5, label), (40, 47, "Treatments")]]).to_dict()
    unseen = {"n": 0, "em": None}
    return {**row, "em_seen": {"n": 2, "em": 0.5}, "em_unseen": unseen}


@pytest.fixture
def make_metrics():
    """`make_metrics(gold=True, synthetic=True)`: what `evaluate` writes."""

    def make(*, gold=True, synthetic=True, label="Symptoms"):
        systems = [("MedCAT labels", "gold"), ("trained pipeline", "gold")]
        if not gold:
            systems = [("trained pipeline", "MedCAT labels")]
        agreed = "held-out notes against gold" if gold else AGREEMENT
        return {
            "headline": SMOKE if synthetic else agreed,
            "synthetic": synthetic,
            "has_gold": gold,
            "split": "test",
            "notes": 1,
            "patients": 1,
            "rows": [
                {"system": system, "against": against, **scores_of(label)}
                for system, against in systems
            ],
            "errors": {},
            "provenance": {
                "commit": "abc123",
                "seed": 0,
                "machine": {"cpu": "made up", "cores": 2},
                "versions": {"python": "3.11.0"},
                "data_hash": "feed",
            },
        }

    return make


def measured(temperature):
    confidences = [0.95, 0.9, 0.9, 0.85, 0.6, 0.35]
    right = [True, True, False, True, False, False]
    return measure(confidences, right, 5, temperature)


@pytest.fixture
def make_calibration():
    """`make_calibration(fit=..., held_out=..., **top)`: the part of metrics.json, parts
    of it changed; `fit=None` as without calibration.json."""

    def make(*, fit=..., held_out=(), temperature=2.0, against="gold"):
        made = {
            "temperature": temperature,
            "fitted": True,
            "reason": "",
            "split": "dev",
            "against": against,
            "notes": 7,
            "measured": measured(temperature),
            "outside_bias": {
                "current": 0.0,
                "notes": 5,
                "rows": [
                    {"outside_bias": b, "p": 0.5, "r": 0.4, "f": 0.45, "tp": 2, "fp": n}
                    for b, n in ((-1.0, 3), (0.0, 2), (1.0, 1))
                ],
            },
        }
        part = {
            "split": "test",
            "against": against,
            "notes": 1,
            "measured": measured(temperature),
        }
        return {
            "temperature": temperature,
            "fit": fit if fit is None else {**made, **({} if fit is ... else fit)},
            "held_out": {**part, **dict(held_out)},
        }

    return make


@pytest.fixture
def manifests():
    concepts = {
        "source": "table",
        "name": "concepts.csv",
        "sha256": "c0ffee",
        "types": {"T184": "Symptoms"},
        "counts": {"Symptoms": {"concepts": 3, "names": 9}},
    }
    labels = {
        "notes": 5,
        "spans": {"Symptoms": 7},
        "drops": {"span overlapping a better one": 2},
        "settings": {"categories": [], "sample": 0},
        "versions": {"medcat": "2.9.0"},
        "synthetic": True,
    }
    corpus = {
        "synthetic": True,
        "entities_from": "medcat",
        "splits": {"train": {"docs": 3}, "test": {"docs": 1}},
        "drops": {},
    }
    return {"labels": labels, "concepts": concepts, "corpus": corpus}


@pytest.fixture
def settings():
    return {
        "encoder": "package:tiny/model",
        "masking": {
            "strategy": "JointMasking.v1",
            "entity_rate": 0.5,
            "base_rate": 0.15,
            "unit": "word",
        },
        "weighting": "paper",
        "mask_weights": {"entity": 0.55, "base": 0.45},
        "loss_weights": {"mslm": 1.0, "detection": 1.0, "classification": 1.0},
        "max_pieces": 128,
        "heads_learn_rate": 1.0,
        "threshold": 0.0,
        "training": {"seed": 0, "max_epochs": 6, "learn_rate": 1e-4},
    }


@pytest.fixture
def note():
    """One hit (Fever), one miss (cough), one false alarm (aspirin), one script."""
    return HeldNote(
        name="note <1>",
        text=TEXT,
        predicted=(span(0, 5, "Symptoms", 0.9), span(40, 47, "Treatments", 0.3)),
        reference=(span(0, 5, "Symptoms"), span(52, 57, "Symptoms")),
    )


@pytest.fixture
def make_report(make_metrics, manifests, settings, note):
    def make(**changes):
        surfaces = SurfaceCounts({"fever"})
        surfaces.add(note)
        losses = {"ner": 3.0, "ner_mslm": 2.0, "ner_detection": 1.0}
        scored = {"ents_p": 0.5, "ents_r": 0.5, "ents_f": 0.5}
        log = [
            {"epoch": 0, "step": step, "losses": losses, "scores": scored}
            for step in (0, 50)
        ]
        values = {
            "name": "trial",
            "metrics": make_metrics(),
            "manifests": manifests,
            "settings": settings,
            "log": log,
            "notes": [note],
            "surfaces": surfaces,
        }
        return Report(**{**values, **changes})

    return make
