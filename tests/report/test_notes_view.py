import math
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.report.held import HeldNote
from spacy_mslm.report.notes_view import colours, highlight
from spacy_mslm.types import CharSpan


class Reader(HTMLParser):
    """Text, and the tags that are opened, with a check that they are closed."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.open = "", [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(html):
    reader = Reader()
    reader.feed(str(html))
    reader.close()
    assert not reader.open
    return reader


def shown_tags(html):
    return [a["data-tag"] for _, a in read(html).tags if "data-tag" in a]


def make(text, predicted=(), reference=()):
    return HeldNote(
        "n",
        text,
        tuple(CharSpan(*p[:3], score=p[3]) for p in predicted),
        tuple(CharSpan(*r) for r in reference),
    )


COLOUR = {"A": 0, "B": 1}


def test_hit_miss_and_false_alarm_can_be_told_apart_in_words(note):
    html = highlight(note, colours(["Symptoms", "Treatments"]))
    assert shown_tags(html) == [
        "Symptoms 0.90 ✓",
        "Treatments 0.30 + false alarm",
        "− missed Symptoms",
    ]


def test_a_note_cannot_write_html(note):
    html = str(highlight(note, COLOUR))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_label_cannot_write_html():
    label = '"><img src=x onerror=alert(1)>'
    for given_spans in (
        {"predicted": [(0, 1, label, 1.0)]},
        {"reference": [(0, 1, label)]},
    ):
        tags = read(highlight(make("ab", **given_spans), COLOUR)).tags
        assert {tag for tag, _ in tags} <= {"mark", "span"}


@given(
    text=st.text(
        st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\0")
    ),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8),
    shown=st.integers(0, 60),
)
def test_without_tags_it_is_the_text(text, cuts, shown):
    spans = [(s, s + n) for s, n in cuts if s + n <= len(text)]
    predicted, last = [], 0
    for start, end in sorted(spans):
        if start >= last:
            predicted.append((start, end, "A", 0.5))
            last = end
    reference = [(s, e, "B") for s, e in spans]
    html = highlight(make(text, predicted, reference), COLOUR, shown=shown)
    assert read(html).text == text[:shown]


def test_confidence_is_the_strength_of_the_patch():
    html = str(highlight(make("a b c", [(0, 1, "A", 0.1), (4, 5, "A", 0.9)]), COLOUR))
    weak, strong = map(float, re.findall(r"--a:([\d.]+)", html))
    assert 0 < weak < strong < 0.7


def test_a_pipeline_without_confidence_gets_no_number():
    html = highlight(make("ab", [(0, 2, "A", math.nan)]), COLOUR)
    assert shown_tags(html) == ["A + false alarm"] and "nan" not in str(html)


def test_other_type_and_other_boundaries_are_named():
    html = highlight(make("ab cd", [(0, 2, "A", 1.0)], [(0, 2, "B")]), COLOUR)
    assert shown_tags(html) == ["A 1.00 ≠ B"]
    html = highlight(make("ab cd", [(0, 2, "A", 1.0)], [(0, 5, "A")]), COLOUR)
    assert shown_tags(html) == ["A 1.00 ≠ boundaries"]


def test_a_span_over_a_line_break_is_one_span():
    html = highlight(make("chest\npain", [(0, 10, "A", 1.0)], [(0, 10, "A")]), COLOUR)
    assert shown_tags(html) == ["A 1.00 ✓"]


def test_nested_gold_says_all_its_types():
    html = highlight(make("lung cancer", (), [(0, 11, "A"), (0, 4, "B")]), COLOUR)
    said = [a["title"] for _, a in read(html).tags]
    assert any("A" in title and "B" in title for title in said)
    assert sorted(shown_tags(html)) == ["− missed A", "− missed B"]


def test_colours_do_not_depend_on_order_and_never_run_out():
    assert colours(["B", "A", "B"]) == {"A": 0, "B": 1}
    assert max(colours([str(i) for i in range(30)]).values()) == 7
