"""Sentence marks by the clinical rules, on tokens."""

import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from spacy_mslm.notes.sentences import sentence_spans
from spacy_mslm.pipeline.sentences import ClinicalSentences
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer

VOCAB = spacy.blank("en").vocab
TOKENIZER = ClinicalTokenizer(VOCAB)
MARK = ClinicalSentences()

NOTE = """CHIEF COMPLAINT:  chest
pain

HISTORY: Seen by Dr. [**Last
Name 1**] at 8 p.m. No fever.
Plan:
- aspirin 81 mg q.d.
- metformin
"""


def starts(text):
    return [sent.start_char for sent in MARK(TOKENIZER(text)).sents]


def test_marks_stand_where_the_rules_put_them():
    wanted = [start for start, _ in sentence_spans(NOTE)]
    assert len(wanted) > 3
    assert starts(NOTE) == wanted


@given(st.text(st.sampled_from("aA .\n:-[*]_1"), max_size=60))
def test_sentences_cover_every_token_once(text):
    doc = MARK(TOKENIZER(text))
    if not len(doc):
        assert list(doc.sents) == [] if doc.has_annotation("SENT_START") else True
        return
    sents = list(doc.sents)
    assert [t.i for sent in sents for t in sent] == list(range(len(doc)))
    found = {sent.start_char for sent in sents}
    edges = {t.idx for t in doc}
    # A start that is no token's edge goes to the next token.
    for start, _ in sentence_spans(text):
        assert start not in edges or start in found


def test_pretokenised_input_stays_one_sentence():
    doc = MARK(Doc(VOCAB, words=["Fever", ".", "No", "pain", "."]))
    assert doc.has_unknown_spaces and len(list(doc.sents)) == 1


def test_pretokenised_input_stays_one_sentence_in_training_too(tmp_path):
    """spaCy's reader copies such a Doc without its mark: training must see the same."""
    from spacy.training import Corpus

    nlp = spacy.blank("en")
    reference = Doc(nlp.vocab, words=["Fever", ".", "No", "pain", "."])
    reference.set_ents([reference.char_span(0, 5, "A")])
    DocBin(docs=[reference]).to_disk(tmp_path / "a.spacy")
    (example,) = Corpus(tmp_path)(nlp)
    assert not example.predicted.has_unknown_spaces
    assert len(list(MARK(example.predicted).sents)) == 1


def test_empty_and_one_token_documents():
    assert len(MARK(TOKENIZER(""))) == 0
    assert len(list(MARK(TOKENIZER("fever")).sents)) == 1
    assert len(list(MARK(TOKENIZER(" \n ")).sents)) == 1


def test_marks_of_before_are_replaced():
    doc = TOKENIZER("No fever. No pain.")
    for token in doc:
        token.is_sent_start = True
    assert len(list(MARK(doc).sents)) == 2
