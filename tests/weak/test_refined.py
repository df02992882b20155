"""What a note says itself about the spans of a labeller."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.types import CharSpan, Note
from spacy_mslm.weak.acronyms import definitions
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.drug_classes import drug_classes
from spacy_mslm.weak.forms import forms
from spacy_mslm.weak.labeller import Labeller
from spacy_mslm.weak.measured import is_measured
from spacy_mslm.weak.refined import RefinedLabeller

CLUSTERS = Clusters.from_dict(
    {"T": {"ids": ["T121"]}, "D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}}
)


class Words(Labeller):
    """Finds given words, wherever they stand."""

    name = "words"

    def __init__(self, **labels: str) -> None:
        self.labels = labels

    def find(self, note: Note) -> Iterator[CharSpan]:
        text = note.text.lower()
        for word, label in self.labels.items():
            word = word.replace("_", " ")
            at = text.find(word)
            while at >= 0:
                yield CharSpan(at, at + len(word), label, self.name, word)
                at = text.find(word, at + 1)


def refined(text: str, **labels: str) -> list[tuple[str, str]]:
    labeller = RefinedLabeller(
        Words(**labels),
        CLUSTERS,
        chemicals={word for word, label in labels.items() if label == "T"},
    )
    spans = labeller.find(Note("1", "1", text))
    return [(text[span.start : span.end], span.label) for span in spans]


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("a patent foramen ovale (PFO) was", "patent foramen ovale"),
        ("with Coronary Artery Disease (CAD).", "Coronary Artery Disease"),
        ("6-mercaptopurine (6MP)", None),
        ("heart failure (see below)", None),
        ("(PFO)", None),
        ("atrial fibrillation (XYZ)", None),
        ("beats per\nminute (BPM)", "beats per\nminute"),
    ],
)
def test_definitions(text: str, long: str | None) -> None:
    found = [text[d.start : d.end] for d in definitions(text)]
    assert found == ([long] if long else [])


@given(st.text("abcAB() -.\n", max_size=80))
def test_a_definition_begins_with_the_letter_of_its_acronym(text: str) -> None:
    for one in definitions(text):
        assert text[one.start].lower() == one.short[0].lower()
        assert text[one.end :].lstrip().startswith(f"({one.short})")


def test_an_acronym_is_what_the_note_says() -> None:
    text = "A patent foramen ovale (PFO). Closure of the PFO; two PFOs, no PFO2."
    assert refined(text, patent_foramen_ovale="D") == [
        ("patent foramen ovale", "D"),
        ("PFO", "D"),
        ("PFO", "D"),
        ("PFOs", "D"),
    ]


def test_an_acronym_defined_as_something_else_is_no_span() -> None:
    text = "Transarterial chemoembolization (TACE). After TACE he slept."
    assert refined(text, tace="T") == []
    assert refined("Took TACE.", tace="T") == [("TACE", "T")]


@pytest.mark.parametrize(
    "text",
    [
        "glucose 120 mg/dl", "glucose: 5.5 mmol/L", "serum glucose was fine",
        "levels of lactate and glucose", "calcium, glucose and urea levels",
        "glucose tolerance", "resistant to penicillin and glucose",
        "glucose-dependent",
    ],
)  # fmt: skip
def test_measured(text: str) -> None:
    at = text.index("glucose")
    assert is_measured(text, at, at + 7)


@pytest.mark.parametrize(
    "text",
    [
        "given glucose 50 mg twice daily", "started on glucose.", "glucose 5 mg/kg",
        "oral glucose, then aspirin", "glucose-based therapy", "5 mg glucose daily",
        "infiltrated with glucose 5%",
    ],
)  # fmt: skip
def test_given(text: str) -> None:
    at = text.index("glucose")
    assert not is_measured(text, at, at + 7)


def test_only_chemicals_are_measured() -> None:
    assert refined("serum glucose 120 mg/dl", glucose="T") == []
    assert refined("serum glucose 120 mg/dl", glucose="S") == [("glucose", "S")]


@pytest.mark.parametrize(
    "text",
    [
        "Glasgow coma scale of 15", "coma\nscore 3", "Coma severity index",
        "visual analogue scale of coma", "coma and C serology", "coma screening",
        "coma B and C serology", "coma surface antigen", "coma vaccination",
    ],
)  # fmt: skip
def test_a_word_of_an_instrument_is_no_finding(text: str) -> None:
    assert refined(text, coma="S") == []


@pytest.mark.parametrize(
    "text",
    [
        "in a coma. Tests were fine", "coma and tests", "coma therapy", "a scale; coma",
        "scores of patients with coma", "coma, vaccinated", "coma indexed",
    ],
)  # fmt: skip
def test_other_words_beside_a_finding(text: str) -> None:
    assert refined(text, coma="S") == [("coma", "S")]


def test_a_definition_says_how_far_a_term_goes() -> None:
    text = "Cutaneous squamous tumours (CSTs). No CST before; squamous tumours."
    assert refined(text, squamous_tumours="D") == [
        ("Cutaneous squamous tumours", "D"),
        ("CSTs", "D"),
        ("squamous tumours", "D"),
    ]
    # What else stands in the long form is a part of the one term.
    text = "An isoniazid liver injury (ILI); ILI."
    assert refined(text, isoniazid="T", injury="D") == [
        ("isoniazid liver injury", "D"),
        ("ILI", "D"),
        ("ILI", "D"),
    ]
    # A brand between brackets is no acronym, and a long form's begin not its head.
    text = "he peels and takes mesalamine (Pentasa), diabetes type two (DTT)"
    assert refined(text, mesalamine="T", diabetes="D") == [
        ("mesalamine", "T"),
        ("diabetes", "D"),
    ]


def test_a_patients_discharge_is_no_symptom() -> None:
    assert refined("After discharge he slept.", discharge="S") == []
    assert refined("Discharge summary", discharge="S") == []
    assert refined("Purulent discharge.", discharge="S") == [("discharge", "S")]


def test_words_and_phrases_by_their_form() -> None:
    text = "Splenomegaly and odontalgias, transaminitis; systolic dysfunction."
    assert [(text[s:e], kind) for s, e, kind in forms(text)] == [
        ("Splenomegaly", "T184"),
        ("odontalgias", "T184"),
        ("transaminitis", "T047"),
        ("systolic dysfunction", "T047"),
    ]
    for other in ("cardioplegia", "chronic disease", "Other disorders", "tension"):
        assert list(forms(other)) == []


def test_a_form_gives_way_to_whatever_touches_it() -> None:
    text = "chronic renal failure"
    assert refined(text, renal="D") == [("renal", "D")]
    assert refined(text) == [("renal failure", "D")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Antibiotics, beta-blockers", ["Antibiotics", "beta-blockers"]),
        ("calcium channel blockers", ["calcium channel blockers"]),
        ("ACE inhibitor; β-blocker", ["ACE inhibitor", "β-blocker"]),
        ("a proton-pump inhibitor", ["proton-pump inhibitor"]),
        (
            "angiotensin-converting enzyme (ACE) inhibitors",
            ["angiotensin-converting enzyme (ACE) inhibitors"],
        ),
        ("given vasoactive\ndrugs", ["vasoactive\ndrugs"]),
        (
            "nonsteroidal anti-inflammatory drugs",
            ["nonsteroidal anti-inflammatory drugs"],
        ),
        ("chemotherapy and corticosteroids", ["chemotherapy", "corticosteroids"]),
        ("antihypertensive treatment", ["antihypertensive"]),
    ],
)
def test_classes_of_drugs(text: str, found: list[str]) -> None:
    assert refined(text, calcium="T") == [(name, "T") for name in found]


@pytest.mark.parametrize(
    "text",
    [
        "antibiotic resistance", "steroid-induced psychosis", "antinuclear antibodies",
        "antisocial", "antigens", "antithyroid antibodies", "inotropic support",
        "an inhibitor", "asteroids", "resistant to statins", "allergic to antibiotics",
        "unsteroidal", "diuretic effect", "antidromic",
    ],
)  # fmt: skip
def test_what_names_no_drug_given(text: str) -> None:
    assert [span for span in refined(text) if span[1] == "T"] == []


def test_a_class_yields_to_what_reaches_out_of_it() -> None:
    text = "liposomal anthracycline"
    assert refined(text, liposomal_anthracycline="T") == [(text, "T")]
    assert refined("statins", statins="D") == [("statins", "D")]
    assert refined("topical steroid cream", topical_steroid="T") == [
        ("topical steroid", "T")
    ]


def test_without_such_labels_forms_are_not_looked_for() -> None:
    for kind, text in (("T121", "splenomegaly"), ("T047", "antibiotics")):
        alone = Clusters.from_dict({"X": {"ids": [kind]}})
        labeller = RefinedLabeller(Words(), alone, chemicals=())
        assert not [*labeller.find(Note("1", "1", text))]


@given(st.text(max_size=40), st.sampled_from(["beta-", "ACE ", "İβ-", "calcium "]))
def test_classes_lie_in_any_text(text: str, acted: str) -> None:
    text = f"{text} {acted}blockers {text} statins"
    for start, end in drug_classes(text):
        assert 0 <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]


@given(st.text("abcin PFO()-.,;mg/dl1 ", max_size=120))
def test_spans_lie_in_the_text_in_order(text: str) -> None:
    labeller = RefinedLabeller(Words(in_="T", b="D"), CLUSTERS, chemicals={"in "})
    spans = [*labeller.find(Note("1", "1", text))]
    assert spans == sorted(spans)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
