"""Whose mention it is: relatives by section and by sentence."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.notes.sentences import sentence_spans
from spacy_mslm.weak.family import about_relatives, lies_in


def is_family(text: str, word: str) -> bool:
    ranges = about_relatives(text, sentence_spans(text))
    start = text.index(word)
    return lies_in(ranges, start, start + len(word))


@pytest.mark.parametrize(
    "sentence",
    [
        "Family history of asthma.",
        "Strong family hx of asthma.",
        "No family history of asthma.",
        "His mother had asthma.",
        "Mother and father both have asthma.",
        "He has a brother who has asthma.",
        "Two sisters, one of whom has asthma.",
        "Father died at age 70 of asthma.",
        "Her aunt was diagnosed with asthma.",
        "Her uncle was found to have asthma.",
        "Brother: 9 years old, asthma.",
        "There is asthma in his mother.",
        "Severe asthma runs in the family.",
        "History of asthma on the paternal side.",
        "Her wife has asthma.",
    ],
)
def test_what_a_relative_has_is_the_relatives(sentence):
    assert is_family(sentence, "asthma")
    assert is_family(f"Seen today. {sentence} No fever.", "asthma")


@pytest.mark.parametrize(
    "sentence",
    [
        "He has asthma.",
        "Mother reports asthma.",
        "Brought in by his mother with asthma.",
        "Per his mother, the patient has asthma.",
        "Mom has noticed asthma.",
        "His mother has been giving him albuterol for asthma.",
        "Mother states that he has asthma.",
        "Risks of asthma were discussed with the family.",
        "Her mother had breast cancer, and she has asthma.",
        "Family history of cancer, who presents with asthma.",
        "He lives with his daughter and has no asthma.",
        "He has asthma. Mother is well.",
        "A child with asthma.",
    ],
)
def test_what_the_patient_has_is_not(sentence):
    assert not is_family(sentence, "asthma")


SECTIONS = """PAST MEDICAL HISTORY: asthma

FAMILY HISTORY:
Mother: cancer
Maternal aunt: lupus
- stroke
Notable for gout.

SOCIAL HISTORY: tobacco
Family and social history: alcohol.
FHx: diabetes
ROS: fever
"""


@pytest.mark.parametrize(
    ("word", "family"),
    [
        ("asthma", False),
        ("cancer", True),
        ("lupus", True),
        ("stroke", True),
        ("gout", True),
        ("tobacco", False),
        ("alcohol", False),
        ("diabetes", True),
        ("fever", False),
    ],
)
@pytest.mark.parametrize("wrap", ["\n", ",", " ,"])
def test_a_section_ends_at_the_next_heading_that_is_no_relatives(word, family, wrap):
    if wrap == "\n":
        assert is_family(SECTIONS, word) is family
    elif word in ("asthma", "tobacco", "diabetes", "fever"):
        # Transcribed notes with commas for line breaks.
        text = "PMH:, asthma.,FHX:, diabetes.,SHX:, tobacco.,ROS:, fever."
        assert is_family(text.replace(",", wrap), word) is family


def test_a_heading_alone_on_its_line_opens_a_section_too():
    text = "FAMILY HISTORY\n\nNo colon cancer.\n\nCURRENT MEDICATIONS\n\nAspirin"
    assert is_family(text, "cancer") and not is_family(text, "Aspirin")


KIN = st.sampled_from(
    ["mother", "Family history", "has", "in", "his", "and", "by", ",", ".", ":", "\n",
     "father", "FHx", "asthma", "who", "ROS", "patient"]
)  # fmt: skip


@given(st.lists(KIN, max_size=40).map(" ".join))
def test_ranges_lie_inside_the_text_in_order(text):
    ranges = about_relatives(text, sentence_spans(text))
    assert all(0 <= start <= end <= len(text) for start, end in ranges)
    assert all(one[1] < other[0] for one, other in pairwise(ranges))


def test_long_texts_take_time_in_proportion():
    times = []
    for n in (300, 3000):
        text = "Her mother and father and his aunt, and family history in her " * n
        started = time.process_time()
        about_relatives(text, [(0, len(text))])
        times.append(time.process_time() - started)
    assert times[1] < 40 * max(times[0], 0.02)
