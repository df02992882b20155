"""`corpus sambd`: what goes, what stays, and that dev and test are never touched."""

import json
from collections import Counter

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.corpus.brat_out import FRAGMENTS
from spacy_mslm.corpus.docs import GOLD, make_doc, read_docs, write_docbins
from spacy_mslm.corpus.sambd import Sambd
from spacy_mslm.errors import MslmError
from spacy_mslm.notes.sentences import sentence_spans
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer
from spacy_mslm.stages.corpora.brat_docs import add_brat_group
from spacy_mslm.stages.corpora.corpus import build_iob_corpus
from spacy_mslm.stages.corpora.sambd import (
    LEFT,
    SAMBD,
    sambd_corpus,
    thin_docs,
    thin_training,
)
from spacy_mslm.types import CharSpan, DropCounts, Note

SENTENCES = (
    "The patient has fever.",
    "He takes aspirin daily for chest pain.",
    "No known allergies.",
    "Seen by [**Known lastname 9001**] at home.",
    "MEDICATIONS:",
    "Metformin 500 mg p.o. b.i.d. was given and metformin was stopped.",
    "Family history is unremarkable.",
)
DRUGS = ("aspirin", "Metformin", "metformin")


@pytest.fixture(scope="module")
def tokenizer():
    return ClinicalTokenizer(spacy.blank("en").vocab)


def drug_spans(text):
    found = []
    for drug in DRUGS:
        at = text.find(drug)
        while at >= 0:
            found.append(CharSpan(at, at + len(drug), "Drug", "gold"))
            at = text.find(drug, at + 1)
    return tuple(sorted(found))


def note_doc(tokenizer, text, note_id="n", gold=None, meta=None):
    gold = drug_spans(text) if gold is None else gold
    note = Note(note_id, "p", text, meta={"gold": True, **(meta or {})}, gold=gold)
    doc = make_doc(tokenizer, note, {}, entities_from=GOLD, drops=DropCounts())
    add_brat_group(doc, note)
    return doc


def thin(docs, tokenizer, keep=0.0, seed=0):
    drops, sambd = DropCounts(), Sambd(keep, seed)
    return list(thin_docs(docs, tokenizer, sambd, drops)), drops, sambd.counts


def places(doc):
    return [(e.start_char, e.end_char, e.label_, e.text) for e in doc.ents]


NOTES = st.lists(
    st.tuples(st.sampled_from(SENTENCES), st.sampled_from([" ", "\n", "\n\n", "  "])),
    min_size=1,
    max_size=9,
).map(lambda parts: "".join(a + b for a, b in parts))


@given(text=NOTES, keep=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 3))
def test_entities_keep_their_words_and_their_places(tokenizer, text, keep, seed):
    doc = note_doc(tokenizer, text)
    thinned, drops, counts = thin([doc], tokenizer, keep, seed)
    assert drops == {}
    if not thinned:
        assert not doc.ents and counts.left_out == 1
        return
    [made] = thinned
    assert [e.text for e in made.ents] == [e.text for e in doc.ents]
    assert [e.label_ for e in made.ents] == [e.label_ for e in doc.ents]
    assert [s.text for s in made.spans["brat"]] == [s.text for s in doc.spans["brat"]]
    assert all(t.ent_iob for t in made)
    # Read again by the tokenizer, the words are the same.
    assert [t.text for t in tokenizer(made.text)] == [t.text for t in made]
    if keep == 1.0:
        assert made is doc
    if made is not doc:
        for entity, before in zip(made.ents, doc.ents, strict=True):
            [back] = [
                entity.start_char - here + there
                for here, there, length in made.user_data[SAMBD]
                if here <= entity.start_char < here + length
            ]
            assert back == before.start_char


@given(text=NOTES)
def test_without_empty_sentences_every_sentence_holds_an_entity(tokenizer, text):
    doc = note_doc(tokenizer, text)
    full = [
        text[a:b]
        for a, b in sentence_spans(text)
        if any(a < e.end_char and e.start_char < b for e in doc.ents)
    ]
    thinned, _, counts = thin([doc], tokenizer)
    assert counts.kept == len(full) and counts.empty_kept == 0
    words = [word for made in thinned for word in made.text.split()]
    assert words == [word for sentence in full for word in sentence.split()]


