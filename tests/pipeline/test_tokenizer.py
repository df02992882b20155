"""The tokenizer keeps every character, and every placeholder whole."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.notes.deid import placeholder_spans
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer

PLAIN = spacy.blank("en")
TOKENIZER = ClinicalTokenizer(PLAIN.vocab)

# Lone surrogates have a test of their own.
CHARACTERS = st.characters(exclude_categories=["Cs"])
FRAGMENTS = st.sampled_from(
    ["[**Name 1**]", "[**a\nb**]", "___", "____", "[**", "**]", " ", "  ", "\n", "\t"]
)
TEXTS = st.lists(st.text(CHARACTERS, max_size=8) | FRAGMENTS, max_size=10).map("".join)


def words(text):
    return [token.text for token in TOKENIZER(text)]


@given(TEXTS)
def test_text_is_kept_and_placeholders_are_tokens(text):
    doc = TOKENIZER(text)
    assert doc.text == text
    tokens = {(t.idx, t.idx + len(t)) for t in doc}
    assert set(placeholder_spans(text)) <= tokens


@given(st.text(CHARACTERS.filter(lambda c: c not in "[_*"), max_size=60))
def test_without_placeholders_it_is_the_languages_own(text):
    assert words(text) == [token.text for token in PLAIN.make_doc(text)]


def test_lone_surrogates_are_read_one_for_one_where_spacy_fails():
    with pytest.raises(UnicodeEncodeError):
        PLAIN.make_doc("a \ud800 b")
    assert TOKENIZER("a \ud800 b\udfff").text == "a \ufffd b\ufffd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by [**Known lastname 9001**].", ["[**Known lastname 9001**]", "."]),
        ("on [**2162-8-19**] at", ["on", "[**2162-8-19**]", "at"]),
        ("Dr.[**Name\n(NI) 1**]'s note", ["Dr.", "[**Name\n(NI) 1**]", "'s", "note"]),
        ("Mr. ___ was", ["Mr.", "___", "was"]),
        ("___", ["___"]),
        ("[**a**][**b**]", ["[**a**]", "[**b**]"]),
        ("[**a**]  x", ["[**a**]", " ", "x"]),
        ("[**a**]mg", ["[**a**]", "mg"]),
    ],
)
def test_placeholders_are_one_token(text, expected):
    assert words(text)[-len(expected) :] == expected
    assert TOKENIZER(text).text == text


def test_what_surrounds_a_placeholder_is_tokenized_as_ever():
    assert words("(fever, [**X**] 5mg)") == [
        "(",
        "fever",
        ",",
        "[**X**]",
        "5",
        "mg",
        ")",
    ]


def test_many_placeholders_and_unclosed_brackets_keep_the_text():
    text = "[**" * 200 + " fever " + "_" * 2000 + "[**x**]" * 500
    assert TOKENIZER(text).text == text


def test_bytes_and_disk_keep_changed_rules(tmp_path):
    changed = ClinicalTokenizer(spacy.blank("en").vocab)
    changed.base.add_special_case("chestpain", [{"ORTH": "chest"}, {"ORTH": "pain"}])
    changed.to_disk(tmp_path / "tokenizer")
    text = "[**X**] chestpain"
    for again in (
        ClinicalTokenizer(spacy.blank("en").vocab).from_bytes(changed.to_bytes()),
        ClinicalTokenizer(spacy.blank("en").vocab).from_disk(tmp_path / "tokenizer"),
    ):
        assert [t.text for t in again(text)] == ["[**X**]", "chest", "pain"]
    assert words(text) == ["[**X**]", "chestpain"]


def test_pipe_and_pipeline_are_calls_one_after_another(make_nlp):
    texts = ["fever", "", "[**X**] pain"]
    piped = [[t.text for t in doc] for doc in TOKENIZER.pipe(texts)]
    assert piped == [words(text) for text in texts]
    assert [t.text for t in make_nlp().make_doc(texts[2])] == ["[**X**]", "pain"]


def test_rules_are_those_of_the_pipelines_language():
    name = {"@tokenizers": "spacy-mslm.ClinicalTokenizer.v1"}
    nlp = spacy.blank("de", config={"nlp": {"tokenizer": name}})
    assert [t.text for t in nlp("z.B. [**X**]")] == ["z.B.", "[**X**]"]
