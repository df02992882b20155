"""Weak labels: learnt before gold, measured as a system, never mixed with gold."""

import shutil
from dataclasses import replace

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.experiments import training
from spacy_mslm.experiments.data import Sentence, load
from spacy_mslm.experiments.plans import Experiment
from spacy_mslm.experiments.run import Corpus, run
from spacy_mslm.experiments.sequence import run_all
from spacy_mslm.experiments.store import Store
from spacy_mslm.experiments.training import make_network
from spacy_mslm.experiments.weak import as_precise, best_together, joined
from spacy_mslm.nn import step
from spacy_mslm.report.lab_weak import beyond_table, together_table

WEAK = "lister"
NOTES = "also\tO\nchest\tB-S\npain\tI-S\nnow\tO\n\nibuprofen\tB-T\ndaily\tO\n\n"


def quiet(text):
    pass


@pytest.fixture
def weak_root(root, tmp_path):
    """Labels that miss all of T, and a terminology that lacks "acute pain"."""
    folder = tmp_path / "weak" / "tiny"
    shutil.copytree(root / "tiny", folder)
    for file in list(folder.iterdir()):
        name = file.stem.replace("devel", "dev")
        text = file.read_text()
        known = text.replace("B-T", "O").replace("I-T", "O")
        (folder / f"{name}.{WEAK}.tsv").write_text(known)
        bare = text.replace("B-T", "O").replace("B-S", "O").replace("I-S", "O")
        lacking = bare.replace("acute\tO\npain\tO", "acute\tB-S\npain\tI-S")
        (folder / f"{name}.{WEAK}.lacks.tsv").write_text(lacking)
    (folder / f"notes.{WEAK}.tsv").write_text(NOTES)
    return folder.parent


@pytest.fixture
def data(weak_root):
    return load(weak_root, "tiny", weak=[WEAK])


def test_weak_labels_are_read_beside_gold(data, weak_root):
    weak = data.weak[WEAK]
    assert {k for s in weak.train for *_, k in s.spans} == {"S"}
    assert [s.doc.words for s in weak.train] == [s.doc.words for s in data.train]
    assert len(weak.notes) == 2
    lacking = [text for s in weak.lacks["test"] for text in s.surfaces()]
    assert set(lacking) == {"acute pain"}
    assert load(weak_root, "tiny").hash == data.hash


def test_labels_of_other_words_are_refused(weak_root):
    path = weak_root / "tiny" / f"train.{WEAK}.tsv"
    path.write_text(path.read_text().replace("fever", "chills"))
    with pytest.raises(MslmError, match=r"M811.*train\.lister\.tsv.*prepare"):
        load(weak_root, "tiny", weak=[WEAK])
    path.unlink()
    with pytest.raises(MslmError, match=r"M806.*train\.lister\.tsv"):
        load(weak_root, "tiny", weak=[WEAK])


def test_without_gold_a_network_learns_what_the_labeller_knows(make_spec, data):
    spec = make_spec(
        share=0.0, weak=WEAK, updates=120, weak_updates=120, batch_words=60, test=True
    )
    result = run(spec, data, say=quiet)
    by_type = result["test"]["strict"]["per_type"]
    assert by_type["S"]["r"] > 0.9 and by_type["T"]["r"] == 0
    assert result["labelled"]["sentences"] == 0 and result["weak_hash"]
    assert len(result["curve"]) == 8 and result["curve"][-1]["update"] == 120


def test_gold_after_weak_labels_adds_what_they_lack(make_spec, data):
    spec = make_spec(weak=WEAK, updates=160, weak_updates=80, batch_words=60, share=1.0)
    result = run(spec, data, say=quiet)
    assert result["dev"]["strict"]["per_type"]["T"]["r"] > 0.9


def test_the_labeller_itself_is_scored(make_spec, data):
    spec = make_spec(
        share=0.0, weak=WEAK, system="labeller", updates=0, arm="labeller", test=True
    )
    result = run(spec, data, say=quiet)
    micro = result["test"]["strict"]["micro"]
    assert micro["p"] == 1.0
    gold = [s for sentence in data.test for s in sentence.spans]
    assert micro["r"] == pytest.approx(sum(k == "S" for *_, k in gold) / len(gold))
    assert result["seconds"] == 0 and result["curve"] == []


@pytest.fixture
def annotations(monkeypatch):
    seen = []

    def watched(network, batch, objective):
        seen.append(batch)
        return step(network, batch, objective)

    monkeypatch.setattr(training, "step", watched)
    return seen


def test_gold_that_is_not_used_never_reaches_training(make_spec, data, annotations):
    """Only the order of two stages: weak labels alone, then the gold of the share."""
    spec = make_spec(
        share=0.1, weak=WEAK, updates=8, weak_updates=4, strategy="joint", notes=True
    )
    network = make_network(spec, data.labels)
    corpus = Corpus.of(spec, data)
    training.train(spec, network, corpus.text(spec, network))
    gold = {s.doc.text_hash for s in corpus.gold}
    t = data.labels.index("T")
    for batch in annotations[:4]:
        kinds = {k for a in batch.annotations for *_, k in a.spans}
        assert t not in kinds or any("ibuprofen" in d.words for d in batch.docs)
    for batch in annotations[4:]:
        assert {d.text_hash for d in batch.docs} <= gold
    hidden = replace(
        data, train=[Sentence(s.doc, ()) for s in data.train], labels=data.labels
    )
    bare = Corpus.of(replace(spec, share=0.0, weak_updates=8), hidden)
    assert bare.weak == corpus.weak


