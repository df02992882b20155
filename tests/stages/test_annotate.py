"""Notes and a pipeline -> files to correct, and back."""

import json
import re

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Span, SpanGroup

from spacy_mslm.corpus.docs import read_docs
from spacy_mslm.errors import MslmError
from spacy_mslm.notes.records import write_jsonl
from spacy_mslm.pipeline.confidence import MADE_BY, SCORES_KEY
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer
from spacy_mslm.stages.annotating.annotate import AnnotateSettings, annotate_notes
from spacy_mslm.stages.annotating.sources import FORMATS, read_annotations
from spacy_mslm.types import DropCounts, Note

WORDS = {"fever": ("Symptoms", 0.9), "pain": ("Symptoms", 0.4), "aspirin": ("Drugs", 1)}


@Language.component("annotate_test_ner", assigns=["doc.ents"])
def find_words(doc):
    """Known words, `chest` in front of pain included, with confidences."""
    if "break the pipeline" in doc.text:
        raise RuntimeError(doc.text)
    spans, scores = [], []
    for token in doc:
        if token.lower_ in WORDS:
            label, score = WORDS[token.lower_]
            start = token.i
            while start and (doc[start - 1].is_space or doc[start - 1].text == "chest"):
                start -= 1
            while doc[start].is_space:
                start += 1
            spans.append(Span(doc, start, token.i + 1, label, kb_id="C1"))
            scores.append(score)
    doc.set_ents(spans)
    attrs = {"scores": scores, MADE_BY: True}
    doc.spans[SCORES_KEY] = SpanGroup(doc, name=SCORES_KEY, spans=spans, attrs=attrs)
    doc.spans["other"] = SpanGroup(doc, name="other", spans=spans[:1])
    doc.user_data["secret"] = object()
    return doc


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    tokenizer = {"@tokenizers": "spacy-mslm.ClinicalTokenizer.v1"}
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
    nlp.meta["name"], nlp.meta["version"] = "marks", "1.2.3"
    nlp.add_pipe("annotate_test_ner")
    folder = tmp_path_factory.mktemp("models") / "marks"
    nlp.to_disk(folder)
    return folder


NOTES = [
    Note(
        "a/1", "p1", "Has fever, chest\n  pain.\r\nOn aspirin 😀 for fever", "Nursing"
    ),
    Note(
        "2",
        "p2",
        "Seen by [**Known lastname 9001**]\u2009for pain",
        meta={"split": "dev"},
    ),
    Note("3", "p2", "nothing"),
]


@pytest.fixture
def source(tmp_path):
    def write(notes=NOTES):
        path = tmp_path / "notes.jsonl"
        with path.open("w", encoding="utf-8") as file:
            write_jsonl(file, notes)
        return path

    return write


def annotate(model, notes, out, form="brat", **changes):
    chosen = {k: changes.pop(k) for k in ("sample", "seed", "on_shard") if k in changes}
    values = {"format": form, "shard_size": 2, **changes}
    return annotate_notes(
        model, notes, out, settings=AnnotateSettings(**values), **chosen
    )


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def answer(out, form):
    """What the tool makes of our files when all is accepted as it is."""
    for path in sorted(out.glob("0*")):
        if form == "prodigy":
            rows = [json.loads(line) for line in path.read_text("utf8").splitlines()]
            rows = [{**row, "answer": "accept"} for row in rows]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf8")
        if form == "label-studio":
            tasks = json.loads(path.read_text("utf8"))
            for task in tasks:
                [prediction] = task.pop("predictions")
                task["annotations"] = [{"result": prediction["result"]}]
            path.write_text(json.dumps(tasks), "utf8")


def entities(nlp, note):
    return {(e.start_char, e.end_char, e.label_, e.kb_id_) for e in nlp(note.text).ents}


def gold(note):
    return {(s.start, s.end, s.label, s.concept_id) for s in note.gold}


TOOLS = ("brat", "prodigy", "label-studio")


@pytest.mark.parametrize("form", TOOLS)
def test_there_and_back(model, source, tmp_path, form):
    manifest = annotate(model, source(), tmp_path / "out", form)
    assert manifest["notes"] == 3
    assert manifest["spans"] == {"Drugs": 1, "Symptoms": 4}
    answer(tmp_path / "out", form)
    notes = list(read_annotations(tmp_path / "out", drops=DropCounts()))
    assert sorted((n.note_id, n.patient_id, n.text) for n in notes) == sorted(
        (n.note_id, n.patient_id, n.text) for n in NOTES
    )
    nlp = spacy.load(model)
    for note in notes:
        assert gold(note) == entities(nlp, note)


TEXTS = st.lists(
    st.sampled_from(["fever", "chest", "pain", "aspirin", "[**x**]", "é", "\\n", "."])
    | st.sampled_from([" ", "\n", "\r\n", "\t", "\u200b", "\u2028", "\n\n  ", "😀"]),
    min_size=1,
    max_size=15,
).map("".join)


