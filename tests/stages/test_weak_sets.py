"""`experiment prepare`: gold in, the same words with weak labels beside it out."""

import csv
import json

import pytest

from spacy_mslm.corpus.iob import read_iob
from spacy_mslm.errors import MslmError
from spacy_mslm.experiments.data import load
from spacy_mslm.stages.laboratory.texts import SetSettings
from spacy_mslm.stages.laboratory.weak_sets import prepare_set
from spacy_mslm.weak.noise import Noise

CLUSTERS = """
Symptoms:
  ids: {T184: Sign or Symptom}
Treatments:
  ids: {T121: Pharmacologic Substance}
"""
NAMES = [
    ("C1", "chest pain", "T184"),
    ("C2", "dry cough", "T184"),
    ("C3", "metformin", "T121"),
    ("C4", "aspirin", "T121"),
]
TEXT = "He has chest pain.\n\nNo fever, a dry cough. Given aspirin daily."
ANN = "T1\tSign 7 17\tchest pain\nT2\tSign 23 28\tfever\nT3\tDrug 49 56\taspirin\n"
MAP = {"Sign": "Symptoms", "Drug": "Treatments"}


@pytest.fixture
def inputs(tmp_path):
    clusters, table = tmp_path / "clusters.yml", tmp_path / "concepts.csv"
    clusters.write_text(CLUSTERS)
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cui", "name", "type_ids"])
        writer.writerows(NAMES)
    return {"clusters": clusters, "concepts": table}


@pytest.fixture
def brat(tmp_path):
    folder = tmp_path / "brat"
    folder.mkdir()
    for i in range(10):
        (folder / f"{i}.txt").write_text(TEXT)
        (folder / f"{i}.ann").write_text(ANN)
    # Copies of one text are one document.
    for i in range(1, 10):
        (folder / f"{i}.txt").write_text(TEXT + f"\n\nSeen {i} times.")
    return folder


def spans(path):
    return [
        (" ".join(s.words[a:b]), kind)
        for s in read_iob(path)
        for a, b, kind in s.spans()
    ]


def test_notes_with_gold_become_a_set_with_weak_labels(inputs, brat, tmp_path):
    out = tmp_path / "sets" / "made"
    manifest = prepare_set(
        brat, out, **inputs, settings=SetSettings(MAP, test=0.4, dev=0.2)
    )
    assert manifest["texts"] == {"train": 4, "dev": 2, "test": 4}
    one = [("chest pain", "Symptoms"), ("fever", "Symptoms"), ("aspirin", "Treatments")]
    assert spans(out / "test.tsv") == one * 4
    found = [("chest pain", "Symptoms"), ("dry cough", "Symptoms"), one[2]]
    assert spans(out / "test.medcat.tsv") == found * 4
    assert spans(out / "test.medcat.lacks.tsv") == [("fever", "Symptoms")] * 4
    data = load(out.parent, "made", weak=["medcat"])
    assert len(data.weak["medcat"].train) == len(data.train)
    assert data.labels == ("Symptoms", "Treatments")


def test_the_labeller_never_sees_gold(inputs, brat, tmp_path):
    settings = SetSettings(MAP, test=0.4, dev=0.2)
    prepare_set(brat, tmp_path / "a", **inputs, settings=settings)
    for path in brat.glob("*.ann"):
        path.write_text("T1\tSign 0 2\tHe\n")
    prepare_set(brat, tmp_path / "b", **inputs, settings=settings)
    for name in ("train", "dev", "test"):
        a, b = (tmp_path / d / f"{name}.medcat.tsv" for d in "ab")
        assert a.read_bytes() == b.read_bytes()


def test_iob_sets_keep_words_and_splits(inputs, tmp_path):
    folder = tmp_path / "iob"
    folder.mkdir()
    rows = "dry\tB-Sign\ncough\tI-Sign\n(\tO\naspirin\tB-Other\n)\tO\n\n"
    for name in ("train", "devel", "test"):
        (folder / f"{name}.tsv").write_text(rows * 2)
    out = tmp_path / "made"
    manifest = prepare_set(
        folder, out, **inputs, settings=SetSettings({"Sign": "Symptoms"})
    )
    assert manifest["mentions"] == {"gold": {"Symptoms": 6}, "medcat": {"Symptoms": 6}}
    words = [s.words for s in read_iob(folder / "train.tsv")]
    assert [s.words for s in read_iob(out / "train.medcat.tsv")] == words
    assert spans(out / "dev.medcat.tsv") == [("dry cough", "Symptoms")] * 2