def test_a_student_of_weak_labels_sees_no_gold(make_spec, data, annotations):
    spec = make_spec(
        share=0.0, weak=WEAK, updates=80, weak_updates=80, batch_words=60,
        pseudo_updates=4,
    )  # fmt: skip
    run(spec, data, say=quiet)
    t = data.labels.index("T")
    assert len(annotations) == 84
    for batch in annotations[80:]:
        assert not any(k == t for a in batch.annotations for *_, k in a.spans)


@pytest.mark.parametrize("swap", [0.0, 1.0])
def test_mentions_swapped_are_those_of_weak_labels(make_spec, data, annotations, swap):
    spec = make_spec(
        share=0.0, weak=WEAK, updates=20, weak_updates=20, batch_words=60, swap=swap
    )
    network = make_network(spec, data.labels)
    corpus = Corpus.of(spec, data)
    training.train(spec, network, corpus.text(spec, network))

    labelled = {s.doc.words for s in corpus.weak}
    seen = {d.words for batch in annotations for d in batch.docs}
    mentions = {s.doc.words[a:b] for s in corpus.weak for a, b, _ in s.spans}
    read = {
        doc.words[start:end]
        for batch in annotations
        for doc, annotation in zip(batch.docs, batch.annotations, strict=True)
        for start, end, _ in annotation.spans
    }
    assert (seen <= labelled) is not bool(swap)
    assert read <= mentions


def test_beyond_the_terminology_at_the_labellers_precision(make_spec, data):
    spec = make_spec(
        share=0.0, weak=WEAK, updates=120, weak_updates=120, batch_words=60, test=True,
        arm="vanilla",
    )  # fmt: skip
    result = run(spec, data, say=quiet)
    point = result["at_precision"]
    assert point["beyond"]["n"] == result["test"]["beyond"]["n"] > 0
    assert point["beyond"]["em"] >= result["test"]["beyond"]["em"] - 1e-9
    table = beyond_table([result])
    assert table is not None and table.rows[0][0] == "tiny: vanilla"
    nothing = {"updates": 0, "weak_updates": 0}
    labeller = replace(spec, system="labeller", arm="labeller", **nothing)
    theirs = run(labeller, data, say=quiet)
    [_, cells] = beyond_table([theirs, result]).rows
    assert cells[6] == "1 of 1" and cells[-1].startswith("+0.0")


def test_the_network_adds_to_the_labeller_and_takes_nothing_from_it(make_spec, data):
    spec = make_spec(
        share=0.0, weak=WEAK, updates=120, weak_updates=120, batch_words=60, test=True,
        arm="vanilla",
    )  # fmt: skip
    result = run(spec, data, say=quiet)
    nothing = {"updates": 0, "weak_updates": 0}
    labeller = replace(spec, system="labeller", arm="labeller", **nothing)
    theirs = run(labeller, data, say=quiet)
    [cells] = together_table([theirs, result]).rows
    assert cells[0] == "tiny: vanilla" and cells[6].startswith(("+", "-"))
    assert together_table([result]).rows[0][6:] == ["", ""]
    assert together_table([theirs]) is None


def test_the_point_beside_the_labeller_is_the_best_of_dev():
    words = ["no", "chest", "pain", "or", "cough"]
    gold = [Sentence.of(words, [(1, 3, "S"), (4, 5, "S")])]
    labels = [Sentence.of(words, [(1, 3, "S")])]
    right, wrong = [[(4, 5, "S")]], [[(0, 1, "S"), (4, 5, "S")]]
    for points, chosen in (
        ([((0.9, 0.0), [[]]), ((0.1, -1.0), right), ((0.0, -2.0), wrong)], (0.1, -1.0)),
        # Of equals the surest, then what finds less.
        ([((0.1, 0.0), right), ((0.3, -1.0), right), ((0.3, 1.0), right)], (0.3, 1.0)),
        ([((0.0, 0.0), wrong), ((0.9, 0.0), [[]])], (0.0, 0.0)),
    ):
        assert best_together(gold, labels, points) == chosen
    beyond = [[(4, 5, "S")]]
    points = [((0.0, 0.0), wrong), ((0.1, 0.0), right), ((0.9, 0.0), [[(1, 3, "S")]])]
    # "wrong" finds as much of it and is less precise than the labeller.
    assert as_precise(gold, labels, beyond, points) == (0.1, 0.0)
    assert as_precise(gold, labels, beyond, points[:1]) is None


def test_labels_come_first_where_both_have_a_span():
    doc = Sentence.of(["no", "chest", "pain", "since"], [(1, 3, "S")])
    found = [[(0, 1, "T"), (2, 4, "S"), (1, 3, "T")]]
    assert joined([doc], found) == [[(0, 1, "T"), (1, 3, "S")]]
    assert joined([doc], [[]]) == [[(1, 3, "S")]]


def test_other_weak_labels_under_old_results_are_refused(
    make_spec, data, weak_root, tmp_path
):
    spec = make_spec(share=0.0, weak=WEAK, system="labeller", updates=0, arm="labeller")
    plan = Experiment("weak", "?", (spec,), reference="labeller")
    store = Store(tmp_path / "weak.jsonl")
    assert len(list(run_all(plan, weak_root, store, say=quiet))) == 1
    assert not list(run_all(plan, weak_root, store, say=quiet))
    path = weak_root / "tiny" / f"test.{WEAK}.tsv"
    path.write_text(path.read_text().replace("B-S", "O").replace("I-S", "O"))
    with pytest.raises(MslmError, match=r"M808.*tiny lister"):
        list(run_all(plan, weak_root, store, say=quiet))
