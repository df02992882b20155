"""One test for each trap of clinical layout; all notes are invented."""

import textwrap
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.notes.deid import placeholder_spans
from spacy_mslm.notes.sentences import sentence_spans


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def flat(text: str) -> list[str]:
    return [" ".join(sentence.split()) for sentence in split(text)]


PROSE = (
    "The patient is a 67 year old man with a long history of congestive heart failure "
    "and chronic obstructive pulmonary disease. He was brought in by Dr. Miller after "
    "three days of chest pain and New York Heart Association class III dyspnea. "
    "Aspirin 81 mg p.o. q.d. was continued and his Parkinson Disease was stable. "
    "An echocardiogram showed an ejection fraction of 2.5 times the lower limit, "
    "mild to moderate Mitral Valve Prolapse and no signs of Non Hodgkin Lymphoma in "
    "the region of the Left Anterior Descending artery. No fever was noted. "
    "(See the note of last week.) He went home in good condition."
)


@pytest.mark.parametrize("width", range(70, 81))
def test_hard_wraps_never_split_a_sentence_or_an_entity(width: int) -> None:
    assert flat(textwrap.fill(PROSE, width)) == flat(PROSE)
    assert len(flat(PROSE)) == 7


@pytest.mark.parametrize("width", [70, 75, 80])
def test_hard_wraps_in_capitals(width: int) -> None:
    text = PROSE.upper()
    assert flat(textwrap.fill(text, width)) == flat(text)
    assert len(flat(text)) == 7


def test_a_wrap_inside_an_entity_with_capitals() -> None:
    text = (
        "He was seen in the clinic for signs of advanced, poorly controlled Parkinson\n"
        "Disease and sent home."
    )
    assert split(text) == [text]


def test_a_narrow_column_is_still_a_paragraph() -> None:
    text = "\n".join(textwrap.wrap(PROSE.partition("(See")[0].lower(), 40))
    assert all("\n" in sentence for sentence in split(text)[:-1])


@pytest.mark.parametrize("blank", ["\n\n", "\n   \n", "\n \t \n\n", "\r\n\r\n"])
def test_a_blank_line_ends_a_paragraph(blank: str) -> None:
    assert split(f"no chest pain{blank}no fever") == ["no chest pain", "no fever"]


@pytest.mark.parametrize(
    "heading", ["ALLERGIES:", "Past Medical History:", "HISTORY OF PRESENT ILLNESS"]
)
def test_a_heading_alone(heading: str) -> None:
    assert split(f"{heading}\nchest pain for days.") == [
        heading,
        "chest pain for days.",
    ]


def test_headings_inline() -> None:
    text = "Chief Complaint: chest pain\nAllergies: penicillin\nPMH: asthma, gout"
    assert split(text) == text.split("\n")


def test_a_heading_after_a_full_line_without_a_stop() -> None:
    above = "aspirin and lisinopril for the blood pressure, and for sugar metformin XR"
    assert split(f"{above}\nAllergies: penicillin") == [above, "Allergies: penicillin"]


def test_headings_several_a_line() -> None:
    text = "Sex:   M            Service: MEDICINE\nAllergies: none  Attending: Dr. Poe"
    parts = ["Sex:   M", "Service: MEDICINE", "Allergies: none", "Attending: Dr. Poe"]
    assert split(text) == parts
    dates = "Admission Date:  [**2162-8-19**]     Discharge Date:   [**2162-8-25**]"
    assert len(split(dates)) == 2


def test_a_section_name_after_one_blank() -> None:
    assert split("ALLERGIES: NKDA Medications: aspirin") == [
        "ALLERGIES: NKDA",
        "Medications: aspirin",
    ]
    assert len(split("CURRENT MEDICATIONS: aspirin")) == 1


@pytest.mark.parametrize("rule", ["-----", "_________", "=" * 70, "* * * * *"])
def test_a_rule_stands_by_itself(rule: str) -> None:
    text = f"the chest was\n{rule}\nclear."
    assert split(text) == ["the chest was", rule, "clear."]


@pytest.mark.parametrize("marker", ["{}. ", "{}) ", "#{}. ", "- ", "* ", "• ", "# "])
def test_lists_without_full_stops(marker: str) -> None:
    items = [
        marker.format(number) + name
        for number, name in enumerate(("Aspirin 81 mg", "lisinopril", "Lasix PO"), 1)
    ]
    assert split("\n".join(items)) == items


def test_bare_lists_without_full_stops() -> None:
    items = ["aspirin 81 mg daily", "lisinopril 10 mg", "Metoprolol 25 mg twice daily"]
    assert split("\n".join(items)) == items


def test_a_list_item_runs_on_under_itself() -> None:
    text = "1. Aspirin for\n   the heart\n2. Lisinopril\n   10 mg"
    assert flat(text) == ["1. Aspirin for the heart", "2. Lisinopril 10 mg"]


def test_a_list_inside_a_line() -> None:
    text = "Assessment: 1. Heart failure. 2. COPD with cough 3. Diabetes. Stable."
    assert split(text) == [
        "Assessment: 1. Heart failure.",
        "2. COPD with cough",
        "3. Diabetes.",
        "Stable.",
    ]


def test_a_count_in_brackets_at_a_wrap_is_no_list_item() -> None:
    text = (
        "Lisinopril 10 mg Tablet Sig: for the blood pressure after the meal take One\n"
        "(1) Tablet by mouth"
    )
    assert split(text) == [text]