def test_further_notes_and_noise(inputs, brat, tmp_path):
    notes = tmp_path / "notes.csv"
    with notes.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["note_id", "text"])
        writer.writerows([("1", TEXT), ("2", TEXT), ("3", "On metformin.")])
    out = tmp_path / "made"
    manifest = prepare_set(
        brat,
        out,
        **inputs,
        notes=notes,
        settings=SetSettings(
            MAP, noise=[Noise(0.5, "missing"), Noise(0.5, "wrong")], dev=0.2
        ),
    )
    # The first is in the gold, the second the same text again.
    assert manifest["texts"]["notes"] == 1
    assert sum(n for why, n in manifest["drops"].items() if "in the gold" in why) == 2
    assert ("metformin", "Treatments") in spans(out / "notes.medcat.tsv")
    whole = sum(manifest["mentions"]["medcat"].values())
    assert 0 < sum(manifest["mentions"]["medcat-50-missing"].values()) < whole
    right = set(spans(out / "train.medcat.tsv"))
    wrong = set(spans(out / "train.medcat-50-wrong.tsv"))
    assert {text for text, _ in right} == {text for text, _ in wrong}
    assert right != wrong
    told = (out / "manifest.json").read_text().lower()
    for word in ("fever", "aspirin", "cough", "seen"):
        assert word not in told
    again = tmp_path / "again"
    prepare_set(brat, again, **inputs, settings=SetSettings(MAP, dev=0.2))
    hashes = [json.loads((d / "manifest.json").read_text()) for d in (out, again)]
    assert hashes[0]["concepts_hash"] == hashes[1]["concepts_hash"]
    a, b = ((d / "test.medcat.tsv").read_bytes() for d in (out, again))
    assert a == b


def test_placeholders_marks_and_odd_words_read_back(inputs, brat, tmp_path):
    odd = "[**Known\nlastname 9001**] took\u2028aspirin -DOCSTART- \ufeffdaily."
    (brat / "3.txt").write_text(odd, encoding="utf8")
    (brat / "3.ann").write_text("")
    out = tmp_path / "sets" / "made"
    settings = SetSettings(MAP, test=0.4, dev=0.2)
    prepare_set(brat, out, **inputs, settings=settings)
    data = load(out.parent, "made", weak=["medcat"])
    words = [w for s in (*data.train, *data.dev, *data.test) for w in s.doc.words]
    assert "_" in words and not any("9001" in word for word in words)
    assert any("DOCSTART" in word for word in words)


def test_splits_that_come_with_the_gold_stay(inputs, brat, tmp_path):
    for name, numbers in {"train": (0, 1, 2), "dev": (3,), "test": (4, 5)}.items():
        (brat / name).mkdir()
        for i in numbers:
            for suffix in ("txt", "ann"):
                (brat / f"{i}.{suffix}").rename(brat / name / f"{i}.{suffix}")
    for path in brat.glob("*.*"):
        path.unlink()
    out = tmp_path / "made"
    manifest = prepare_set(brat, out, **inputs, settings=SetSettings(MAP))
    assert manifest["texts"] == {"dev": 1, "test": 2, "train": 3}
    words = [w for s in read_iob(out / "test.tsv") for w in s.words]
    assert "4" in words and "5" in words and "0" not in words


def test_labels_outside_the_clusters_and_an_empty_harvest_are_told(
    inputs, brat, tmp_path
):
    out = tmp_path / "made"
    with pytest.raises(MslmError, match=r"M724.*Signs.*Symptoms"):
        prepare_set(brat, out, **inputs, settings=SetSettings({"Sign": "Signs"}))
    for path in brat.glob("*.txt"):
        path.write_text(path.read_text().replace("chest pain", "chest ache"))
        ann = brat / f"{path.stem}.ann"
        ann.write_text("T1\tSign 7 17\tchest ache\n")
    inputs["concepts"].write_text("cui,name,type_ids\nC1,gout,T184\nC2,zinc,T121\n")
    with pytest.raises(MslmError, match="M735"):
        prepare_set(brat, out, **inputs, settings=SetSettings({"Sign": "Symptoms"}))
    assert not out.exists()


def test_a_span_over_a_sentence_mark_keeps_its_parts(inputs, brat, tmp_path):
    for path in brat.glob("*.txt"):
        path.write_text(path.read_text().replace("dry cough", "dry\ncough"))
    out = tmp_path / "made"
    prepare_set(brat, out, **inputs, settings=SetSettings(MAP, test=0.4, dev=0.2))
    found = spans(out / "test.medcat.tsv")
    assert ("dry", "Symptoms") in found and ("cough", "Symptoms") in found
