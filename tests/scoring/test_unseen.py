from spacy_mslm.scoring.unseen import em_by_seen, surface


def test_hand_computed():
    gold = [
        [(0, 2, "Drug", "Aspirin"), (3, 4, "Sign", "cough")],
        [(0, 1, "Drug", "zofenib"), (5, 6, "Drug", "ASPIRIN")],
    ]
    predicted = [[(0, 2, "Drug"), (3, 4, "Drug")], [(0, 1, "Drug")]]
    assert em_by_seen(gold, predicted, ["aspirin", "Cough"]) == {
        "seen": {"n": 3, "em": 1 / 3},
        "unseen": {"n": 1, "em": 1.0},
    }


def test_a_wrapped_mention_is_the_same_mention():
    assert surface("Chest\n pain ") == "chest pain"
    scores = em_by_seen([[(0, 10, "Sign", "chest\npain")]], [[]], ["Chest pain"])
    assert scores["seen"] == {"n": 1, "em": 0.0}


def test_no_mentions_is_not_a_score_of_zero():
    scores = em_by_seen([[(0, 1, "A", "x")]], [[(0, 1, "A")]], ["x"])
    assert scores["unseen"] == {"n": 0, "em": None}


def test_a_mention_given_twice_counts_once():
    gold = [[(0, 1, "A", "x"), (0, 1, "A", "x")]]
    assert em_by_seen(gold, [[]], [])["unseen"]["n"] == 1