def test_lab_dumps() -> None:
    first = "[**2162-8-19**] 05:30AM BLOOD WBC-8.5 RBC-3.9* Hgb-11.9* Hct-33.3* MCV-85"
    second = "[**2162-8-20**] 05:30AM BLOOD Glucose-106* UreaN-18 Creat-1.0 K-3.5"
    assert split(f"{first}\n{second}") == [first, second]
    table = "Na 138    K 4.1    Cl 104\nWBC\t8.5\t4.0-11.0\nHgb\t11.9\t12.0-16.0"
    assert split(table) == table.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "Aspirin 81 mg p.o. q.d. and Lasix b.i.d. for edema.",
        "Given p.o. Lasix by Dr. Smith and Mrs. Jones.",
        "Asthma vs. COPD vs. Heart failure.",
        "Size No. 5 tube and no. 12 needle.",
        "A lesion of 2.5 cm at 98.6 F, .5 mg given.",
        "Seen by J. K. Doe, M.D. and by Dr.\nMiller.",
        "Temp. 98.6 and resp. 20 at approx. 5 o'clock.",
        "Treated with antibiotics, e.g. Ceftriaxone, i.e. Rocephin.",
        "Brought in with fever and ? Pneumonia.",
        "Seen by Dr. [**Last Name (STitle) 5**] at [**Hospital1 18**].",
        "Lived in the U.S. Navy barracks.",
        "PT. SEEN BY DR. SMITH, ASPIRIN P.O. Q.D. AND LASIX GIVEN.",
    ],
)
def test_full_stops_that_end_nothing(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    "parts",
    [
        ("Aspirin 81 mg p.o. q.d.", "He has no pain."),
        ("Aspirin 81 mg b.i.d.", "Lisinopril 10 mg daily."),
        ("He was seen at [**Hospital1 18**].", "Then he left."),
        ("Seen by [**First Name3 (LF) 2**].", "[**Last Name 3**] agreed."),
        ("Discharged to ___.", "She did well."),
        ("He takes vitamin D.", "The patient has hepatitis B.", "Stable."),
        ("Smoker: No.", "He drinks."),
        ("No change.", "5 days later he left."),
        ('He said "no."', "(He was calm.)", "Is it so?", "Good!", "Yes."),
        ("pt c/o pain.", "no fever.", "pt denies n/v."),
        ("DENIES FEVER.", "NO CHILLS.", "PT STABLE."),
    ],
)
def test_full_stops_that_end_a_sentence(parts: tuple[str, ...]) -> None:
    assert split(" ".join(parts)) == list(parts)


def test_a_missing_blank_after_a_stop() -> None:
    assert split("No chest pain.Lungs clear.") == ["No chest pain.", "Lungs clear."]
    assert split("at [**Hospital1 18**].He left.") == [
        "at [**Hospital1 18**].",
        "He left.",
    ]
    assert len(split("see www.example.Com or a.Doe@example.Org")) == 1


def test_line_breaks_that_became_commas() -> None:
    text = (
        "DIAGNOSES:,1.  Hernia of the groin.,2.  Gout.,PROCEDURE: , Repair.,  He slept."
    )
    assert [part.strip(" ,") for part in split(text)] == [
        "DIAGNOSES:",
        "1.  Hernia of the groin.",
        "2.  Gout.",
        "PROCEDURE: , Repair.",
        "He slept.",
    ]


def test_page_breaks() -> None:
    text = (
        "The lungs are clear and the liver is\n"
        + " " * 50
        + "(Over)\n\n\n[**2162-8-19**] 3:45 PM\n CT CHEST\n ________\n (Cont)\n"
        "normal in size."
    )
    parts = split(text)
    assert "(Over)" in parts and "(Cont)" in parts and "normal in size." in parts
    assert split("The liver is      (Over)") == ["The liver is", "(Over)"]


def test_a_placeholder_is_one_unit() -> None:
    text = "Seen at [**Hospital. Then\n\nStreet 5**] by ___. She left."
    assert split(text) == [
        "Seen at [**Hospital. Then\n\nStreet 5**] by ___.",
        "She left.",
    ]


@pytest.mark.parametrize("text", ["", " \n\t ", "\u2028\x0b"])
def test_nothing_to_split(text: str) -> None:
    assert sentence_spans(text) == []


FRAGMENTS = [
    "[**", "**]", "[**x\ny. Z**]", "___", "____", "\n", "\n\n", "  ", "\t", "\r\n",
    ". ", ".,", "1. ", "2. ", "Dr. ", "q.d.", "ALLERGIES:", "Plan: ", "- ", "•",
    "(Over)", "(1) ", "? ", "a", "B", "\u200b", "\u2029", "\x1c", "\ue000", "é", "病",
    "…", "”", "\ud800",
]  # fmt: skip
wild = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8))).map("".join)


@given(wild)
@settings(max_examples=300, deadline=None)
def test_any_text_is_covered_in_order_by_whole_placeholders(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)
    inside = {index for start, end in spans for index in range(start, end)}
    assert all(char.isspace() for i, char in enumerate(text) if i not in inside)
    edges = {edge for span in spans for edge in span}
    for start, end in placeholder_spans(text):
        assert edges.isdisjoint(range(start + 1, end))


@pytest.mark.parametrize(
    "part",
    [
        PROSE + "\n", ". ", ".", "\n", "a\n", "1. ", "Aa: ", "[** ", '."',
        "a" + " " * 99, "a\t", "(", "AB ", "•", "___ ", "a...", "B.,",
    ],
)  # fmt: skip
def test_time_is_linear_in_the_text(part: str) -> None:
    text = part * (200_000 // len(part))
    start = time.perf_counter()
    sentence_spans(text)
    assert time.perf_counter() - start < 5


def test_a_two_megabyte_note() -> None:
    text = (textwrap.fill(PROSE, 75) + "\n\n") * (2_000_000 // len(PROSE))
    start = time.perf_counter()
    assert len(sentence_spans(text)) == 7 * (2_000_000 // len(PROSE))
    assert time.perf_counter() - start < 30
