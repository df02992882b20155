"""Gold as `gold` uses it: types renamed, nothing trained on that scores."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus.docs import DocBinWriter, make_doc
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.gold.data import (
    AGAIN,
    OTHER_TYPE,
    count_mentions,
    make_docs,
    notes_hash,
    parse_mapping,
    read_gold,
    seen_in,
    split_gold,
    train_dev,
)
from spacy_mslm.types import CharSpan, DropCounts, Note

NLP = spacy.blank("en")
KNOWN = ("Symptoms", "Treatments")


def note(number, *, patient="", text="", label="Symptoms", **meta):
    text = text or f"Patient {number} has fever ."
    start = text.index("fever")
    span = CharSpan(start, start + 5, label, "gold")
    return Note(f"n{number}", patient or f"p{number}", text, meta=meta, gold=(span,))


@pytest.fixture
def write_gold(tmp_path):
    def write(notes):
        path = tmp_path / f"gold{len(notes)}"
        with DocBinWriter(path, shard_size=1000) as writer:
            for each in notes:
                drops = DropCounts()
                given = {"entities_from": "gold", "drops": drops}
                writer.add(make_doc(NLP.make_doc, each, {}, **given))
        return path

    return write


# Types


def test_names_are_mapped_and_the_unknown_counted(write_gold):
    notes = [note(1, label="Sign"), note(2), note(3, label="Age")]
    gold = read_gold(write_gold(notes), known=KNOWN, mapping={"Sign": "Symptoms"})
    assert gold.mentions == {"Symptoms": 2} and gold.added == []
    assert gold.found == {"Sign": 1, "Symptoms": 1, "Age": 1}
    assert gold.drops == {f"{OTHER_TYPE}: Age": 1}
    # A document stays, as annotated with nothing, and its span group says so.
    docs = make_docs(gold.notes, NLP.make_doc, gold.drops)
    assert [len(doc.spans["gold"]) for doc in docs.values()] == [1, 1, 0]


def test_unknown_types_are_learnt_on_request(write_gold):
    path = write_gold([note(1), note(2, label="Age")])
    gold = read_gold(path, known=KNOWN, mapping={}, add_labels=True)
    assert gold.added == ["Age"] and not gold.drops


def test_the_last_of_equal_texts_stands(write_gold):
    notes = [note(1, text="No fever"), note(2, text="No  fever", label="Treatments")]
    gold = read_gold(write_gold(notes), known=KNOWN, mapping={})
    assert [n.note_id for n in gold.notes] == ["n2"] and gold.drops == {AGAIN: 1}


def test_bad_gold_is_told_with_the_next_step(write_gold, tmp_path):
    path = write_gold([note(1, label="Sign")])
    with pytest.raises(MslmError, match=r"M722.*found: Sign.*--labels"):
        read_gold(path, known=KNOWN, mapping={})
    with pytest.raises(MslmError, match=r"M724.*no type Symptom \("):
        read_gold(path, known=KNOWN, mapping={"Sign": "Symptom"})
    with pytest.raises(MslmError, match="M721"):
        read_gold(write_gold([]), known=KNOWN, mapping={})
    with pytest.raises(MslmError, match="M701"):
        read_gold(tmp_path / "none", known=KNOWN, mapping={})


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("", {}),
        (" A=B , C = D,", {"A": "B", "C": "D"}),
        ("A=B,A=B", {"A": "B"}),
        ("A=B=C", {"A": "B=C"}),
    ],
)
def test_mapping_is_read(text, mapping):
    assert parse_mapping(text) == mapping


@pytest.mark.parametrize("text", ["A", "=B", "A=", "A=B,A=C"])
def test_bad_mapping_is_told(text):
    with pytest.raises(MslmError, match="M723"):
        parse_mapping(text)


# Splits

NOTES = st.lists(st.integers(0, 12), min_size=4, max_size=40).map(
    lambda patients: [note(i, patient=f"p{p}") for i, p in enumerate(patients)]
)


@given(NOTES, st.floats(0.05, 0.6), st.integers(0, 5), st.data())
def test_no_patient_is_trained_on_and_scored(notes, share, seed, data):
    try:
        split = split_gold(notes, share=share, seed=seed)
    except MslmError as err:
        assert "M725" in str(err)
        return
    assert sorted(n.note_id for n in split.test + split.pool) == sorted(
        n.note_id for n in notes
    )
    assert len(split.test) >= max(1, share * len(notes)) - 1e-6
    assert len(split.pool) >= 2 and not split.forced
    assert not {n.patient_id for n in split.test} & {n.patient_id for n in split.pool}
    again = split_gold(list(reversed(notes)), share=share, seed=seed)
    assert {n.note_id for n in again.test} == {n.note_id for n in split.test}
    size = data.draw(st.integers(2, len(split.pool)))
    train, dev = train_dev(split.pool, size, seed)
    assert len(train) + len(dev) == size and train and dev
    more, more_dev = train_dev(split.pool, len(split.pool), seed)
    ids = {n.note_id for n in train + dev}
    assert ids <= {n.note_id for n in more + more_dev}


def test_dev_holds_whole_patients_and_a_fifth():
    notes = [note(i, patient=f"p{i // 2}") for i in range(40)]
    train, dev = train_dev(notes, 40, 0)
    assert not {n.patient_id for n in train} & {n.patient_id for n in dev}
    assert len(dev) == 8


def test_seeds_choose_other_documents():
    notes = [note(i) for i in range(40)]
    chosen = {frozenset(n.note_id for n in train_dev(notes, 10, s)[0]) for s in "012"}
    tests = {
        frozenset(n.note_id for n in split_gold(notes, share=0.3, seed=s).test)
        for s in range(3)
    }
    assert len(chosen) == len(tests) == 3


def test_what_the_weak_corpus_holds_out_is_never_trained_on(tmp_path):
    weak = {"train": [note(0)], "dev": [note(1, patient="x")], "test": [note(2)]}
    for split, notes in weak.items():
        with DocBinWriter(tmp_path / split, shard_size=1000) as writer:
            for each in notes:
                given = {"entities_from": "gold", "drops": DropCounts()}
                writer.add(make_doc(NLP.make_doc, each, {}, **given))
    held = seen_in(tmp_path, ("dev", "test"))
    notes = [note(i, patient=f"q{i}") for i in range(10)]
    notes += [note(20, patient="x"), note(21), note(22, split="test")]
    for seed in range(5):
        split = split_gold(notes, share=0.1, seed=seed, held=held)
        # Two by text, one by patient, one by its folder.
        assert {n.note_id for n in split.test} == {"n1", "n2", "n20", "n22"}
        assert split.forced == 4
    assert note(30, text="Patient 0  has fever .") in seen_in(tmp_path, ["train"])
    assert note(31) not in seen_in(None, ["train"])
    assert note(31) not in seen_in(tmp_path, ["other"])
    with pytest.raises(MslmError, match="M701"):
        seen_in(tmp_path / "none", ["train"])
    with pytest.raises(MslmError, match=r"M725.* 2 are held out \(2 of them"):
        split_gold([notes[1], notes[2], notes[3]], share=0.1, seed=0, held=held)


def test_the_hash_knows_text_and_spans():
    first = notes_hash([note(1)])
    assert first == notes_hash([note(1)])
    others = [note(2), note(1, label="Age"), note(1, text="fever")]
    assert first not in {notes_hash([other]) for other in others}
    assert count_mentions([note(1), note(2)]) == {"Symptoms": 2}
