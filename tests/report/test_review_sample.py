import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.report.review_counts import ReviewRow
from spacy_mslm.report.review_sample import SentenceSample, sentence_html
from spacy_mslm.types import CharSpan, Note

TEXT = "No fever here. Given <aspirin> & cough syrup. The end."


def row(text=TEXT, *spans, name="n", **values):
    return ReviewRow(Note(name, "p", text, "Ward"), spans, **values)


def of(text, words, label="S"):
    start = text.index(words)
    return CharSpan(start, start + len(words), label, "a")


def bare(html):
    return unescape(re.sub(r"<[^>]*>", "", str(html)))


def drawn(rows, **settings):
    sample = SentenceSample(**settings)
    for each in rows:
        sample.add(each)
    return sample


def test_the_sentence_of_a_span_with_all_its_spans():
    spans = of(TEXT, "aspirin", "T"), of(TEXT, "cough"), of(TEXT, "fever")
    (sentence,) = drawn([row(TEXT, *sorted(spans))]).of("T")
    assert sentence.text == "Given <aspirin> & cough syrup."
    assert (sentence.note_id, sentence.category) == ("n", "Ward")
    assert [s.label for s in sentence.spans] == ["T", "S"]
    html = sentence_html(sentence, {"S": 0, "T": 1})
    assert bare(html) == sentence.text and "&lt;aspirin" not in html
    assert '<mark class="p t1" style="--a:.5" data-tag="T">aspirin</mark>' in html
    assert 'style="--a:.22" data-tag="S">cough</mark>' in html


def test_a_long_sentence_is_cut_around_the_span_and_a_span_over_two_keeps_both():
    text = "word " * 200 + "fever " + "word " * 200
    (sentence,) = drawn([row(text, of(text, "fever"))]).of("S")
    assert len(sentence.text) < 500 and sentence.text.startswith("word ")
    start, end, _ = sentence.drawn
    assert sentence.text[start:end] == "fever"
    text = "One. Two. Three."
    (sentence,) = drawn([row(text, of(text, "One. Two"))]).of("S")
    assert sentence.text == "One. Two."


def test_negated_and_family_are_said():
    place = (3, 8, "S")
    marked = {"negated": frozenset({place}), "family": frozenset({place})}
    (sentence,) = drawn([row(TEXT, of(TEXT, "fever"), **marked)]).of("S")
    assert 'data-tag="S, negated, family"' in sentence_html(sentence, {"S": 0})


def test_with_gold_hits_misses_and_false_alarms_are_told():
    gold = (of(TEXT, "fever"), of(TEXT, "here"))
    spans = of(TEXT, "No", "T"), of(TEXT, "fever")
    (sentence,) = drawn([row(TEXT, *spans, gold=gold)]).of("S")
    html = sentence_html(sentence, {"S": 0, "T": 1})
    assert bare(html) == "No fever here."
    assert "S ✓" in html and "T + false alarm" in html and "− missed S" in html


def test_copied_text_counts_once_and_none_can_be_asked_for():
    rows = [row(TEXT, of(TEXT, "fever"), name=str(i)) for i in range(5)]
    assert len(drawn(rows).of("S")) == 1
    assert drawn(rows, size=0).of("S") == []


NOTES = [
    row(f"Note {i} has fever {i}.", CharSpan(11, 16, "S"), name=str(i))
    for i in range(40)
]


@given(st.permutations(NOTES), st.integers(0, 9))
def test_the_draw_depends_on_the_seed_and_not_on_the_order(rows, seed):
    texts = [s.text for s in drawn(NOTES, size=6, seed=seed).of("S")]
    assert [s.text for s in drawn(rows, size=6, seed=seed).of("S")] == texts
    assert len({*texts}) == 6


def test_every_span_has_its_chance():
    seen = {
        s.text for seed in range(40) for s in drawn(NOTES, size=6, seed=seed).of("S")
    }
    assert len(seen) == len(NOTES)


@given(
    st.text(alphabet=st.sampled_from("aB .\n<>&é:[*]"), min_size=1, max_size=60),
    st.data(),
)
def test_html_without_its_tags_is_the_text(text, data):
    edges = sorted(
        data.draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=8))
    )
    pairs = zip(edges[::2], edges[1::2], strict=False)
    spans = tuple(CharSpan(a, b, "S") for a, b in pairs)
    gold = spans[1:] if data.draw(st.booleans()) else None
    for sentence in drawn([row(text, *spans, gold=gold)]).of("S"):
        assert sentence.text in text
        assert bare(sentence_html(sentence, {})) == sentence.text
        assert any((s.start, s.end) == sentence.drawn[:2] for s in sentence.spans)