def test_a_note_cut_to_its_full_sentences(tokenizer):
    text = " ".join(SENTENCES[:3]) + "\n\nPLAN: metformin.\n"
    doc = note_doc(tokenizer, text)
    [made], _, counts = thin([doc], tokenizer)
    assert (
        made.text
        == " " * 23 + "He takes aspirin daily for chest pain.\n\nPLAN: metformin."
    )
    assert counts.to_dict() == {
        **{"documents": 1, "left_out": 0, "sentences": 4, "empty": 2},
        **{"kept": 2, "empty_kept": 0},
    }
    assert made.user_data["note_id"] == "n" and SAMBD not in doc.user_data


def test_span_groups_move_with_what_is_aligned_with_them(tokenizer):
    text = "No fever.\n\nTook zinc and iron daily. No pain in leg. Metforminlike."
    gold = (
        CharSpan(3, 8, "Sign", "gold"),
        CharSpan(16, 29, "Drug", "gold"),
        CharSpan(53, 62, "Drug", "gold"),  # inside a word
    )
    meta = {FRAGMENTS: [[[16, 20], [25, 29]]]}
    doc = note_doc(tokenizer, text, gold=gold, meta=meta)
    doc.ents = [e for e in doc.ents if e.label_ == "Drug"]  # the sign is lost
    doc.spans["gold"].attrs["scores"] = [0.1, 0.9]
    [made], drops, _ = thin([doc], tokenizer)
    assert [s.text for s in made.spans["gold"]] == ["zinc and iron"]
    assert made.spans["gold"].attrs["scores"] == [0.9]
    [fragments] = made.spans["brat"].attrs["fragments"]
    assert [made.text[a:b] for a, b in fragments] == ["zinc", "iron"]
    assert drops == {f"gold {LEFT}": 1, f"brat {LEFT}": 1}


def test_words_without_annotation_fill_a_sentence(tokenizer):
    text = "No fever here. Metforminlike drug. No pain."
    doc = note_doc(tokenizer, text, gold=(CharSpan(15, 24, "Drug", "gold"),))
    assert not doc.ents and any(t.ent_iob == 0 for t in doc)
    [made], _, _ = thin([doc], tokenizer)
    assert made.text.strip() == "Metforminlike drug."
    assert [t.text for t in made if t.ent_iob == 0] == [
        t.text for t in doc if t.ent_iob == 0
    ]
    [[start, end, label]] = made.spans["gold"].attrs["misaligned"]
    assert (made.text[start:end], label) == ("Metformin", "Drug")


def test_an_entity_over_two_sentences_keeps_both(tokenizer):
    text = "No fever. Took zinc. And iron. No pain."
    doc = note_doc(tokenizer, text, gold=(CharSpan(15, 29, "Drug", "gold"),))
    assert len(sentence_spans(text)) == 4
    [made], drops, _ = thin([doc], tokenizer)
    assert places(made) == [(15, 29, "Drug", "zinc. And iron")] and not drops


def test_gold_beside_weak_entities_keeps_no_sentence(tokenizer):
    """What training does not see must not choose what it sees."""
    doc = note_doc(tokenizer, "Took zinc. Took iron.", gold=drug_spans("x"))
    doc.spans["gold"] = [Span(doc, 1, 2, label="Drug")]
    assert thin([doc], tokenizer)[0] == []


def iob_docs(vocab):
    for i in range(40):
        doc = Doc(vocab, words=["took", f"drug{i % 7}", "."])
        ents = [Span(doc, 1, 2, label="Drug")] if i % 4 == 0 else []
        doc.set_ents(ents, default="outside")
        yield doc


def test_a_sentence_a_doc_is_kept_or_left_whole(tokenizer):
    docs = list(iob_docs(tokenizer.vocab))
    kept, _, counts = thin(docs, tokenizer, 0.5)
    assert all(any(made is doc for doc in docs) for made in kept)
    assert [d for d in docs if d.ents] == [d for d in kept if d.ents]
    assert counts.empty == 30 and 0 < counts.empty_kept < 30
    texts = Counter(d.text for d in thin(docs[::-1], tokenizer, 0.5)[0])
    assert texts == Counter(d.text for d in kept)


