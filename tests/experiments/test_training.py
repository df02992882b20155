"""A run does what its spec says, repeats exactly, and never reads gold it predicts."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments import training
from spacy_mslm.experiments.data import Sentence
from spacy_mslm.experiments.masks import Text, make_masker, weights_of
from spacy_mslm.experiments.measure import bio, find, measure, named
from spacy_mslm.experiments.run import run
from spacy_mslm.experiments.training import make_network, train
from spacy_mslm.nn import Batch, step


@pytest.fixture
def batches(monkeypatch):
    """Every batch that training hands to `step`."""
    seen: list[Batch] = []

    def watched(network, batch, objective):
        seen.append(batch)
        return step(network, batch, objective)

    monkeypatch.setattr(training, "step", watched)
    return seen


def texts(batch):
    return [" ".join(doc.words) for doc in batch.docs]


def test_vanilla_has_no_masked_view_and_reads_labels_alone(make_spec, data, batches):
    spec = make_spec()
    network = make_network(spec, data.labels)
    assert network.mlm is None
    course = train(spec, network, Text(data.train[:10]))
    assert len(batches) == 6 and course.words > 50
    assert all(batch.kinds is None for batch in batches)
    assert all(a.known.all() for batch in batches for a in batch.annotations)
    assert all(row["mslm"] == 0 for row in course.losses)


def test_uniform_masks_as_many_pieces_as_joint(make_spec, data, batches):
    counts = {}
    for strategy in ("token", "joint", "span", "pmi"):
        spec = make_spec(strategy=strategy, base_rate=0.4)
        course = train(spec, make_network(spec, data.labels), Text(data.train))
        counts[strategy] = sum(course.masked.values())
        assert (course.masked["entity"] > 0) == (strategy == "joint")
    assert 0.9 <= counts["token"] / counts["joint"] <= 1
    assert 0.9 <= counts["span"] / counts["joint"] <= 1
    assert 0.9 <= counts["pmi"] / counts["joint"] <= 1


def test_plain_text_is_masked_and_teaches_no_entities(make_spec, data, batches):
    spec = make_spec(strategy="joint", plain_words=20, base_rate=0.5)
    plain = [replace(s, spans=()) for s in data.train[10:]]
    course = train(spec, make_network(spec, data.labels), Text(data.train[:2], plain))
    unknown = [
        (a, kinds)
        for batch in batches
        for a, kinds in zip(batch.annotations, batch.kinds, strict=True)
        if not a.known.any()
    ]
    assert unknown and any(kinds.any() for _, kinds in unknown)
    assert all(batch.annotations[0].known.all() for batch in batches)
    words = sum(len(s.doc.words) for s in data.train[:2])
    assert course.words <= 6 * words


def test_stage_and_main_make_the_updates_of_the_budget(make_spec, data, batches):
    spec = make_spec(strategy="joint", stage_updates=2, masked_share=0.0)
    course = train(spec, make_network(spec, data.labels), Text(data.train))
    assert len(batches) == 6
    assert [row["mslm"] > 0 for row in course.losses] == [True] * 2 + [False] * 4
    known = [any(a.known.any() for a in batch.annotations) for batch in batches]
    assert known == [False, False, True, True, True, True]
    assert [row["detection"] > 0 for row in course.losses] == known


def test_static_masks_stay_and_dynamic_ones_change(make_spec, data, batches):
    for dynamic in (True, False):
        batches.clear()
        spec = make_spec(
            strategy="joint", base_rate=0.5, dynamic=dynamic, batch_words=400
        )
        train(spec, make_network(spec, data.labels), Text(data.train[:5]))
        kinds = [
            dict(zip(texts(b), (k.tobytes() for k in b.kinds), strict=True))
            for b in batches
        ]
        same = all(of_update == kinds[0] for of_update in kinds)
        assert same is not dynamic
        assert len({batch.key for batch in batches}) == len(batches)


def test_swapped_mentions_reach_the_network(make_spec, data, batches):
    spec = make_spec(swap=1.0, updates=20)
    train(spec, make_network(spec, data.labels), Text(data.train[:5]))
    before = {" ".join(s.doc.words) for s in data.train[:5]}
    seen = {text for batch in batches for text in texts(batch)}
    assert seen - before


def test_weights_by_name_and_by_ratio():
    assert weights_of("4", 10, 90).entity == pytest.approx(0.8)
    assert weights_of("4", 10, 90).base == pytest.approx(0.2)
    assert weights_of("ratio", 10, 90).entity == pytest.approx(0.9)
    assert weights_of("none", 10, 90).entity == 0.5
    assert 1 < weights_of("paper", 10, 90).entity / weights_of("paper", 10, 90).base < 3
    with pytest.raises(MslmError, match=r"M410.*weighting"):
        weights_of("twice", 1, 1)


def test_a_run_repeats_exactly(make_spec, data):
    spec = make_spec(strategy="joint", arm="mslm", test=True, updates=16)
    first, second = (run(spec, data, say=lambda text: None) for _ in range(2))
    for result in (first, second):
        del result["seconds"]
    assert first == second
    assert len(first["curve"]) == 8
    assert first["test"]["strict"] and first["dev"]["masked_lm"]["terms"]["n"]


def test_results_hold_no_text(make_spec, data):
    result = run(make_spec(test=True), data, say=lambda text: None)
    flat = str(result).lower()
    for word in ("fever", "metformin", "aspirin", "patient"):
        assert word not in flat


def test_it_learns_and_another_seed_differs(make_spec, data):
    spec = make_spec(updates=120, batch_words=60)
    result = run(spec, data, say=lambda text: None)
    assert result["dev"]["strict"]["micro"]["f"] > 0.9
    assert result["dev"]["em_by_seen"]["unseen"]["n"] == 0
    other = run(replace(spec, seed=1), data, say=lambda text: None)
    assert other["losses"] != result["losses"]


def test_self_training_learns_from_what_was_found(make_spec, data, batches):
    spec = make_spec(updates=100, batch_words=60, share=0.4, pseudo_updates=3)
    result = run(spec, data, say=lambda text: None)
    assert len(batches) == 103
    assert max(map(len, map(texts, batches[-3:]))) > max(
        map(len, map(texts, batches[:100]))
    )
    assert result["words_trained"] > 0


def test_gold_never_reaches_what_is_predicted(make_spec, data):
    network = make_network(make_spec(), data.labels)
    train(make_spec(updates=60), network, Text(data.train))
    wanted = find(network, data.dev)
    assert any(wanted)
    rng = np.random.default_rng(0)
    for _ in range(5):
        order = rng.permutation(len(data.dev))
        wrong = [
            Sentence(s.doc, tuple(x for x in data.dev[i].spans if x[1] <= 3))
            for s, i in zip(data.dev, order, strict=True)
        ]
        assert find(network, wrong) == wanted


def test_scores_of_a_network_by_hand(make_spec, data):
    network = make_network(make_spec(), data.labels)
    train(make_spec(updates=120, batch_words=60), network, Text(data.train))
    scores = measure(network, data.dev, ["chest pain"], masked=False)
    found = [named(network, spans) for spans in find(network, data.dev)]
    right = sum(
        span in set(s.spans)
        for s, of in zip(data.dev, found, strict=True)
        for span in of
    )
    assert scores["strict"]["micro"]["tp"] == right
    assert scores["em_by_seen"]["seen"]["n"] == 1
    assert scores["em_by_seen"]["unseen"]["n"] == 3
    assert scores["masked_lm"] is None
    assert 0 <= scores["ece"] <= 1


def test_bio_of_spans():
    assert bio([(1, 3, "S"), (3, 4, "T")], 5) == ["O", "B-S", "I-S", "B-T", "O"]


def test_maskers_of_the_arms(make_spec):
    assert make_masker(make_spec(), Text(())) is None
    for strategy in ("joint", "token", "span", "pmi"):
        assert make_masker(make_spec(strategy=strategy), Text(())) is not None


def test_training_leaves_torchs_generator_to_the_seed(make_spec, data):
    draws = []
    for before in (99, 100):
        torch.manual_seed(before)
        make_network(make_spec(seed=5), data.labels)
        draws.append(torch.rand(1).item())
    assert draws[0] == draws[1]


def test_weights_count_plain_text_as_often_as_it_is_read(make_spec, data):
    labelled, plain = data.train[:5], data.train[5:]
    counted = {}
    for words in (20, 40):
        spec = make_spec(strategy="token", plain_words=words, base_rate=0.5, updates=1)
        course = train(spec, make_network(spec, data.labels), Text(labelled, plain))
        counted[words] = course.masked["base"]
    spec = make_spec(strategy="token", base_rate=0.5, updates=1)
    alone = train(spec, make_network(spec, data.labels), Text(labelled)).masked["base"]
    # As many words of plain text as of labelled text, and twice as many.
    assert counted[20] == pytest.approx(2 * alone, rel=0.2)
    assert counted[40] == pytest.approx(3 * alone, rel=0.2)


def test_words_through_the_encoder_count_both_views(make_spec, data):
    text = Text(data.train)
    costs = {}
    for name, settings in {
        "vanilla": {},
        "both": {"strategy": "joint", "base_rate": 1.0},
        "half": {"strategy": "joint", "base_rate": 1.0, "masked_share": 0.5},
    }.items():
        spec = make_spec(**settings)
        course = train(spec, make_network(spec, data.labels), text)
        costs[name] = course.words_encoded / course.words
    assert costs == {"vanilla": 1.0, "both": 2.0, "half": 1.5}
