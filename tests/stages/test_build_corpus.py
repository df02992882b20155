import hashlib
import json
from collections import Counter
from dataclasses import replace

import pytest
import spacy

from spacy_mslm.corpus.docs import INSIDE_WORD, read_docs
from spacy_mslm.errors import MslmError
from spacy_mslm.notes.records import note_row
from spacy_mslm.stages.corpora.corpus import (
    build_corpus,
    build_iob_corpus,
    corpus_report,
)
from spacy_mslm.types import CharSpan, Note

TEXT = "Patient has chest\npain and fever. Given aspirin [**Hospital1 18**]."


def weak(text, part, label, score=1.0):
    start = text.index(part)
    return {
        "start": start,
        "end": start + len(part),
        "label": label,
        "source": "medcat",
        "concept_id": f"C-{part[:3]}",
        "score": score,
    }


def some_notes(n=20, **options):
    return [
        Note(f"n{i}", f"p{i // 2}", f"{TEXT} Visit {i}.", "Nursing", **options)
        for i in range(n)
    ]


def found_in(note):
    return [
        weak(note.text, "chest\npain", "Symptoms"),
        weak(note.text, "pain", "Symptoms", 0.9),
        weak(note.text, "aspirin", "Treatments"),
    ]


@pytest.fixture
def labels(tmp_path):
    """Writes a label folder as `label` does, two shards."""

    def write(notes, spans=found_in, **manifest):
        folder = tmp_path / "labels"
        folder.mkdir(exist_ok=True)
        shards = {}
        half = (len(notes) + 1) // 2
        for i, part in enumerate((notes[:half], notes[half:])):
            rows = [{**note_row(note), "spans": spans(note)} for note in part]
            data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
            name = f"part-{i:05d}.jsonl"
            (folder / name).write_text(data, encoding="utf-8")
            shards[name] = hashlib.sha256(data.encode()).hexdigest()
        about = {
            "shards": shards,
            "synthetic": False,
            "concepts_hash": "c0",
            **manifest,
        }
        (folder / "manifest.json").write_text(json.dumps(about))
        return folder

    return write


def docs_of(folder):
    return list(read_docs(folder, spacy.blank("en").vocab))


def bytes_of(folder):
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_labels_to_docbins_by_patient(labels, tmp_path):
    out = tmp_path / "corpus"
    manifest = build_corpus(labels(some_notes()), out, dev=0.2, test=0.2, seed=1)
    patients = {}
    for split in ("train", "dev", "test"):
        docs = docs_of(out / split)
        patients[split] = {doc.user_data["patient_id"] for doc in docs}
        assert manifest["splits"][split]["docs"] == len(docs)
        for doc in docs:
            assert [(e.text, e.label_, e.kb_id_) for e in doc.ents] == [
                ("chest\npain", "Symptoms", "C-che"),
                ("aspirin", "Treatments", "C-asp"),
            ]
            assert len(doc.spans["medcat"]) == 3  # sources stay as they were found
            assert "gold" not in doc.spans
            assert any(t.text == "[**Hospital1 18**]" for t in doc)
    assert [len(patients[s]) for s in ("train", "dev", "test")] == [6, 2, 2]
    assert not patients["train"] & patients["dev"]
    assert not patients["train"] & patients["test"]
    assert list(manifest["drops"].values()) == [20]  # "pain" in "chest pain"
    assert manifest["entities_from"] == "medcat" and not manifest["has_gold"]
    assert json.loads((out / "manifest.json").read_text()) == manifest


def test_the_policy_is_the_named_one(labels, tmp_path):
    def scored(note):
        return [
            weak(note.text, "chest\npain", "Symptoms", 0.2),
            weak(note.text, "pain", "Symptoms", 0.9),
        ]

    folder = labels(some_notes(), scored)
    build_corpus(folder, tmp_path / "c", policy="score")
    assert {e.text for d in docs_of(tmp_path / "c") for e in d.ents} == {"pain"}
    with pytest.raises(MslmError, match=r"\[M231\]"):
        build_corpus(folder, tmp_path / "c", policy="best")


