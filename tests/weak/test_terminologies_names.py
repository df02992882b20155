import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.weak.terminologies.normalise import lower_drug, normalise


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("  Chest\u00a0 pain\n", "Chest pain"),
        ("Asthma (disorder)", "Asthma"),
        ("Blastomycosis NOS (disorder)", "Blastomycosis"),
        ("Pneumonia, NOS", "Pneumonia"),
        ("Anaemia (NOS)", "Anaemia"),
        ("Fracture, unspecified", "Fracture"),
        ("[X]Other anxiety disorders", "Other anxiety disorders"),
        ("[M] Lipoma NOS", "Lipoma"),
        ("Diabetes Mellitus [Disease/Finding]", "Diabetes Mellitus"),
        ("Steatorrhoea [dup] (disorder)", "Steatorrhoea"),
        ("Heparin [EPC],", "Heparin"),
        ("ASTHMA", "asthma"),
        ("CHEST PAIN", "chest pain"),
        ("COPD", "COPD"),
        ("COVID-19", "COVID-19"),
        ("Aspirin® 100™", "Aspirin 100"),
        ("Crohn\u2019s disease", "Crohn's disease"),
        ("ﬁbrosis\u200b", "fibrosis"),
        ("a|b", "a b"),
        ("", ""),
        ("--", ""),
    ],
)
def test_names_are_brought_into_one_form(name: str, served: str) -> None:
    assert normalise(name) == served


@pytest.mark.parametrize(
    "name",
    [
        "carcinoma (in situ)",  # no tag
        "NOS",  # nothing would stay
        "(disorder)",
        "[D]",
        "diagNOSis",
        "Manos",
        "[Leu1, Thr2]-63-desulfohirudin",
        "β-blocker",
        "2,4-dinitrophenol",
    ],
)
def test_what_is_part_of_a_name_stays(name: str) -> None:
    assert normalise(name) == name


TAGS = "NOS/, NOS/(disorder)/[X]/[D]/ASTHMA/pain/unspecified/[EPC]/(NOS)"
PARTS = st.sampled_from((*TAGS.split("/"), *"®ßİ１ﬁ\u200b\u0301\ud800 ,|"))
WILD = st.text(max_size=20) | st.lists(PARTS, max_size=6).map("".join)


@given(WILD)
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalise(name)
    assert normalise(once) == once
    assert once == once.strip() and "|" not in once and "  " not in once
    assert all(unicodedata.category(char)[0] != "C" for char in once)
    once.encode("utf-8")


@given(WILD)
def test_letters_never_end_as_nothing(name: str) -> None:
    assert any(map(str.isalnum, normalise(name))) == any(map(str.isalnum, name))


@given(st.text("abN OSnos,;()[]XDx|`", max_size=12))
def test_the_short_cut_gives_what_the_long_way_gives(name: str) -> None:
    assert normalise(name) == normalise(f"{name}\u200b")


@pytest.mark.parametrize(
    ("name", "lowered"),
    [
        ("ZESTRIL", "zestril"),
        ("TOPROL-XL", "toprol-xl"),
        ("HMS", "HMS"),
        ("BSS", "BSS"),
        ("DDAVP", "ddavp"),
        ("XZQRB", "XZQRB"),
        ("LASIX", "lasix"),
        ("SODIUM CHLORIDE", "sodium chloride"),
        ("incobotulinumtoxinA", "incobotulinumtoxina"),
    ],
)
def test_capitals_of_a_drug_list_are_lowered(name: str, lowered: str) -> None:
    assert lower_drug(name) == lowered