@settings(max_examples=3)
@given(st.lists(TEXTS.filter(str.strip), min_size=20, max_size=20, unique=True))
@pytest.mark.parametrize("form", TOOLS)
def test_wild_texts_there_and_back(model, tmp_path_factory, form, texts):
    folder = tmp_path_factory.mktemp("wild")
    notes = [Note(f"n{i}", f"p{i}", text) for i, text in enumerate(texts)]
    with (folder / "notes.jsonl").open("w", encoding="utf-8") as file:
        write_jsonl(file, notes)
    annotate(model, folder / "notes.jsonl", folder / "out", form, shard_size=20)
    answer(folder / "out", form)
    back = list(read_annotations(folder / "out", drops=DropCounts()))
    back = sorted(back, key=lambda n: int(n.note_id[1:]))
    nlp = spacy.load(model)
    assert [n.text for n in back] == texts
    assert [gold(n) for n in back] == [entities(nlp, n) for n in notes]


def test_a_trained_pipeline_shows_its_confidences(trained, source, tmp_path):
    trained.to_disk(tmp_path / "model")
    notes = [Note("1", "1", "Patient has fever . Given aspirin for chest\npain .")]
    out = tmp_path / "out"
    manifest = annotate(tmp_path / "model", source(notes), out, "docbin")
    [doc] = read_docs(out, spacy.blank("en").vocab)
    wanted = [(e.text, e.label_, e._.confidence) for e in trained(notes[0].text).ents]
    found = [(e.text, e.label_, e._.confidence) for e in doc.ents]
    assert [f[:2] for f in found] == [w[:2] for w in wanted] != []
    for (*_, got), (*_, expected) in zip(found, wanted, strict=True):
        assert got == pytest.approx(expected, abs=1e-5)
    assert manifest["model"]["labels"] == ["Symptoms", "Treatments"]


def test_scores_and_ids_in_each_format(model, source, tmp_path):
    for form in FORMATS:
        annotate(model, source(), tmp_path / form, form)
    ann = (tmp_path / "brat" / "2.ann").read_text("utf8")
    assert ann.startswith("T1\tSymptoms 38 42\tpain\n")
    assert "#1\tAnnotatorNotes T1\tscore 0.4000\n" in ann
    conf = (tmp_path / "brat" / "annotation.conf").read_text("utf8")
    assert conf.startswith("[entities]\nDrugs\nSymptoms\n[relations]")
    row = json.loads((tmp_path / "prodigy" / "00000.jsonl").read_text().splitlines()[1])
    [span] = row["spans"]
    tokens = row["tokens"][span["token_start"] : span["token_end"] + 1]
    assert [token["text"] for token in tokens] == ["pain"] and span["score"] == 0.4
    assert "".join(t["text"] + " " * t["ws"] for t in row["tokens"]) == row["text"]
    task = json.loads((tmp_path / "label-studio" / "00000.json").read_text("utf8"))[1]
    assert task["predictions"][0]["model_version"] == "en_marks"
    assert task["predictions"][0]["score"] == 0.4
    assert task["data"]["patient_id"] == "p2" and task["data"]["split"] == "dev"
    row = json.loads((tmp_path / "jsonl" / "00000.jsonl").read_text().splitlines()[1])
    assert row["spans"][0]["score"] == 0.4 and row["note_id"] == "2"
    docs = list(read_docs(tmp_path / "docbin", spacy.blank("en").vocab))
    assert docs[0].user_data == {
        "note_id": "a/1",
        "patient_id": "p1",
        "category": "Nursing",
    }
    assert [e._.confidence for e in docs[1].ents] == [0.4]


def test_threshold_and_another_span_group(model, source, tmp_path):
    path = source()
    manifest = annotate(model, path, tmp_path / "a", "docbin", threshold=0.5)
    assert manifest["spans"] == {"Drugs": 1, "Symptoms": 2}
    assert manifest["drops"] == {"span below --threshold": 2}
    docs = list(read_docs(tmp_path / "a", spacy.blank("en").vocab))
    assert [[e._.confidence for e in d.ents] for d in docs] == [[0.9, 1, 0.9], [], []]
    assert len(docs[0].spans[SCORES_KEY]) == 3
    manifest = annotate(model, path, tmp_path / "b", "jsonl", spans_key="other")
    assert manifest["spans"] == {"Symptoms": 2}