def test_only_training_pairs_are_thinned(tokenizer):
    docs = list(iob_docs(tokenizer.vocab))
    pairs = [(("train", "dev", "test")[i % 3], doc) for i, doc in enumerate(docs)]
    sambd = Sambd(0.0)
    made = list(thin_training(pairs, tokenizer, sambd, DropCounts()))
    for split in ("dev", "test"):
        assert [d for s, d in made if s == split] == [d for s, d in pairs if s == split]
    assert all(d.ents for s, d in made if s == "train")
    assert sambd.counts.documents == 14


# The command


@pytest.fixture
def corpus(tmp_path):
    for i, name in enumerate(("train", "dev", "test")):
        rows = [
            f"took\tO\ndrug{n % 9}\t{'B-Drug' if n % 5 == 0 else 'O'}\n\n"
            for n in range(200 + i)
        ]
        (tmp_path / f"{name}.tsv").write_text("".join(rows))
    build_iob_corpus(sorted(tmp_path.glob("*.tsv")), tmp_path / "corpus")
    return tmp_path / "corpus"


def files(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_corpus_thinned(corpus, tmp_path):
    out = tmp_path / "thin"
    manifest = sambd_corpus(corpus, out, keep=0.1, seed=7)
    for split in ("dev", "test"):
        assert files(out / split) == files(corpus / split)
    made = manifest["sambd"]
    assert made["sentences"] == 200 and made["empty"] == 160
    assert (made["keep"], made["seed"]) == (0.1, 7)
    assert made["kept"] == 40 + made["empty_kept"]
    assert made["left_out"] == 200 - made["kept"] and 3 <= made["empty_kept"] <= 35
    vocab = spacy.blank("en").vocab
    docs = list(read_docs(out / "train", vocab))
    assert len(docs) == made["kept"] == manifest["splits"]["train"]["docs"]
    assert sum(not doc.ents for doc in docs) == made["empty_kept"]
    assert manifest["splits"]["dev"]["docs"] == 201
    before = json.loads((corpus / "manifest.json").read_text())
    assert manifest["splits"]["test"] == before["splits"]["test"]
    assert manifest["settings"] == before["settings"]
    assert json.loads((out / "manifest.json").read_text()) == manifest
    sambd_corpus(corpus, tmp_path / "again", keep=0.1, seed=7)
    assert files(tmp_path / "again") == files(out)
    sambd_corpus(corpus, tmp_path / "again", keep=0.1, seed=8)
    assert files(tmp_path / "again") != files(out)


def test_what_is_refused_changes_nothing(corpus, tmp_path):
    before = files(corpus)
    with pytest.raises(MslmError, match=r"\[M362\]"):
        sambd_corpus(corpus, corpus)
    with pytest.raises(MslmError, match=r"\[M360\]"):
        sambd_corpus(corpus, tmp_path / "thin", keep=8)
    with pytest.raises(MslmError, match=r"\[M730\]"):
        sambd_corpus(tmp_path, tmp_path / "thin")
    assert not (tmp_path / "thin").exists()
    sambd_corpus(corpus, tmp_path / "thin", keep=0.5)
    with pytest.raises(MslmError, match=r"\[M361\].* kept 0\.5"):
        sambd_corpus(tmp_path / "thin", tmp_path / "more")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "letter.txt").write_text("dear")
    with pytest.raises(MslmError, match=r"\[M732\]"):
        sambd_corpus(corpus, tmp_path / "own")
    assert files(corpus) == before


def test_a_corpus_without_train(corpus, tmp_path, tokenizer):
    other = tmp_path / "other"
    write_docbins(other / "dev", iob_docs(tokenizer.vocab))
    (other / "manifest.json").write_text("{}")
    with pytest.raises(MslmError, match=r"\[M322\].*found: dev"):
        sambd_corpus(other, tmp_path / "thin")


def test_the_command(corpus, tmp_path):
    words = [
        "corpus",
        "sambd",
        str(corpus),
        "--out",
        str(tmp_path / "o"),
        "--keep",
        "0",
    ]
    result = CliRunner().invoke(register_commands(), words)
    assert result.exit_code == 0, result.output
    assert "train 40 docs 40 entities, dev 201 docs" in result.output
    assert (
        "40 of 200 sentences kept, 0 of 160 empty ones; 160 of 200 documents left out"
        in result.output
    )
