"""What `adapt` reads, and what it never reads."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import spacy

from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.reading import read_doc
from spacy_mslm.pipeline.sentences import ClinicalSentences
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer
from spacy_mslm.stages.adapting import data as adapt_data
from spacy_mslm.stages.adapting.data import NO_WORDS, OF_TEST, Reading, read_data
from spacy_mslm.stages.corpora.corpus import build_iob_corpus
from spacy_mslm.stages.labelling.concepts import build_concepts
from spacy_mslm.stages.labelling.label import FAILED
from spacy_mslm.types import CharSpan

ROOT = Path(__file__).parents[2]
TEXT = "Seen by [**Known lastname 9001**] for chest\npain.\nNo fever, denies cough."


def quiet():
    pass


def read(source, **reading):
    return read_data(source, Reading(**reading), quiet)


def words_of(data, indices):
    return {" ".join(data.shelf[i][0].words) for i in indices.tolist()}


def terms_of(data, index):
    doc, annotation = data.shelf[index]
    return [" ".join(doc.words[s:e]) for s, e, _ in annotation.spans]


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.jsonl"
    rows = [
        {"note_id": f"n{i}", "patient_id": f"p{i // 2}", "text": f"{TEXT} Day {i}."}
        for i in range(20)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def labels(tmp_path):
    """A folder as `label` leaves it: overlapping spans of two sources."""
    folder = tmp_path / "labels"
    folder.mkdir()
    lines = []
    for i in range(4):
        spans = [
            {"start": TEXT.index(t), "end": TEXT.index(t) + len(t), "label": "S"}
            for t in ("chest\npain", "chest", "fever")
        ]
        spans = [{**s, "source": "medcat"} for s in spans]
        spans.append({**spans[0], "start": 0, "end": 4, "source": "other"})
        row = {"note_id": f"n{i}", "patient_id": f"p{i}", "text": TEXT, "spans": spans}
        lines.append(json.dumps({**row, "category": "", "meta": {}}) + "\n")
    data = "".join(lines).encode()
    (folder / "part-00000.jsonl").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    manifest = {"shards": {"part-00000.jsonl": sha256}, "concepts_hash": "abc"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def corpus(tmp_path):
    files = []
    for split, word in (("train", "fever"), ("dev", "cough"), ("test", "secret")):
        path = tmp_path / f"{split}.tsv"
        path.write_text(f"no\tO\n{word}\tB-D\n\n{word}\tB-D\nagain\tI-D\n\n")
        files.append(path)
    build_iob_corpus(files, tmp_path / "corpus")
    return tmp_path / "corpus"


def test_raw_notes_are_read_as_in_training_and_split_by_patient(notes):
    data = read(notes, held_out=0.3)
    assert (len(data.shelf), len(data.train), len(data.held_out)) == (20, 14, 6)
    assert sorted([*data.train, *data.held_out]) == list(range(20))
    days = [{i // 2 for i in part.tolist()} for part in (data.train, data.held_out)]
    assert not days[0] & days[1]
    doc = ClinicalTokenizer(spacy.blank("en").vocab)(f"{TEXT} Day 3.")
    expected = read_doc(ClinicalSentences()(doc))
    found, annotation = data.shelf[3]
    assert found.words == expected.words and found.sentences == expected.sentences
    assert found.placeholders.tolist() == expected.placeholders.tolist()
    assert found.text_hash == expected.text_hash
    assert data.shelf.n_terms == 0 and not annotation.known.any()
    assert data.about["kind"] == "notes" and data.about["data_hash"]


def test_concepts_find_terms_in_raw_notes(notes, monkeypatch, tmp_path):
    class Fake:
        name = "fake"

        def find(self, note):
            assert not note.meta and not note.gold
            if "Day 7" in note.text:
                raise RuntimeError(note.text)
            for term in ("9001", "chest\npain", "chest", "fever"):
                start = note.text.index(term)
                yield CharSpan(start, start + len(term), "S", "fake")

    monkeypatch.setattr(
        adapt_data, "read_concepts_manifest", lambda folder: ({}, "hash of concepts")
    )
    monkeypatch.setattr(adapt_data, "load_labeller", lambda folder, drops: Fake())
    data = read(notes, concepts=tmp_path)
    assert terms_of(data, 3) == ["chest \n pain", "fever"]
    assert terms_of(data, 7) == [] and data.drops[FAILED] == 1
    assert data.about["concepts_hash"] == "hash of concepts"


def test_spans_of_a_label_folder_are_the_terms(labels):
    data = read(labels, held_out=0.25)
    assert [terms_of(data, i) for i in range(4)] == [["chest \n pain", "fever"]] * 4
    assert data.drops["span overlapping a better one"] == 4
    assert terms_of(read(labels, spans_from="other"), 0) == ["Seen"]
    with pytest.raises(MslmError, match=r"\[M735\].*'nobody'.*medcat, other"):
        read(labels, spans_from="nobody")


def test_entities_of_a_corpus_are_the_terms_and_its_test_split_is_never_read(corpus):
    for file in (corpus / "test").iterdir():
        file.write_bytes(b"damaged")  # not even opened
    data = read(corpus, held_out=0.5)
    assert words_of(data, data.train) == {"no fever", "fever again"}
    assert words_of(data, data.held_out) == {"no cough", "cough again"}
    assert terms_of(data, 1) == ["fever again"]


def test_domain_words_are_terms_too(corpus, notes):
    plain = read(notes)
    assert plain.shelf.n_terms == 0
    more = read(notes, domain_words=5.2)
    assert more.about["data_hash"] != plain.about["data_hash"]
    # Neither a placeholder nor an everyday word.
    assert terms_of(more, 0) == ["chest", "pain", "fever", "denies", "cough"]
    assert terms_of(read(corpus, domain_words=8.0), 0) == ["fever"]
    assert terms_of(read(corpus, domain_words=8.0), 1) == ["fever again"]
    for wrong in (-1.0, 9.0):
        with pytest.raises(MslmError, match=r"M408.*domain_words"):
            read(notes, domain_words=wrong)


def test_wanted_splits_of_notes_hold(tmp_path):
    path = tmp_path / "notes.csv"
    rows = [f"n{i},p{i},{s},text {s} {i}" for i, s in enumerate(["train", "dev"] * 3)]
    rows += ["n8,p8,test,never read", "n9,p9,,free"]
    path.write_text("\n".join(["note_id,patient_id,split,text", *rows]))
    data = read(path, held_out=0.9)
    assert words_of(data, data.held_out) == {f"text dev {i}" for i in (1, 3, 5)}
    assert words_of(data, data.train) == {
        "free",
        *(f"text train {i}" for i in (0, 2, 4)),
    }
    assert data.drops[OF_TEST] == 1


def test_held_out_documents_are_measured_up_to_a_number(notes, monkeypatch):
    monkeypatch.setattr(adapt_data, "MOST_MEASURED", 3)
    data = read(notes, held_out=0.5)
    assert len(data.held_out) == 10 and len(data.measured) == 3
    assert set(data.measured.tolist()) < set(data.held_out.tolist())
    assert np.array_equal(read(notes, held_out=0.5).measured, data.measured)


def test_where_finding_fails_a_corpus_has_no_terms(corpus, tmp_path, monkeypatch):
    class Failing:
        name = "failing"

        def find(self, note):
            raise RuntimeError(note.text)

    monkeypatch.setattr(adapt_data, "read_concepts_manifest", lambda _: ({}, "hash"))
    monkeypatch.setattr(adapt_data, "load_labeller", lambda folder, drops: Failing())
    data = read(corpus, concepts=tmp_path)
    assert data.shelf.n_terms == 0 and data.drops[FAILED] == 4


@pytest.mark.medcat
def test_concepts_take_the_place_of_the_entities_of_a_corpus(corpus, tmp_path):
    table = tmp_path / "table.csv"
    rows = "C1,no fever,T184\nC2,cough,T184\nC3,measles,T047\nC4,aspirin,T121\n"
    table.write_text(f"cui,name,type_ids\n{rows}")
    concepts = tmp_path / "concepts"
    build_concepts(
        clusters=ROOT / "assets" / "clusters.yml", out=concepts, table=str(table)
    )

    found, own = read(corpus, concepts=concepts), read(corpus)

    assert [terms_of(own, i) for i in range(4)] == [
        ["fever"], ["fever again"], ["cough"], ["cough again"]
    ]  # fmt: skip
    assert [terms_of(found, i) for i in range(4)] == [
        ["no fever"], [], ["cough"], ["cough"]
    ]  # fmt: skip
    assert [*found.train] == [*own.train] == [0, 1]
    assert found.about["concepts_hash"]
    assert found.about["data_hash"] != own.about["data_hash"]


def test_nothing_to_learn_from_and_too_few_patients(tmp_path, corpus, labels):
    one = tmp_path / "one.txt"
    one.write_text("fever")
    with pytest.raises(MslmError, match=r"\[M779\].*--held-out 0"):
        read(one)
    assert len(read(one, held_out=0.0).train) == 1
    blank = tmp_path / "blank.jsonl"
    rows = ({"text": t, "meta": {"split": "test"}} for t in ("a", "b"))
    blank.write_text("".join(json.dumps(r) + "\n" for r in rows))
    with pytest.raises(MslmError, match=r"\[M778\]"):
        read(blank, held_out=0.0)
    with pytest.raises(MslmError, match=r"\[M777\].*--concepts"):
        read(labels, concepts=tmp_path)
    with pytest.raises(MslmError, match=r"\[M701\]"):
        read(tmp_path / "nowhere")


def test_the_hash_tells_terms_and_texts_apart(labels, corpus, notes):
    hashes = {
        read(source, **more).about["data_hash"]
        for source, more in (
            (labels, {}),
            (labels, {"spans_from": "other"}),
            (corpus, {}),
            (notes, {}),
            (notes, {"sample": 10}),
        )
    }
    assert len(hashes) == 5


@pytest.mark.parametrize("held_out", [-0.1, 1.0, float("nan")])
def test_shares_out_of_range(held_out):
    with pytest.raises(MslmError, match=r"\[M401\] 'held_out'"):
        Reading(held_out=held_out)


def test_documents_without_a_word_are_counted(monkeypatch, notes):
    class Blind(ClinicalTokenizer):
        def __call__(self, text):
            return super().__call__("" if "Day 3" in text else text)

    monkeypatch.setattr(adapt_data, "ClinicalTokenizer", Blind)
    data = read(notes)
    assert len(data.shelf) == 19 and data.drops[NO_WORDS] == 1