def test_nothing_but_the_files_made_for_it_holds_text(model, source, tmp_path):
    out = tmp_path / "out"
    annotate(model, source(), out)
    named = re.compile(r"(2|3|a_1-[0-9a-f]{12})\.(txt|ann)")
    for name, data in contents(out).items():
        if not named.fullmatch(name):
            assert b"fever" not in data and b"pain" not in data, name
    assert (out / "2.txt").read_bytes() == NOTES[1].text.encode()
    manifest = json.loads((out / "manifest.json").read_text("utf8"))
    assert manifest["holds_text"] is True and manifest["files"] == 6
    assert manifest["model"]["version"] == "1.2.3"
    assert manifest["settings"]["format"] == "brat"


@pytest.mark.parametrize("form", FORMATS)
def test_a_stopped_run_resumes_to_the_same_bytes(model, source, tmp_path, form):
    path = source([Note(str(i), f"p{i}", f"fever {i} pain") for i in range(7)])
    annotate(model, path, tmp_path / "whole", form)

    class Stop(Exception):
        pass

    def stop(shard):
        raise Stop

    out = tmp_path / "out"
    with pytest.raises(Stop):
        annotate(model, path, out, form, on_shard=stop)
    assert not (out / "manifest.json").exists()
    begun = {k: v for k, v in contents(out).items() if "/" not in k}
    assert 0 < len(begun) < len(contents(tmp_path / "whole"))
    next(out.glob("0*")).unlink()  # A lost file is made again.
    annotate(model, path, out, form)
    assert contents(out) == contents(tmp_path / "whole")


def test_corrections_are_never_written_over(model, source, tmp_path):
    path, out = source(), tmp_path / "out"
    annotate(model, path, out)
    (out / "2.ann").write_text("")
    (out / "annotation.conf").write_text("[entities]\nMine\n")
    annotate(model, path, out)
    before = contents(out)
    assert before["2.ann"] == b"" and b"Mine" in before["annotation.conf"]
    with pytest.raises(MslmError, match=r"^\[M788\].*\.ann: "):
        annotate(model, path, out, threshold=0.5)
    with pytest.raises(MslmError, match=r"^\[M789\]"):
        annotate(model, path, out, "prodigy")
    assert contents(out) == before


def test_other_notes_need_another_folder(model, source, tmp_path):
    out = tmp_path / "out"
    annotate(model, source(), out)
    with pytest.raises(MslmError, match=r"^\[M789\]"):
        annotate(model, source(NOTES[:2]), out)
    for form in ("prodigy", "brat"):
        folder = tmp_path / f"mine-{form}"
        folder.mkdir()
        (folder / "thesis.txt").write_text("x")
        with pytest.raises(MslmError, match=r"^\[M789\]"):
            annotate(model, source(), folder, form)
        assert contents(folder) == {"thesis.txt": b"x"}


def test_a_note_that_the_pipeline_fails_on_is_left_and_named(model, source, tmp_path):
    bad = Note("bad", "p", "break the pipeline")
    manifest = annotate(model, source([*NOTES, bad]), tmp_path / "out", shard_size=9)
    assert manifest["failed"] == [{"error": "RuntimeError", "name": "bad"}]
    assert manifest["notes"] == 3 and manifest["spans"]["Drugs"] == 1
    with pytest.raises(MslmError, match=r"^\[M791\].*all of 1 notes \(RuntimeError\)"):
        annotate(model, source([bad]), tmp_path / "none")


def test_a_pipeline_that_changes_text(source, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("annotate_test_ner")
    nlp.tokenizer = Lossy(nlp.vocab)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "spacy_mslm.stages.annotating.annotate.load_pipeline", lambda model: nlp
        )
        with pytest.raises(MslmError, match=r"^\[M790\].*note 'a/1'") as caught:
            annotate("any", source(), tmp_path / "out")
    assert "fever" not in str(caught.value)


class Lossy(ClinicalTokenizer):
    def __call__(self, text):
        return super().__call__(" ".join(text.split()))


def test_sample_is_that_of_read_notes(model, source, tmp_path):
    manifest = annotate(model, source(), tmp_path / "out", sample=1, seed=1)
    assert manifest["notes"] == 1 and manifest["drops"] == {"not in the sample": 2}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": "xml"}, "M786"),
        ({"format": "auto"}, "M786"),
        ({"threshold": 1.5}, "M401"),
        ({"shard_size": 0}, "M711"),
        ({"batch_size": 0}, "M711"),
    ],
)
def test_bad_settings(changes, code):
    with pytest.raises(MslmError, match=rf"^\[{code}\]"):
        AnnotateSettings(**changes)


def test_bad_input_writes_nothing(model, source, tmp_path):
    with pytest.raises(MslmError, match=r"^\[M741\]"):
        annotate(tmp_path / "no-model", source(), tmp_path / "out")
    with pytest.raises(MslmError, match=r"^\[M701\]"):
        annotate(model, tmp_path / "no-notes.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(MslmError, match=r"^\[M702\]"):
        annotate(model, source(), tmp_path / "file")
