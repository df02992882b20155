"""Patterns: what they find, what is wrong with a file, and those that never end."""

import json
import signal
import threading
import time
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.types import DropCounts, Note
from spacy_mslm.weak.patterns import PatternLabeller, read_patterns

YAML = r"""
- label: Treatments
  pattern: '\b(\d+) mg of (?P<drug>\w+)'
  group: drug
  concept_id: X1

# A comment
- {label: Symptoms, pattern: "chest\\s+pain", flags: i}
"""


def write(folder: Path, text: str, name: str = "p.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def spans(labeller: PatternLabeller, text: str) -> list[tuple[str, str, str]]:
    found = labeller.find(Note("n", "p", text))
    return [(text[s.start : s.end], s.label, s.concept_id) for s in found]


def test_yaml_and_json_lines_say_the_same(tmp_path):
    rows = [
        {"label": "Treatments", "pattern": r"\b(\d+) mg of (?P<drug>\w+)"},
        {"label": "Symptoms", "pattern": r"chest\s+pain", "flags": "i"},
    ]
    rows[0] |= {"group": "drug", "concept_id": "X1"}
    lines = "\n\n".join(map(json.dumps, rows))
    found = [
        read_patterns(write(tmp_path, YAML)),
        read_patterns(write(tmp_path, lines, "p.jsonl")),
    ]
    assert [p.row for p in found[0]] == [2, 8]
    assert [p.row for p in found[1]] == [1, 3]
    for patterns in found:
        labeller = PatternLabeller(patterns)
        assert labeller.labels == ("Treatments", "Symptoms")
        assert spans(labeller, "Chest\nPain. 5 mg of aspirin") == [
            ("Chest\nPain", "Symptoms", ""),
            ("aspirin", "Treatments", "X1"),
        ]


def test_white_space_is_trimmed_and_nothing_is_no_span(tmp_path):
    text = "- {label: D, pattern: '\\s*flu\\s*|\\s+|(x)?', group: 0}"
    with pytest.raises(MslmError, match=r"\[M273\]"):
        read_patterns(write(tmp_path, text))
    text = "- {label: D, pattern: '\\s*flu\\s*|\\s+'}\n"
    text += "- {label: D, pattern: 'a(b)?', group: 1}"
    labeller = PatternLabeller(read_patterns(write(tmp_path, text)))
    assert spans(labeller, "a  flu \n ab") == [("flu", "D", ""), ("b", "D", "")]


@pytest.mark.parametrize(
    ("text", "name", "error"),
    [
        (None, "p.yml", r"\[M270\] .*p\.yml"),
        ("- {label: D, pattern: a}", "p.txt", r"\[M275\]"),
        ("", "p.yml", r"\[M274\]"),
        ("\n", "p.jsonl", r"\[M274\]"),
        ("label: D", "p.yml", r"\[M271\] .*row 1: not a list"),
        ("- {label: [}", "p.yml", r"\[M271\] .*row 1: not YAML"),
        ('\n{"label": "D"', "p.jsonl", r"\[M271\] .*row 2: not a JSON object"),
        ("[1]", "p.jsonl", r"\[M271\] .*row 1: not an object"),
        ("- {label: D}", "p.yml", r"\[M271\] .*row 1: 'pattern' is missing"),
        ("- {label: 3, pattern: a}", "p.yml", r"\[M271\] .*'label' is missing"),
        ("- {label: D, pattern: a, x: 1}", "p.yml", r"\[M271\] .*unknown key x"),
        ("- {label: D, pattern: a, flags: iz}", "p.yml", r"\[M271\] .*unknown flag z"),
        ("- {label: D, pattern: a, flags: 3}", "p.yml", r"\[M271\] .*'flags' is no"),
        ("- {label: D, pattern: a, group: 1}", "p.yml", r"\[M271\] .*no group 1"),
        ("- {label: D, pattern: a, group: x}", "p.yml", r"\[M271\] .*no group x"),
        ("- {label: D, pattern: a, group: true}", "p.yml", r"\[M271\] .*'group' is no"),
        ("\n- {label: D, pattern: 'a('}", "p.yml", r"\[M272\] .*row 2: .*missing \)"),
        ("- {label: D, pattern: '(?:a|)'}", "p.yml", r"\[M273\] .*row 1"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_row(tmp_path, text, name, error):
    path = write(tmp_path, text, name) if text is not None else tmp_path / name
    with pytest.raises(MslmError, match=error):
        read_patterns(path)


def test_bytes_that_are_no_utf8(tmp_path):
    path = tmp_path / "p.yml"
    path.write_bytes(b"- {label: D, pattern: '\xff'}")
    with pytest.raises(MslmError, match=r"\[M275\]"):
        read_patterns(path)


SLOW = "- {label: D, pattern: '(a+)+b'}\n- {label: S, pattern: fever}"


def test_a_pattern_that_never_ends_is_stopped_and_the_others_are_not(tmp_path):
    drops = DropCounts()
    patterns = read_patterns(write(tmp_path, SLOW))
    labeller = PatternLabeller(patterns, limit=0.2, drops=drops)
    before = signal.getsignal(signal.SIGVTALRM)
    started = time.process_time()
    assert spans(labeller, "a" * 60 + " fever") == [("fever", "S", "")]
    assert time.process_time() - started < 10
    assert drops == {"pattern in row 1 stopped: too slow": 1}
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert spans(labeller, "aab fever") == [("aab", "D", ""), ("fever", "S", "")]


def test_another_thread_is_served_without_a_limit(tmp_path):
    labeller = PatternLabeller(read_patterns(write(tmp_path, SLOW)), limit=1e-9)
    found = []
    thread = threading.Thread(target=lambda: found.extend(spans(labeller, "aab")))
    thread.start()
    thread.join()
    assert found == [("aab", "D", "")]
