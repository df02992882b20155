"""Notes in passages: whole sentences, entities whole, nothing lost."""

import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_mslm.stages.corpora.passages import passages

NLP = spacy.blank("en")
SENTENCE = "He has mild asthma today. "


def entities(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_cut_between_sentences_with_their_entities() -> None:
    doc = NLP(SENTENCE * 6)
    doc.set_ents([Span(doc, at + 2, at + 4, "D") for at in range(0, 36, 6)])
    parts = list(passages(doc, 13))
    assert [len(part) for part in parts] == [12, 12, 12]
    assert [entities(part) for part in parts] == [[("mild asthma", "D")] * 2] * 3


def test_what_is_short_comes_as_it_is() -> None:
    doc = NLP(SENTENCE)
    assert list(passages(doc, 6)) == [doc]


def test_a_long_sentence_is_a_part_of_its_own() -> None:
    doc = NLP("Short one. Words " + "word " * 29 + "end. Short again.")
    assert [len(part) for part in passages(doc, 10)] == [3, 32, 3]


def test_no_cut_inside_an_entity() -> None:
    doc = NLP(SENTENCE * 2)
    doc.set_ents([Span(doc, 4, 8, "D")])
    [part] = passages(doc, 6)
    assert entities(part) == [("today. He has", "D")]
    assert len(part) == len(doc)


def test_unknown_tokens_stay_unknown() -> None:
    doc = NLP(SENTENCE * 2)
    doc.set_ents([], missing=[doc[0:2]], default="outside")
    first, second = passages(doc, 6)
    assert [token.ent_iob for token in first] == [0, 0, 2, 2, 2, 2]
    assert {token.ent_iob for token in second} == {2}


@given(
    st.lists(
        st.sampled_from(
            ["pain. ", "No fever\n", "x ", "B.P. 120/80; ", "\n\n", "- a\n"]
        ),
        max_size=60,
    ),
    st.integers(1, 12),
)
def test_every_token_once_in_order(pieces: list[str], words: int) -> None:
    doc = NLP("".join(pieces))
    parts = list(passages(doc, words))
    assert [t.text for part in parts for t in part] == [t.text for t in doc]
    assert all(len(part) for part in parts) or len(doc) == 0
