import re
from html.parser import HTMLParser

import pytest

from spacy_mslm.report.page import render_page, render_summary
from spacy_mslm.report.scores import markdown_table

AGREEMENT = "agreement with the labeller, not accuracy"
EVIL = "<script>alert('x')</script>"
VOID = {"meta", "br", "img", "link", "input"}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tags(html):
    reader = Tags()
    reader.feed(html)
    assert not reader.open
    return reader.seen


def visible(html):
    text = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def test_needs_nothing_beside_it_and_runs_nothing(make_report):
    html = render_page(make_report())
    for tag, attributes in tags(html):
        assert tag not in {"script", "link", "img", "iframe", "object", "base", "form"}
        assert not {"src", "href", "srcset", "action"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in html and "@import" not in html
    assert "default-src 'none'" in html


def test_says_first_that_it_holds_text_of_notes(make_report):
    text = visible(render_page(make_report()).partition("<body>")[2])
    assert text.startswith("This page holds text of notes: keep it where the notes")


def test_the_headline_is_a_banner_before_any_number(make_report):
    html = render_page(make_report())
    banner = html.index('class="headline"')
    assert banner < html.index("<table")
    assert "Smoke test on synthetic notes, not evidence" in html[banner : banner + 120]


def test_without_gold_it_is_agreement_and_nothing_is_against_gold(
    make_report, make_metrics
):
    metrics = make_metrics(gold=False, synthetic=False)
    for text in (
        visible(render_page(make_report(metrics=metrics))),
        render_summary(make_report(metrics=metrics)),
    ):
        assert AGREEMENT in text.lower()
        assert "against gold" not in text
        assert "trained pipeline against MedCAT labels" in text
        assert "the weak labels" in text


@pytest.mark.parametrize("field", ["name", "label", "manifest", "setting", "warning"])
def test_whatever_comes_in_is_escaped(field, make_report, make_metrics, settings):
    changes = {
        "name": {"name": EVIL},
        "label": {"metrics": make_metrics(label=EVIL)},
        "manifest": {"manifests": {"concepts": {"name": EVIL, "sha256": EVIL}}},
        "setting": {"settings": {**settings, "encoder": EVIL}},
        "warning": {"warnings": [EVIL]},
    }[field]
    html = render_page(make_report(**changes))
    assert EVIL not in html and "&lt;script&gt;" in html
    assert "script" not in {tag for tag, _ in tags(html)}


def test_the_note_with_a_script_is_shown_as_text(make_report):
    html = render_page(make_report())
    assert "<script" not in html and "&lt;script&gt;alert(1)" in html
    assert "note &lt;1&gt;" in html


def test_holds_every_part(make_report):
    text = visible(render_page(make_report()))
    for part in (
        "EM unseen",
        "By type",
        "L_MSLM",
        "Held-out notes",
        "Missed altogether: 1",
        "False alarms: 1",
        "cough",
        "weak labels by MedCAT 2.9.0, no hand annotation",
        "c0ffee",
        "entity rate 0.5",
        "term 0.550, base 0.450",
        "abc123",
    ):
        assert part in text, part


def test_warnings_are_on_both(make_report):
    report = make_report(warnings=["run 'evaluate' again"])
    assert "run &#39;evaluate&#39; again" in render_page(report)
    assert "**Warning: run 'evaluate' again**" in render_summary(report)


def test_works_with_scores_alone(make_report, settings):
    bare = make_report(manifests={}, log=(), notes=())
    assert "no training log" in visible(render_page(bare))
    assert "not known" in render_summary(bare)


def test_same_input_same_bytes(make_report):
    assert render_page(make_report()) == render_page(make_report())
    assert render_summary(make_report()) == render_summary(make_report())


def test_the_summary_holds_no_text_of_a_note(make_report):
    summary = render_summary(make_report()).lower()
    for words in ("fever", "cough", "aspirin", "alert", "note <1>"):
        assert words not in summary
    assert "| missed altogether | 1 |" in summary


def test_a_cell_cannot_leave_its_table():
    table = markdown_table(["a"], [["x | y\n\n# <b>&"]])
    assert table.splitlines()[-1] == "| x \\| y # &lt;b>&amp; |"


def test_long_notes_say_that_they_are_cut(make_report, note):
    from dataclasses import replace

    long = replace(note, text=note.text + " x" * 5000)
    text = visible(render_page(make_report(notes=[long])))
    assert f"The first 6000 of {len(long.text)} characters." in text
