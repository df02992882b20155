"""Tables: means over seeds, differences over the seeds that two arms share."""

import pytest

from spacy_mslm.experiments.spec import RunSpec
from spacy_mslm.experiments.tables import against, arms_of, means
from spacy_mslm.scoring.doc_counts import DocCounts
from spacy_mslm.scoring.strict import score


def row(arm, seed, hits, data="d"):
    """20 sentences of one gold span; the first `hits` of them found."""
    gold = [[(0, 1, "S")] for _ in range(20)]
    found = [[(0, 1, "S")] if i < hits else [(1, 2, "S")] for i in range(20)]
    strict = score(gold, found)
    mentions = [[(0, 1, "S", "x")] for _ in range(20)]
    return {
        "spec": RunSpec(data=data, arm=arm, seed=seed).to_dict(),
        "dev": {
            "strict": strict.to_dict(),
            "em_by_seen": {"unseen": {"n": 20, "em": hits / 20}},
            "partial": {"f": 0.5},
            "ece": 0.1,
            "by_sentence": {
                "strict": DocCounts.of(gold, found).to_text(),
                "unseen": DocCounts.of_unseen(mentions, found, []).to_text(),
            },
        },
    }


ROWS = [row("vanilla", 1, 12), row("vanilla", 0, 10), row("mslm", 0, 15)]


def test_arms_hold_their_seeds_in_order():
    groups = arms_of(ROWS)
    assert list(groups) == [("d", "vanilla"), ("d", "mslm")]
    assert [r["spec"].get("seed", 0) for r in groups["d", "vanilla"]] == [0, 1]


def test_means_in_per_cent():
    found = means(ROWS[:2], "dev")
    assert found["F1"] == pytest.approx(55)
    assert found["EM unseen"] == pytest.approx(55)
    assert found["ECE"] == pytest.approx(10)


def test_differences_are_of_the_seeds_that_both_have():
    groups = arms_of(ROWS)
    found = against(groups["d", "mslm"], groups["d", "vanilla"], "dev")
    assert found["F1"].mean == pytest.approx(0.25)  # 15 - 10 of 20, seed 0 alone
    assert found["EM unseen"].low <= 0.25 <= found["EM unseen"].high
    assert not against([row("mslm", 7, 3)], groups["d", "vanilla"], "dev")
