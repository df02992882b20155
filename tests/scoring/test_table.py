from spacy_mslm.scoring.strict import score
from spacy_mslm.scoring.table import metrics_table


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
