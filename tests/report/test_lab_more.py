"""The laboratory's report on weak labels, statistics, shares, and runs made twice."""

import numpy as np
import pytest

from spacy_mslm.experiments.statistics import statistics
from spacy_mslm.report.lab_beside import beside_table
from spacy_mslm.report.lab_over import over_charts
from spacy_mslm.report.lab_paper import EXHIBITS, paper_table
from spacy_mslm.report.lab_weak import beyond_table, statistics_table
from spacy_mslm.scoring.doc_counts import DocCounts


def scores(f, beyond=None):
    micro = {"p": f, "r": f, "f": f}
    made = {"strict": {"micro": micro}}
    return made if beyond is None else {**made, "beyond": {"n": 10, "em": beyond}}


def row(arm, f, seed=0, beyond=None, **more):
    spec = {"data": "d", "arm": arm, "seed": seed, **more.pop("spec", {})}
    return {"spec": spec, "test": scores(f, beyond), **more}


def test_beyond_the_terminology_are_means_over_seeds():
    listed = {"weak": "w"}
    rows = [
        row("labeller", 0.4, beyond=0.0, spec={"system": "labeller", "weak": "w"}),
        row("vanilla", 0.5, 0, 0.2, at_precision=scores(0.6, 0.4), spec=listed),
        row("vanilla", 0.6, 1, 0.4, at_precision=scores(0.7, 0.5), spec=listed),
        row("mslm", 0.6, 0, 0.4, at_precision=None, spec=listed),
        row("gold", 0.9),
    ]
    table = beyond_table(rows)
    assert [cells[0] for cells in table.rows] == [
        "d: labeller",
        "d: vanilla",
        "d: mslm",
    ]
    # No labeller of the same terminology was run with seed 1.
    assert table.rows[1][1:] == [
        *("2", "55.0", "55.0", "55.0", "30.0"),
        *("2 of 2", "65.0", "65.0", "65.0", "45.0", ""),
    ]
    assert table.rows[0][-6:] == table.rows[2][-6:] == [""] * 6
    assert beyond_table([row("gold", 0.9)]) is None


def test_a_run_made_twice_is_within_what_seeds_allow_or_not():
    lab = [counted("vanilla", n, seed) for seed, n in enumerate((70, 71, 72))]
    # t(2) = 4.303, s = 1, sqrt(4/3): half an interval is 4.97 points.
    again = [counted("vanilla", 67, 0), counted("vanilla", 65, 1)]
    [cells] = beside_table(again, lab).rows
    assert cells[:7] == [
        *("d: vanilla", "70.0, 71.0, 72.0", "71.0", "66.0 to 76.0"),
        *("67.0, 65.0", "66.0", "1 of 2"),
    ]
    assert cells[7].startswith("-4.5 [")
    assert beside_table(again, lab[:1]) is None
    assert beside_table([counted("mslm", 70, 0)], lab) is None


def counted(arm, hits, seed):
    """A result that finds so many of a hundred mentions and nothing else wrong."""
    hit = np.array([1] * hits + [0] * (100 - hits))
    counts = DocCounts(hit, 1 - hit, 1 - hit).to_text()
    made = row(arm, hits / 100, seed)
    made["test"]["by_sentence"] = {"strict": counts, "unseen": counts}
    return made


def test_lines_over_the_share_of_gold_and_of_spoilt_names():
    gold = [
        row(f"{name}, {share:.0%}", f, seed, spec={"share": share})
        for name in ("gold", "labels and gold")
        for share, f in ((0.01, 0.3), (0.1, 0.5), (1.0, 0.7))
        for seed in (0, 1)
    ]
    [chart] = over_charts(gold)
    assert chart.name == "gold-d" and "labels and gold" in chart.figure
    noise = [
        row(arm, f, spec={"share": 0.0, "weak": weak})
        for arm, weak, f in (
            ("vanilla", "medcat", 0.4),
            ("vanilla, 10-missing", "medcat-10-missing", 0.35),
            ("vanilla, 30-wrong", "medcat-30-wrong", 0.25),
            ("mslm, both views", "medcat", 0.5),
            ("mslm, both views, 10-missing", "medcat-10-missing", 0.45),
        )
    ]
    assert [c.name for c in over_charts(noise)] == ["missing-d", "wrong-d"]
    assert over_charts([row("vanilla", 0.4), row("mslm", 0.5)]) == []


def test_beside_the_paper_only_sets_it_scores():
    rows = [row("vanilla", 0.8, spec={"data": "ner_bc2gm"}), row("vanilla", 0.8)]
    [cells] = paper_table(rows).rows
    assert cells == ["ner_bc2gm: vanilla", "80.0", "92.17", "83.82"]
    assert paper_table(rows[1:]) is None
    assert len({name for name, _ in EXHIBITS}) == len(EXHIBITS)


@pytest.fixture
def held(tmp_path):
    from spacy_mslm.experiments.data import load

    folder = tmp_path / "tiny"
    folder.mkdir()
    text = "no\tO\nchest\tB-S\npain\tI-S\n\nnothing\tO\n\n"
    for split in ("train", "dev"):
        (folder / f"{split}.tsv").write_text(text)
    (folder / "test.tsv").write_text(text + "CHEST\tB-S\npain\tI-S\n\nflu\tB-S\n\n")
    return load(tmp_path, "tiny")


def test_statistics_by_hand(held):
    found = statistics(held)
    assert found["train"]["sentences"] == 2 and found["train"]["words"] == 4
    assert found["test"]["mentions"] == 3 and found["test"]["different_mentions"] == 2
    assert found["test"]["unseen_mentions"] == 1
    assert found["test"]["words_a_mention"] == pytest.approx(5 / 3)
    assert found["test"]["without_mentions"] == 1
    assert found["test"]["by_type"] == {"S": 3}
    table = statistics_table([{"spec": {"data": "tiny"}, "statistics": found}])
    assert [cells[0] for cells in table.rows] == [
        *("tiny, train", "tiny, dev", "tiny, test"),
    ]
    assert statistics_table([{"spec": {"data": "tiny"}}]) is None
