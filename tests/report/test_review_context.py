import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.report.review_context import Context, context


def around(text: str, name: str) -> Context:
    start = text.index(name)
    return context(text, start, start + len(name))


@pytest.mark.parametrize(
    "text",
    [
        "Hemoglobin 12.3 g/dl",
        "Hemoglobin of 12. The next",
        "Hemoglobin: 12",
        "Hemoglobin was <5",
        "Hemoglobin 98-120",
        "Hemoglobin 5 mg/dl",
        "Hemoglobin level",
        "Hemoglobin  concentrations",
    ],
)
def test_what_is_measured_is_told_by_a_value_or_a_word(text):
    assert around(text, "Hemoglobin").measure


@pytest.mark.parametrize(
    "text",
    [
        "Iron 325 mg daily",
        "Iron 2.5mg",
        "Iron 20 mEq",
        "Iron 20 days",
        "Iron 2. Asthma",
        "Iron\n12",
        "Iron, 12",
        "Iron given",
        "Iron",
    ],
)
def test_a_dose_a_time_and_a_list_number_are_no_value(text):
    assert not around(text, "Iron").measure


def test_headings_and_fields():
    assert around("DISCHARGE DIAGNOSIS: asthma", "DISCHARGE").heading
    assert around("Allergies : none", "Allergies").heading
    assert around("one\nDISCHARGE ORDERS\ntwo", "DISCHARGE").heading
    assert around("one\nOn discharge from here:\ntwo", "discharge").heading
    assert not around("DISCHARGE DIAGNOSIS", "DISCHARGE").heading
    assert not around("He was discharged. Plan: rest", "discharged").heading
    assert not around("one\nTHE PATIENT HAS ASTHMA.\ntwo", "ASTHMA").heading
    assert not around("one\nchest pain\ntwo", "pain").heading


def test_next_word_capitals_and_business():
    found = around("on Discharge Instructions given", "Discharge")
    assert found == Context(after="instructions", office=True)
    assert around("FEVER and", "FEVER") == Context(capitals=True)
    assert around("fever, cough", "fever").after == ""


@given(
    st.text(alphabet=st.sampled_from("aB1 .:\n-,/%É\u0130ß"), max_size=80), st.data()
)
def test_any_text_any_place(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = context(text, start, end)
    assert not found.after or re.fullmatch(r"[\w'-]+", found.after.replace("̇", ""))


def test_a_long_line_of_digits_and_blanks_takes_no_time():
    text = "x" + " " * 20_000 + "1" * 20_000 + "\n" * 20_000
    for place in range(0, 60_000, 300):
        context(text, place, place + 1)
