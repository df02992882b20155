import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_mslm.corpus.docs import make_doc
from spacy_mslm.corpus.stats import (
    collect,
    corpus_stats,
    corpus_warnings,
    split_overlap,
)
from spacy_mslm.types import CharSpan, DropCounts, Note

NLP = spacy.blank("en")


def annotated(text, parts=(), patient="p", **options):
    spans = [
        CharSpan(text.index(part), text.index(part) + len(part), label)
        for part, label in parts
    ]
    note = Note("n", patient, text, **options)
    return make_doc(
        NLP.make_doc,
        note,
        {"medcat": spans},
        entities_from="medcat",
        drops=DropCounts(),
    )


def test_counts():
    docs = [
        annotated("chest\npain and fever", [("chest\npain", "S"), ("fever", "S")]),
        annotated("Fever and -- here", [("Fever", "D"), ("--", "D")], "q"),
        annotated("nothing", gold=(CharSpan(0, 2, "S"),)),
        annotated(""),
        annotated("nothing"),
    ]
    stats = corpus_stats(docs)
    assert stats["docs"] == 5 and stats["patients"] == 2
    assert stats["tokens"] == sum(map(len, docs))
    assert stats["longest_doc"] == {"tokens": 5, "characters": 20}
    assert stats["docs_without_tokens"] == 1
    assert stats["docs_without_entities"] == {"n": 3, "share": 0.6}
    assert stats["missing_annotation"] == {"tokens": 0, "share": 0.0}
    assert stats["repeated_docs"] == 1
    assert stats["entities"] == {"D": 2, "S": 2}
    assert stats["distinct_mentions"] == 3
    assert stats["mentions_of_several_labels"] == 1
    assert stats["entities_over_newline"] == 1
    assert stats["entities_of_punctuation_only"] == 1
    assert stats["spans"] == {"medcat": {"D": 2, "S": 2}, "gold": {}}
    assert stats["misaligned"] == {"gold": 1}


def test_missing_is_not_outside():
    doc = Doc(NLP.vocab, words=["a", "b", "c", "d"])
    doc.set_ents([Span(doc, 0, 1, "X")], default="missing")
    stats = corpus_stats([doc])
    assert stats["missing_annotation"] == {"tokens": 3, "share": 0.75}
    assert any("M318" in line for line in corpus_warnings({"train": collect([doc])}))


def test_overlap_between_splits():
    train = [annotated("fever here", [("fever", "S")], "a"), annotated("x", [], "b")]
    test = [
        annotated("FEVER, cough", [("FEVER", "S"), ("cough", "S")], "c"),
        annotated("x", [], "b"),
    ]
    splits = {"train": collect(train), "test": collect(test)}
    assert split_overlap(splits) == {
        "test": {"docs": 1, "patients": 1, "mentions": 0.5}
    }
    lines = corpus_warnings(splits)
    assert any("M319" in line and line.count("test: 1 ") for line in lines)
    assert any("M320" in line for line in lines)


@pytest.mark.parametrize(
    ("train", "code"),
    [
        ([annotated("fever", [("fever", "S")])], "M313"),
        ([annotated("fever", [("fever", "S")])], "M314"),
        ([annotated(f"x{i}") for i in range(10)], "M315"),
    ],
)
def test_warnings(train, code):
    lines = corpus_warnings({"train": collect(train)})
    assert any(line.startswith(f"[{code}] ") for line in lines)


def test_label_unknown_to_training_and_white_space_at_an_edge():
    bad = NLP.make_doc("a fever\n")
    bad.set_ents([Span(bad, 1, 3, "S")])
    train = [annotated("cough", [("cough", "D")])]
    lines = corpus_warnings({"train": collect(train), "test": collect([bad])})
    assert any("M316" in line and line.count(": S.") for line in lines)
    assert any("M317" in line for line in lines)


def test_a_good_corpus_gives_no_warning():
    words = [f"{label}{i}" for i in range(60) for label in "ab"]
    docs = [annotated(word, [(word, word[0])], word) for word in words]
    assert corpus_warnings({"train": collect(docs)}) == []


def test_no_warning_shows_text():
    docs = [annotated("SECRET", [("SECRET", "S")])] * 2
    splits = {"train": collect(docs), "test": collect(docs)}
    lines = corpus_warnings(splits)
    assert lines and not any("SECRET" in line for line in lines)
    assert "SECRET" not in str(splits["train"].to_dict())
