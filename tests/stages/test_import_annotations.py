"""Corrected annotation -> a corpus of gold."""

import json

import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_mslm.corpus.brat import write_brat
from spacy_mslm.corpus.docs import GOLD, read_docs, write_docbins
from spacy_mslm.corpus.tasks import PREDICTED
from spacy_mslm.errors import MslmError
from spacy_mslm.notes.records import write_jsonl
from spacy_mslm.pipeline.confidence import SCORES_KEY
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer
from spacy_mslm.stages.annotating.imported import (
    AGAIN,
    import_annotations,
    parse_labels,
    read_annotations,
)
from spacy_mslm.stages.annotating.sources import MISSING, NOT_ANNOTATED, OTHER_LABEL
from spacy_mslm.types import CharSpan, DropCounts, Note

TEXT = "Severe chest pain, nausea; seen by [**Name 1**] on 20mg aspirin."


def span(words, label, text=TEXT):
    start = text.index(words)
    return CharSpan(start, start + len(words), label, "gold")


GOLDS = tuple(
    sorted(
        [
            span("Severe chest pain", "Symptom"),
            span("chest pain", "Sign"),
            span("nausea", "Symptom"),
            span("0mg", "Dose"),
            span("aspirin", "Drug"),
        ]
    )
)


@pytest.fixture
def brat(tmp_path):
    notes = [Note(f"{i}", f"{i}", TEXT, gold=GOLDS) for i in range(6)]
    write_brat(tmp_path / "brat", notes)
    return tmp_path / "brat"


def docs_of(folder):
    return list(read_docs(folder, spacy.blank("en").vocab))


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.spacy")}


def test_gold_becomes_entities_and_a_span_group(brat, tmp_path):
    manifest = import_annotations(brat, tmp_path / "out", dev=0.2, test=0.2)
    docs = {name: docs_of(tmp_path / "out" / name) for name in ("train", "dev", "test")}
    assert [len(found) for found in docs.values()] == [4, 1, 1]
    doc = docs["train"][0]
    assert [(e.text, e.label_) for e in doc.ents] == [
        ("Severe chest pain", "Symptom"),
        ("nausea", "Symptom"),
        ("aspirin", "Drug"),
    ]
    group = doc.spans[GOLD]
    assert {(s.text, s.label_) for s in group} >= {("chest pain", "Sign")}
    start = TEXT.index("0mg")
    assert group.attrs["misaligned"] == [[start, start + 3, "Dose"]]
    assert "[**Name 1**]" in [token.text for token in doc]
    assert manifest["entities_from"] == GOLD and manifest["has_gold"] is True
    assert manifest["drops"]["gold span with an edge inside a word"] == 6
    assert manifest["drops"]["span overlapping a better one"] == 6
    assert manifest["settings"]["format"] == "brat"
    patients = [{d.user_data["patient_id"] for d in found} for found in docs.values()]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 6


def test_the_same_bytes_again_and_another_seed(brat, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        import_annotations(brat, tmp_path / name, dev=0.2, test=0.2, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b") != files(tmp_path / "c")


def test_all_for_test_and_labels_renamed(brat, tmp_path):
    labels = parse_labels(" Sign=Symptoms, Symptom = Symptoms,Drug")
    manifest = import_annotations(
        brat, tmp_path / "out", labels=labels, test_only=True, policy="first"
    )
    assert list(manifest["splits"]) == ["test"]
    assert manifest["splits"]["test"]["spans"] == {
        GOLD: {"Drug": 6, "Symptoms": 18},
    }
    assert manifest["drops"][OTHER_LABEL] == 6


@pytest.mark.parametrize("text", ["=B", "A=", "A=B,A=C", "A,A", "="])
def test_bad_labels(text):
    with pytest.raises(MslmError, match=r"^\[M787\]"):
        parse_labels(text)


def test_a_corpus_of_docbins_keeps_splits_and_what_fits_no_word(brat, tmp_path):
    import_annotations(brat, tmp_path / "a", dev=0.2, test=0.2, seed=3)
    manifest = import_annotations(tmp_path / "a", tmp_path / "b", dev=0.2, test=0.2)
    assert manifest["settings"]["format"] == "docbin"
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_docs_of_other_makers(tmp_path):
    make = ClinicalTokenizer(spacy.blank("en").vocab)
    annotated, partly, raw, predicted = (make("a fever") for _ in range(4))
    annotated.set_ents([annotated.char_span(2, 7, "S", kb_id="C1")])
    partly.set_ents([], missing=[partly[0:1]], default="outside")
    predicted.set_ents([predicted.char_span(2, 7, "S")])
    predicted.spans[SCORES_KEY] = list(predicted.ents)
    write_docbins(tmp_path / "docs", [annotated, partly, raw, predicted])
    drops = DropCounts()
    notes = list(read_annotations(tmp_path / "docs", drops=drops))
    assert [n.gold for n in notes] == [(CharSpan(2, 7, "S", "gold", "C1"),), ()]
    assert drops == {PREDICTED: 1, NOT_ANNOTATED: 1, MISSING: 1}


def test_notes_as_json_lines_with_gold(tmp_path):
    notes = [
        Note("1", "p", TEXT, "Nursing", {"synthetic": True, "split": "test"}, GOLDS),
        Note("2", "q", "nothing", meta={"gold": True}),
        Note("3", "r", "never seen"),
        Note("1", "p", TEXT, gold=GOLDS[:1], meta={"synthetic": True}),
    ]
    path = tmp_path / "notes.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_jsonl(file, notes)
    drops = DropCounts()
    found = list(read_annotations(path, drops=drops))
    assert [n.note_id for n in found] == ["1", "2", "1"] and found[0].gold == GOLDS
    assert dict(found[0].meta) == {"synthetic": True, "split": "test", "gold": True}
    assert (found[0].patient_id, found[0].category) == ("p", "Nursing")
    assert drops == {NOT_ANNOTATED: 1}
    manifest = import_annotations(path, tmp_path / "out", test_only=True)
    assert manifest["drops"][AGAIN] == 1 and manifest["synthetic"] is True
    assert manifest["splits"]["test"]["docs"] == 2
    assert manifest["splits"]["test"]["entities"] == {GOLDS[0].label: 1}


TASK = {"text": "a fever", "answer": "accept", "spans": []}
STUDIO = {"data": {"text": "a fever"}, "annotations": []}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("db.jsonl", json.dumps(TASK), "prodigy"),
        ("export.json", json.dumps([STUDIO]), "label-studio"),
        ("export.jsonl", json.dumps(STUDIO), "label-studio"),
        ("notes.jsonl", '{"note_id": "1", "text": "x"}', "jsonl"),
        ("a.ann", "", "brat"),
    ],
)
def test_the_kind_is_told_by_the_files(tmp_path, name, text, kind):
    from spacy_mslm.stages.annotating.sources import format_of

    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_text(text)
    assert format_of(path.parent) == kind
    if kind != "brat":
        assert format_of(path) == kind


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        ({}, "M338"),
        ({"a.csv": "text"}, "M338"),
        ({"a.jsonl": '{"words": []}'}, "M338"),
        ({"a.json": "[]"}, "M338"),
        ({"a.ann": "", "b.jsonl": json.dumps(TASK)}, "M339"),
        ({"a.json": json.dumps([STUDIO]), "b.jsonl": json.dumps(TASK)}, "M339"),
        ({"a.jsonl": json.dumps({**TASK, "answer": "ignore"})}, "M340"),
        ({"a.json": json.dumps([STUDIO])}, "M340"),
        ({"a.jsonl": json.dumps(TASK) + "\n{"}, "M333"),
        ({"a.ann": "T1\tS 0 1\ta\n"}, "M328"),
        ({"a.ann": "T1\tS\n", "a.txt": "a"}, "M329"),
        ({"a.ann": "T1\tS 0 9\ta\n", "a.txt": "a"}, "M330"),
        ({"a.jsonl": json.dumps(TASK)}, "M738"),
    ],
)
def test_bad_input_is_a_coded_line_and_writes_nothing(tmp_path, contents, code):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in contents.items():
        (folder / name).write_text(text)
    with pytest.raises(MslmError) as caught:
        import_annotations(folder, tmp_path / "out", test_only=True)
    assert str(caught.value).startswith(f"[{code}]")
    assert "fever" not in str(caught.value) and "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*out*"))


