import json
import random

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_mslm.corpus.docs import iob_to_doc, make_doc, write_docbins
from spacy_mslm.corpus.iob import IobSentence
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.measuring import evaluate as stage
from spacy_mslm.stages.measuring.evaluate import (
    AGAINST_GOLD,
    AGREEMENT,
    SMOKE,
    evaluate,
    headline,
)
from spacy_mslm.stages.measuring.held_out import predict_raw
from spacy_mslm.types import CharSpan, DropCounts, Note

NLP = spacy.blank("en")
NLP.max_length = 10**9
PATTERNS = [
    {"label": "Symptoms", "pattern": "fever"},
    {"label": "Symptoms", "pattern": "chest pain"},
    {"label": "Treatments", "pattern": "Tylenol"},
]


@Language.component("gold_thief")
def gold_thief(doc):
    """Turns whatever of the corpus reaches it into an entity."""
    found = any(token.ent_iob for token in doc) or doc.spans or doc.user_data
    found = found or getattr(doc, "_context", None) is not None
    found = found or any(token.is_sent_start for token in doc[1:])
    if len(doc) and found:
        doc.set_ents([Span(doc, 0, 1, "LEAK")])
    return doc


@pytest.fixture
def model(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("gold_thief")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    nlp.config["system"]["seed"] = 7
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def spans_of(text, parts, source):
    return [
        CharSpan(text.index(p), text.index(p) + len(p), label, source)
        for p, label in parts
    ]


def note_doc(text, weak, gold=None, patient="p"):
    true = tuple(spans_of(text, gold or (), "gold"))
    note = Note("n", patient, text, meta={"gold": gold is not None}, gold=true)
    found = {"medcat": spans_of(text, weak, "medcat")}
    return make_doc(
        NLP.make_doc, note, found, entities_from="medcat", drops=DropCounts()
    )


@pytest.fixture
def corpus(tmp_path):
    def write(test, train=(), **manifest):
        folder = tmp_path / "corpus"
        write_docbins(folder / "test", test)
        if train:
            write_docbins(folder / "train", train)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return write


SYM, TRT = "Symptoms", "Treatments"


def with_gold():
    return [
        note_doc(
            "fever and cough, Tylenol",
            [("fever", SYM), ("Tylenol", SYM)],
            [("fever", SYM), ("cough", SYM), ("Tylenol", TRT)],
            "p1",
        ),
        note_doc("chest pain", [("pain", SYM)], [("chest pain", SYM)], "p2"),
        note_doc("no fever", [], [], "p2"),
    ]


def test_two_rows_against_gold(model, corpus, tmp_path):
    train = [note_doc("FEVER", [("FEVER", SYM)])]
    folder = corpus(with_gold(), train, has_gold=True, entities_from="medcat")
    metrics = evaluate(model, folder, tmp_path / "m.json")
    assert metrics == json.loads((tmp_path / "m.json").read_text())
    assert metrics["headline"] == AGAINST_GOLD
    assert (metrics["notes"], metrics["patients"], metrics["split"]) == (3, 2, "test")
    weak, trained = metrics["rows"]
    assert (weak["system"], weak["against"]) == ("MedCAT labels", "gold")
    assert (trained["system"], trained["against"]) == ("trained pipeline", "gold")
    assert [weak["micro"][k] for k in ("tp", "fp", "fn")] == [1, 2, 3]
    assert [trained["micro"][k] for k in ("tp", "fp", "fn")] == [3, 1, 1]
    assert trained["em"] == trained["micro"]["r"] == 0.75
    assert trained["em_seen"] == {"n": 1, "em": 1.0}
    assert trained["em_unseen"] == {"n": 3, "em": 2 / 3}
    assert trained["per_type"]["Treatments"]["tp"] == 1
    assert metrics["errors"]["misses"] == [{"label": SYM, "count": 1}]
    assert metrics["errors"]["false_alarms"] == [{"label": SYM, "count": 1}]


def test_without_gold_one_row_of_agreement(model, corpus, tmp_path):
    docs = [note_doc("fever", [("fever", SYM)]), note_doc("cough", [("cough", SYM)])]
    metrics = evaluate(model, corpus(docs, has_gold=False), tmp_path / "m.json")
    assert metrics["headline"] == AGREEMENT and not metrics["has_gold"]
    (row,) = metrics["rows"]
    assert (row["system"], row["against"]) == ("trained pipeline", "MedCAT labels")
    assert row["em"] == 0.5
    assert row["em_seen"] == {"n": 0, "em": None}  # no training split to compare


def test_only_annotated_notes_are_scored_against_gold(model, corpus, tmp_path):
    docs = [*with_gold(), note_doc("fever", [("fever", SYM)])]
    folder = corpus(docs, has_gold=True, entities_from="medcat")
    metrics = evaluate(model, folder, tmp_path / "m.json")
    assert (metrics["notes"], metrics["notes_without_gold"]) == (3, 1)
    assert metrics["rows"][1]["micro"]["fp"] == 1


def test_gold_inside_a_word_counts_as_missed(model, corpus, tmp_path):
    doc = note_doc("feverish", [], [("fever", SYM)])
    folder = corpus([doc], has_gold=True, entities_from="medcat")
    metrics = evaluate(model, folder, tmp_path / "m.json")
    assert [r["micro"]["fn"] for r in metrics["rows"]] == [1, 1]


def test_entities_that_are_gold_give_one_row(model, corpus, tmp_path):
    words = ("chest", "pain", "-free", "fever")
    doc = iob_to_doc(NLP.vocab, IobSentence(words, (f"B-{SYM}", f"I-{SYM}", "O", "O")))
    folder = corpus([doc], has_gold=True, entities_from="gold")
    metrics = evaluate(model, folder, tmp_path / "m.json")
    (row,) = metrics["rows"]
    assert (row["system"], row["against"]) == ("trained pipeline", "gold")
    assert [row["micro"][k] for k in ("tp", "fp", "fn")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("synthetic", "has_gold", "words"),
    [
        (True, True, SMOKE),
        (True, False, SMOKE),
        (False, True, AGAINST_GOLD),
        (False, False, AGREEMENT),
    ],
)
def test_headline(synthetic, has_gold, words):
    assert headline(synthetic=synthetic, has_gold=has_gold) == words


def test_synthetic_is_read_from_the_manifest(model, corpus, tmp_path):
    folder = corpus(with_gold(), synthetic=True, has_gold=True)
    assert evaluate(model, folder, tmp_path / "m.json")["headline"] == SMOKE


def predictions(model, folder, monkeypatch, out):
    """What the pipeline said, caught inside a whole run of `evaluate`."""
    seen = []

    def spy(nlp, docs, on_note):
        held, found = predict_raw(nlp, docs, on_note)
        seen.extend([mention for mention, _ in scored] for scored in found)
        return held, found

    with monkeypatch.context() as patch:
        patch.setattr(stage, "predict_raw", spy)
        evaluate(model, folder, out)
    return seen


def test_permuted_gold_leaves_the_predictions_as_they_are(model, tmp_path, monkeypatch):
    texts = ["fever and cough", "chest pain , Tylenol", "no news here", "a fever b"]
    rng = random.Random(0)
    seen = []
    for i in range(4):
        docs = []
        for text in texts:
            label = rng.choice(["A", "B", "C"])
            word = rng.choice(text.split())
            docs.append(note_doc(text, [(word, label)], [(word, label)], f"{i}"))
            tags = [rng.choice(["O", "B-A", "B-B"]) for _ in text.split()]
            sentence = IobSentence(tuple(text.split()), tuple(tags))
            docs.append(iob_to_doc(NLP.vocab, sentence))
        folder = tmp_path / f"corpus{i}"
        write_docbins(folder / "test", docs)
        (folder / "manifest.json").write_text('{"has_gold": true}')
        seen.append(predictions(model, folder, monkeypatch, tmp_path / "m.json"))
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert len(seen[0]) == 8
    labels = {label for mentions in seen[0] for _, _, label, _ in mentions}
    assert labels == {SYM, TRT}  # and the thief found nothing to take


def test_the_thief_would_betray_a_leak():
    """The proof above is worth something only if its probe works."""
    for doc in with_gold()[:1]:
        assert [e.label_ for e in gold_thief(doc).ents] == ["LEAK"]
    assert not gold_thief(Doc(NLP.vocab, words=["a", "b"])).ents


def test_given_words_are_kept(corpus, tmp_path):
    words = ("can't", "fever", "-", "x")
    doc = iob_to_doc(NLP.vocab, IobSentence(words, (f"B-{SYM}", "O", "O", "O")))
    counts = []

    def spy(doc):
        counts.append(tuple(t.text for t in doc))
        return doc

    Language.component("word_spy", func=spy)
    nlp = spacy.blank("en")
    nlp.add_pipe("word_spy")
    nlp.to_disk(tmp_path / "spy")
    folder = corpus([doc], has_gold=True, entities_from="gold")
    evaluate(tmp_path / "spy", folder, tmp_path / "m.json")
    assert counts == [words]


def test_a_text_beyond_a_million_characters(model, corpus, tmp_path):
    text = "fever " + "and so on \n" * 100_000
    folder = corpus([note_doc(text, [("fever", SYM)])], has_gold=False)
    assert evaluate(model, folder, tmp_path / "m.json")["rows"][0]["em"] == 1.0


def test_provenance_names_versions_and_data_but_no_host(model, corpus, tmp_path):
    folder = corpus(with_gold(), has_gold=True)
    found = evaluate(model, folder, tmp_path / "m.json")["provenance"]
    assert found["seed"] == 7 and len(found["data_hash"]) == 64
    assert found["versions"]["spacy"] == spacy.__version__
    assert set(found["machine"]) == {"cpu", "cores"}
    assert found["commit"]


def test_no_text_of_a_note_is_written(model, corpus, tmp_path):
    evaluate(model, corpus(with_gold(), has_gold=True), tmp_path / "m.json")
    written = (tmp_path / "m.json").read_text()
    assert not any(word in written for word in ("fever", "Tylenol", "cough"))


def test_bad_input(model, corpus, tmp_path):
    folder = corpus([], has_gold=True)
    out = tmp_path / "m.json"
    with pytest.raises(MslmError, match=r"\[M742\] .*'test'"):
        evaluate(model, folder, out)
    with pytest.raises(MslmError, match=r"\[M701\] .*dev"):
        evaluate(model, folder, out, split="dev")
    with pytest.raises(MslmError, match=r"\[M741\] .*none"):
        evaluate(tmp_path / "none", folder, out)
    (model / "config.cfg").unlink()
    with pytest.raises(MslmError, match=r"\[M741\]"):
        evaluate(model, folder, out)
    (folder / "manifest.json").unlink()
    with pytest.raises(MslmError, match=r"\[M730\]"):
        evaluate(model, folder, out)
    assert not out.exists()