def test_same_input_same_bytes_and_a_run_replaces_the_whole_folder(labels, tmp_path):
    folder = labels(some_notes())
    build_corpus(folder, tmp_path / "a", shard_size=3)
    assert len(list((tmp_path / "a" / "train").iterdir())) > 1
    build_corpus(folder, tmp_path / "b")
    build_corpus(folder, tmp_path / "b", shard_size=3)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")


def test_a_failed_run_leaves_the_finished_corpus_as_it_was(labels, tmp_path):
    build_corpus(labels(some_notes()), tmp_path / "c")
    before = bytes_of(tmp_path / "c")
    with pytest.raises(MslmError):
        build_corpus(labels(some_notes(), lambda note: []), tmp_path / "c")
    assert bytes_of(tmp_path / "c") == before
    assert {p.name for p in tmp_path.iterdir()} == {"labels", "c"}


def test_a_folder_of_something_else_is_never_replaced(labels, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("x")
    with pytest.raises(MslmError, match=r"\[M732\]"):
        build_corpus(labels(some_notes()), mine)
    assert (mine / "thesis.txt").exists()


def test_wanted_splits_are_honoured(labels, tmp_path):
    names = ["train"] * 12 + ["validation"] * 4 + ["Test"] * 4
    notes = [
        replace(note, meta={"split": name})
        for note, name in zip(some_notes(), names, strict=True)
    ]
    build_corpus(labels(notes), tmp_path / "c", dev=0.4, test=0.4)
    count = {s: len(docs_of(tmp_path / "c" / s)) for s in ("train", "dev", "test")}
    assert count == {"train": 12, "dev": 4, "test": 4}


def test_gold_travels_apart_from_the_labels(labels, tmp_path):
    start = TEXT.index("fever")
    gold = (
        CharSpan(start, start + 5, "Symptoms", concept_id="G1"),
        CharSpan(start, start + 3, "Symptoms"),
    )
    folder = labels(some_notes(gold=gold), synthetic=True)
    manifest = build_corpus(folder, tmp_path / "c")
    assert manifest["has_gold"] and manifest["synthetic"]
    assert manifest["drops"][f"gold {INSIDE_WORD}"] == 20
    for doc in docs_of(tmp_path / "c"):
        assert [(s.text, s.kb_id_) for s in doc.spans["gold"]] == [("fever", "G1")]
        assert "fever" not in {e.text for e in doc.ents}
        assert len(doc.spans["gold"].attrs["misaligned"]) == 1


def test_gold_itself_can_be_the_entities(labels, tmp_path):
    gold = (CharSpan(0, 7, "Person"),)
    folder = labels(some_notes(gold=gold), lambda note: [])
    manifest = build_corpus(folder, tmp_path / "c", source="gold")
    assert manifest["entities_from"] == "gold"
    assert {e.text for d in docs_of(tmp_path / "c") for e in d.ents} == {"Patient"}


def test_notes_without_any_span_stay_as_negatives(labels, tmp_path):
    def every_other(note):
        return found_in(note) if int(note.note_id[1:]) % 2 else []

    build_corpus(labels(some_notes(), every_other), tmp_path / "c")
    docs = docs_of(tmp_path / "c")
    assert Counter(bool(d.ents) for d in docs) == {True: 10, False: 10}
    assert all(t.ent_iob_ == "O" for d in docs if not d.ents for t in d)


def test_one_class_only_is_a_warning(labels, tmp_path):
    folder = labels(some_notes(), lambda n: [weak(n.text, "fever", "Symptoms")])
    manifest = build_corpus(folder, tmp_path / "c")
    assert any(line.startswith("[M314]") for line in manifest["warnings"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start": "3"}, "M734"),
        ({"end": None}, "M734"),
        ({"label": ""}, "M734"),
        ({"source": 3}, "M734"),
        ({"score": "high"}, "M734"),
    ],
)
def test_a_broken_span_is_named_by_its_row(labels, tmp_path, change, code):
    def broken(note):
        span = weak(note.text, "fever", "Symptoms")
        return [{**span, **change}] if note.note_id == "n2" else [span]

    with pytest.raises(MslmError, match=rf"\[{code}\] .*part-00000.jsonl row 3:"):
        build_corpus(labels(some_notes(), broken), tmp_path / "c")


def test_no_entities_at_all(labels, tmp_path):
    with pytest.raises(MslmError, match=r"\[M735\] .*none of the 20 notes.*all so"):
        build_corpus(labels(some_notes(), lambda note: []), tmp_path / "c")


def test_none_in_train(labels, tmp_path):
    notes = [
        replace(note, meta={"split": "train" if i < 10 else "test"})
        for i, note in enumerate(some_notes())
    ]
    folder = labels(notes, lambda n: found_in(n) if n.meta["split"] == "test" else [])
    with pytest.raises(MslmError, match=r"\[M736\] .*none of the 10 training"):
        build_corpus(folder, tmp_path / "c", dev=0)
    assert not (tmp_path / "c").exists()


def test_only_spans_inside_words(labels, tmp_path):
    folder = labels(some_notes(), lambda n: [weak(n.text, "spiri", "X")])
    with pytest.raises(MslmError, match=r"\[M738\]"):
        build_corpus(folder, tmp_path / "c")


def test_all_notes_of_one_patient(labels, tmp_path):
    notes = [replace(note, patient_id="p") for note in some_notes()]
    with pytest.raises(MslmError, match=r"\[M312\] 1 patient"):
        build_corpus(labels(notes), tmp_path / "c")
    manifest = build_corpus(labels(notes), tmp_path / "c", dev=0, test=0)
    assert manifest["splits"]["train"]["docs"] == 20


def test_labelling_that_has_not_finished_or_was_changed(labels, tmp_path):
    folder = labels(some_notes())
    shard = folder / "part-00001.jsonl"
    shard.write_text(shard.read_text()[:-20])
    with pytest.raises(MslmError, match=r"\[M733\] .*part-00001.jsonl"):
        build_corpus(folder, tmp_path / "c")
    (folder / "manifest.json").write_text("{")
    with pytest.raises(MslmError, match=r"\[M731\]"):
        build_corpus(folder, tmp_path / "c")
    (folder / "manifest.json").unlink()
    with pytest.raises(MslmError, match=r"\[M730\] .*'label'"):
        build_corpus(folder, tmp_path / "c")
    with pytest.raises(MslmError, match=r"\[M701\]"):
        build_corpus(tmp_path / "none", tmp_path / "c")


def test_iob_files_to_a_corpus(tmp_path):
    for name in ("train", "devel", "test"):
        text = f"Aspirin\tB-Drug\n{name}\tO\n\nno\tO\n"
        (tmp_path / f"{name}.tsv").write_text(text)
    files = sorted(tmp_path.glob("*.tsv"))
    manifest = build_iob_corpus(files, tmp_path / "c")
    assert manifest["has_gold"] and manifest["entities_from"] == "gold"
    (tmp_path / "c" / "train").stat()
    for split in ("train", "dev", "test"):
        assert [len(d.ents) for d in docs_of(tmp_path / "c" / split)] == [1, 0]
    report = corpus_report(tmp_path / "c")
    assert report["splits"] == manifest["splits"]
    assert report["overlap"]["test"] == {"docs": 1, "patients": 0, "mentions": 1.0}


@pytest.mark.parametrize("name", ["data.tsv", "train_dev.tsv", "contest.tsv"])
def test_an_iob_file_must_tell_its_split(tmp_path, name):
    path = tmp_path / name
    path.write_text("a\tB-X\n")
    with pytest.raises(MslmError, match=rf"\[M737\] .*{name}"):
        build_iob_corpus([path], tmp_path / "c")


def test_iob_without_entities(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("a\tO\n")
    with pytest.raises(MslmError, match=r"\[M738\]"):
        build_iob_corpus([path], tmp_path / "c")


def test_report_of_a_single_split_or_file(labels, tmp_path):
    build_corpus(labels(some_notes()), tmp_path / "c")
    for path in (tmp_path / "c" / "dev", tmp_path / "c" / "dev" / "0000.spacy"):
        report = corpus_report(path)
        assert [s["docs"] for s in report["splits"].values()] == [2]
    with pytest.raises(MslmError, match="M701"):
        corpus_report(tmp_path / "none")
