"""A work folder with a tiny trained pipeline, and the page that is made of it."""

import json

import pytest
import spacy
from spacy.tokens import Span, SpanGroup

from spacy_mslm.corpus.docs import GOLD, read_docs, write_docbins
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.measuring.evaluate import evaluate
from spacy_mslm.stages.measuring.report import (
    evenly,
    held_notes,
    read_log,
    write_report,
)

TEXTS = [
    "Patient has fever and chest pain . <script>alert(1)</script>",
    "Given aspirin daily for chest\npain . No oddword here .",
    "On metformin at home .",
]
GOLDS = [
    [("fever", "Symptoms"), ("chest pain", "Symptoms")],
    [("aspirin", "Treatments"), ("oddword", "Symptoms")],
    [("metformin", "Treatments")],
]


def make_docs(nlp, *, gold):
    for number, (text, golds) in enumerate(zip(TEXTS, GOLDS, strict=True)):
        doc = nlp.make_doc(text)
        spans = []
        for words, label in golds:
            start = text.index(words)
            found = doc.char_span(start, start + len(words), label)
            spans.append(Span(doc, found.start, found.end, label))
        doc.set_ents(spans, default="outside")
        if gold:
            doc.spans[GOLD] = SpanGroup(doc, name=GOLD, spans=spans)
        doc.user_data.update(note_id=f"note-{number}", patient_id=f"p{number}")
        yield doc


def make_work(folder, nlp, *, gold=True):
    (folder / "training").mkdir(parents=True)
    nlp.to_disk(folder / "calibrated")
    about = {"synthetic": gold, "has_gold": gold, "entities_from": "medcat"}
    for split in ("train", "test"):
        write_docbins(folder / "corpus" / split, make_docs(nlp, gold=gold))
    (folder / "corpus" / "manifest.json").write_text(json.dumps(about))
    losses = {"ner": 2.0, "ner_mslm": 1.0}
    row = {"epoch": 0, "step": 0, "losses": losses, "scores": {"ents_f": 0.5}}
    (folder / "training" / "log.jsonl").write_text(json.dumps(row) + "\n")
    model = folder / "calibrated"
    evaluate(model, folder / "corpus", folder / "metrics.json")
    return folder


@pytest.fixture(scope="module")
def work(trained, tmp_path_factory):
    return make_work(tmp_path_factory.mktemp("work") / "trial", trained)


def test_page_and_summary_from_a_work_folder(work):
    written = write_report(work)
    assert written.page == work / "report" / "index.html"
    page, summary = written.page.read_text(), written.summary.read_text()
    assert not written.warnings
    assert "Smoke test on synthetic notes, not evidence" in page
    assert "oddword" in page and "missed Symptoms" in page
    assert "Symptoms 1.00 ✓" in page or "Symptoms 0.9" in page
    assert "<script" not in page and "&lt;script&gt;" in page
    for words in ("oddword", "fever", "note-0", "script"):
        assert words not in summary.lower()


def test_again_gives_the_same_bytes(work):
    first = write_report(work).page.read_bytes()
    assert write_report(work, work / "other").page.read_bytes() == first


def test_without_gold_it_is_agreement(trained, tmp_path):
    work = make_work(tmp_path / "own", trained, gold=False)
    written = write_report(work)
    for path in (written.page, written.summary):
        text = path.read_text()
        assert "greement with the labeller, not accuracy" in text
        assert "against gold" not in text and "the weak labels" in text


def test_the_page_is_written_nowhere_but_in_the_work_folder(work, tmp_path):
    for out in (tmp_path / "elsewhere", work / ".." / "beside"):
        with pytest.raises(MslmError, match=r"M764.*text of notes"):
            write_report(work, out)
        assert not out.exists()


def test_metrics_of_another_corpus_are_refused(trained, tmp_path):
    work = make_work(tmp_path / "w", trained)
    shard = work / "corpus" / "test" / "0000.spacy"
    docs = list(read_docs(shard, spacy.blank("en").vocab))
    shard.unlink()
    write_docbins(shard.parent, docs[:2])
    with pytest.raises(MslmError, match="M762"):
        write_report(work)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"rows": []}', "\udcff"])
def test_missing_or_damaged_metrics_are_one_line(work, tmp_path, content):
    copy = tmp_path / "copy"
    copy.mkdir()
    if content is not None:
        (copy / "metrics.json").write_text(content, errors="surrogateescape")
    with pytest.raises(MslmError, match=r"M761.*Run 'evaluate' again") as caught:
        write_report(copy)
    assert "\n" not in str(caught.value)


def test_another_model_than_was_scored_is_a_warning(trained, tmp_path):
    work = make_work(tmp_path / "w", trained)
    metrics = json.loads((work / "metrics.json").read_text())
    metrics["rows"][-1]["micro"]["tp"] += 1
    (work / "metrics.json").write_text(json.dumps(metrics))
    written = write_report(work)
    assert "run 'evaluate' again" in written.warnings[0]
    assert 'role="alert"' in written.page.read_text()


def test_a_log_cut_short_loses_its_last_row_only(tmp_path):
    good = json.dumps({"epoch": 0, "step": 1, "losses": {"ner": 1}, "scores": {}})
    log = tmp_path / "log.jsonl"
    log.write_text(f"{good}\n{good[:20]}")
    assert len(read_log(log)) == 1
    log.write_text(f"{good[:20]}\n{good}\n")
    with pytest.raises(MslmError, match=r"M763.*row 1"):
        read_log(log)
    assert read_log(tmp_path / "none") == []


def test_the_model_never_sees_gold(trained):
    seen = list(held_notes(trained, make_docs(trained, gold=True), gold=True))
    bare = []
    for doc in make_docs(trained, gold=True):
        doc.set_ents([], default="outside")
        doc.spans[GOLD] = []
        bare.append(doc)
    blind = list(held_notes(trained, bare, gold=True))
    assert [n.predicted for n in seen] == [n.predicted for n in blind]
    assert any(n.predicted for n in seen) and any(n.reference for n in seen)


def test_confidence_comes_along_and_gold_that_fits_no_words_counts(trained):
    doc = next(make_docs(trained, gold=True))
    doc.spans[GOLD].attrs["misaligned"] = [[0, 3, "Symptoms"]]
    (note,) = held_notes(trained, [doc], gold=True)
    assert all(0 < s.score <= 1 for s in note.predicted)
    assert {s.score for s in note.predicted} != {1.0}
    assert (0, 3) in {(s.start, s.end) for s in note.reference}


def test_documents_without_gold_are_left_out_where_others_have_it(trained):
    docs = list(make_docs(trained, gold=True))
    del docs[1].spans[GOLD]
    names = [n.name for n in held_notes(trained, docs, gold=True)]
    assert names == ["note-0", "note-2"]


def test_words_without_spaces_keep_their_places(trained):
    doc = spacy.tokens.Doc(trained.vocab, words=["has", "fever", "."])
    doc.set_ents([Span(doc, 1, 2, "Symptoms")], default="outside")
    (note,) = held_notes(trained, [doc], gold=False)
    (span,) = note.reference
    assert note.text[span.start : span.end] == "fever"
    assert note.name == "document 1"


def test_notes_are_spread_over_the_split():
    assert evenly(100, 4) == {12, 37, 62, 87}
    assert evenly(3, 10) == {0, 1, 2} and evenly(5, 0) == set()
