from spacy_mslm.scoring.calibration import measure
from spacy_mslm.scoring.strict import score
from spacy_mslm.scoring.table import calibration_table, metrics_table


def metrics(label="Diseases"):
    scores = score([[(0, 1, label), (2, 3, label)]], [[(0, 1, label)]]).to_dict()
    row = {**scores, "em_seen": {"n": 2, "em": 0.5}, "em_unseen": {"n": 0, "em": None}}
    return {
        "headline": "smoke test on synthetic notes, not evidence",
        "split": "test",
        "notes": 12,
        "patients": 3,
        "rows": [
            {"system": "MedCAT labels", "against": "gold", **row},
            {"system": "trained pipeline", "against": "MedCAT labels", **row},
        ],
    }


def test_headline_first_then_systems_then_types():
    lines = metrics_table(metrics()).splitlines()
    assert lines[0] == "SMOKE TEST ON SYNTHETIC NOTES, NOT EVIDENCE"
    systems = [i for i, line in enumerate(lines) if " against " in line]
    types = [i for i, line in enumerate(lines) if line.startswith("  Diseases")]
    assert len(systems) == len(types) == 2 and max(systems) < min(types)
    assert lines[systems[0]].split()[-6:] == [
        "100.0",
        "50.0",
        "66.7",
        "66.7",
        "50.0",
        "-",
    ]
    assert lines[types[0]].split() == ["Diseases", "100.0", "50.0", "66.7", "2"]


def test_fits_eighty_columns_whatever_the_labels():
    for text in (metrics_table(metrics()), metrics_table(metrics("L" * 200))):
        assert max(map(len, text.splitlines())) <= 80


def fit():
    measured = measure([0.9, 0.8, 0.2], [True, False, False], 2, 2.0)
    row = {"outside_bias": -2.0, "p": 0.5, "r": 1.0, "f": 2 / 3, "tp": 2, "fp": 2}
    return {
        "temperature": 2.0,
        "split": "dev",
        "against": "gold",
        "notes": 3,
        "measured": measured,
        "outside_bias": {"notes": 2, "rows": [row]},
    }


def test_calibration_shows_errors_before_and_after_and_what_thresholds_cost():
    text = calibration_table(fit())
    lines = text.splitlines()
    assert lines[0] == "3 spans of 3 notes, split 'dev', against gold"
    assert lines[2].split() == ["T", "=", "1", "T", "=", "2.000"]
    rows = {line.split()[0]: line.split()[1:] for line in lines if line[:2] == "  "}
    assert rows["0.00"] == ["33.3", "50.0", "40.0", "3"]
    assert rows["0.99"] == ["-", "0.0", "0.0", "0"]
    assert rows["-2.00"] == ["50.0", "100.0", "66.7", "4"]
    assert max(map(len, lines)) <= 80
    assert "outside bias" not in calibration_table({**fit(), "outside_bias": None})
    plain = calibration_table({**fit(), "temperature": 1.0}).splitlines()
    assert plain[2].split() == ["T", "=", "1"] and len(plain[3].split()) == 3


def test_scores_say_how_far_confidences_can_be_trusted():
    calibration = {"temperature": 2.0, "held_out": fit()}
    text = metrics_table({**metrics(), "calibration": calibration})
    ece = fit()["measured"]["ece"]
    assert (
        f"Confidence against gold: ECE {ece['before']:.3f} at T = 1, "
        f"{ece['after']:.3f} at T = 2.000"
    ) in text.splitlines()
    assert "Confidence" not in metrics_table({**metrics(), "calibration": None})
