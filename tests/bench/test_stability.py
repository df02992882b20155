"""How far scores move with the batch: counted right, and small."""

import numpy as np
import pytest

from spacy_mslm.bench.stability import compare, run_stability
from spacy_mslm.errors import MslmError


def test_movement_and_changed_tags_by_hand():
    first = np.log(np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1]]))
    other = np.log(np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1]]))
    found = compare(first, other)
    moved = np.log(0.5 / 0.4) * 2
    assert found["moved"] == pytest.approx(moved)
    assert found["changed"] == 1
    assert found["changed_at_most"] == pytest.approx(np.log(0.5 / 0.4))
    assert compare(first, first)["moved"] == 0


def test_in_float32_scores_hardly_move(trained, corpus):
    line = run_stability(
        trained, corpus, split="test", precision="float32", docs=20, provenance={}
    )
    assert line["docs"] == 20 and line["words"] > 100
    assert line["moved"] < 1e-3
    assert all(row["changed"] == 0 for row in line["ways"].values())
    assert set(line["ways"]) >= {"batches of 17", "one thread"}


def test_unknown_precision_and_other_pipelines_are_refused(trained, corpus):
    import spacy

    with pytest.raises(MslmError, match=r"\[M410\] 'precision'"):
        run_stability(
            trained, corpus, split="test", precision="int4", docs=2, provenance={}
        )
    with pytest.raises(MslmError, match=r"\[M741\].*mslm_ner"):
        run_stability(
            spacy.blank("en"),
            corpus,
            split="test",
            precision="float32",
            docs=2,
            provenance={},
        )
