from spacy_mslm.corpus.stats import StatsCollector, split_overlap
from spacy_mslm.corpus.table import stats_table


def test_every_split_is_a_column_of_at_most_eighty_characters():
    splits = {name: StatsCollector(docs=i) for i, name in enumerate(("train", "dev"))}
    splits["test"] = StatsCollector(docs=7)
    splits["test"].entities["L" * 100] = 4
    splits["test"].misaligned["gold"] = 2
    splits["test"].groups["gold"] = splits["test"].entities.copy()
    report = {
        "splits": {name: s.to_dict() for name, s in splits.items()},
        "overlap": split_overlap(splits),
    }
    lines = stats_table(report).splitlines()
    assert lines[0].split() == ["train", "dev", "test"]
    assert lines[1].split() == ["documents", "0", "1", "7"]
    assert any(line.split()[-3:] == ["0", "0", "2"] for line in lines)
    assert max(map(len, lines)) <= 80