def test_other_errors(brat, tmp_path):
    with pytest.raises(MslmError, match=r"^\[M701\]"):
        import_annotations(tmp_path / "none", tmp_path / "out")
    with pytest.raises(MslmError, match=r"^\[M786\].*brat, prodigy"):
        import_annotations(brat, tmp_path / "out", format="xml")
    with pytest.raises(MslmError, match=r"^\[M231\]"):
        import_annotations(brat, tmp_path / "out", policy="best")
    with pytest.raises(MslmError, match=r"^\[M307\]"):
        import_annotations(brat, tmp_path / "out", format="docbin")
    with pytest.raises(MslmError, match=r"^\[M340\]"):
        import_annotations(brat, tmp_path / "out", format="prodigy")


def test_a_damaged_list_of_documents(brat, tmp_path):
    (brat / "documents").mkdir()
    part = brat / "documents" / "part-00000.jsonl"
    part.write_text('{"file": "1", "note_id": "n/1", "patient_id": "p"}\n')
    notes = list(read_annotations(brat, drops=DropCounts()))
    assert [(n.note_id, n.patient_id) for n in notes[:2]] == [("0", "0"), ("n/1", "p")]
    for damage, code in (("{", "M333"), ('{"file": 1}', "M334")):
        part.write_text(damage)
        with pytest.raises(MslmError, match=rf"^\[{code}\].*part-00000\.jsonl row 1"):
            list(read_annotations(brat, drops=DropCounts()))


@pytest.mark.parametrize("key", ["medcat", "ner_scores", "found"])
def test_entities_of_a_labeller_or_a_pipeline_are_no_gold(key, tmp_path):
    """A corpus of weak labels, or predictions as DocBin, would score themselves."""
    nlp = spacy.blank("en")
    docs = []
    for number in range(2):
        doc = nlp.make_doc("No fever today .")
        doc.set_ents([Span(doc, 1, 2, "Symptoms")])
        doc.spans[key] = list(doc.ents)
        if number:
            doc.spans["gold"] = [Span(doc, 1, 3, "Symptoms")]
        docs.append(doc)
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "docs.spacy")
    drops = DropCounts()
    notes = list(read_annotations(tmp_path / "docs.spacy", drops=drops))
    assert [[g.end for g in note.gold] for note in notes] == [[14]]
    assert sum(drops.values()) == 1


def test_fragments_of_discontinuous_brat_spans_are_kept(tmp_path):
    text = "Pain in left and right arm."
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text(text)
        (tmp_path / f"{i}.ann").write_text(
            "T1\tSymptom 0 12;23 26\tPain in left arm\nT2\tSymptom 17 26\tright arm\n"
        )
    out = tmp_path / "out"
    import_annotations(tmp_path, out, test_only=True)
    for doc in docs_of(out / "test"):
        group = doc.spans["brat"]
        fragments = dict(
            zip([s.text for s in group], group.attrs["fragments"], strict=True)
        )
        assert fragments == {text[:-1]: [[0, 12], [23, 26]], "right arm": []}
        assert [ent.text for ent in doc.ents] == [text[:-1]]
