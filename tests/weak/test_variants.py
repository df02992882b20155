from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.weak.variants import american, british, variants


def test_spellings_go_both_ways() -> None:
    pairs = [
        ("pulmonary edema", "pulmonary oedema"),
        ("anemia", "anaemia"),
        ("esophageal tumor", "oesophageal tumour"),
        ("hemorrhage", "haemorrhage"),
        ("diarrhea", "diarrhoea"),
        ("dyspnea", "dyspnoea"),
        ("celiac disease", "coeliac disease"),
    ]
    for us, uk in pairs:
        assert (british(us), american(uk)) == (uk, us)
        assert (british(uk), american(us)) == (uk, us)


def test_only_the_last_word_is_bent_and_only_in_lower_case() -> None:
    assert variants("chest pain") == ("chest pains",)
    assert variants("gastric biopsies") == ("gastric biopsy",)
    assert variants("diagnosis") == ("diagnoses",)
    assert variants("abscess") == ("abscesses",)
    assert variants("leg abscesses") == ("leg abscess",)
    assert variants("neuropathy") == ("neuropathies",)
    assert variants("COPD") == ()
    assert variants("Crohn") == ()
    assert variants("diabetes insipidus") == ()


def test_without_number_only_spellings_change() -> None:
    assert variants("sulfasalazine", number=False) == ("sulphasalazine",)
    assert variants("aspirin", number=False) == ()


@given(st.text("abehimoprstuyz -", max_size=20))
def test_a_name_is_never_its_own_variant(name: str) -> None:
    found = variants(name)
    assert name not in found
    assert len(set(found)) == len(found)
    assert british(british(name)) == british(name)
    assert american(american(name)) == american(name)
