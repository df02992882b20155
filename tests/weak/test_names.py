from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.types import DropCounts
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.folding import folded
from spacy_mslm.weak.names import name_key, servable

CLUSTERS = Clusters.from_dict({"D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}})


def serve(*concepts: Concept) -> tuple[dict[str, tuple[str, ...]], DropCounts]:
    drops = DropCounts()
    kept = servable(concepts, CLUSTERS, drops)
    return {concept.concept_id: concept.names for concept in kept}, drops


def test_keys_ignore_case_marks_and_nos() -> None:
    assert name_key("Type-2 Diabetes") == name_key("type 2\ndiabetes")
    assert name_key("Pneumonia, NOS") == "pneumonia"
    assert name_key("E. coli") == "e~.~coli"


def test_a_name_in_two_labels_is_dropped_and_counted() -> None:
    kept, drops = serve(
        Concept("1", ("common cold", "cold"), ("T047",)),
        Concept("2", ("chills", "Cold"), ("T184",)),
    )
    assert kept == {"1": ("common cold",), "2": ("chills",)}
    assert drops == {"name shared by several labels": 2}


def test_what_diseases_and_findings_both_claim_is_a_finding() -> None:
    kept, drops = serve(
        Concept("1", ("anemia", "anaemia"), ("T047",)),
        Concept("2", ("anemia", "anaemia"), ("T184",)),
    )
    # A name that neither prefers stays ambiguous, for notes to teach.
    assert kept == {"2": ("anemia",)}
    assert drops == {
        "name shared by several concepts": 1,
        "name shared by several labels": 2,
        "concept without a name left": 1,
    }
    # A short one is an acronym of two things.
    kept, _ = serve(
        Concept("1", ("PID",), ("T047",)), Concept("2", ("PID",), ("T184",))
    )
    assert kept == {}


def test_a_third_claim_leaves_nobody_the_name() -> None:
    kept, drops = serve(
        Concept("1", ("anemia",), ("T047",)),
        Concept("2", ("anemia",), ("T184",)),
        Concept("3", ("anemia",), ("T070",)),
    )
    assert kept == {}
    assert drops["name shared by several labels"] == 2


def test_without_a_cluster_of_findings_the_tie_stays() -> None:
    clusters = Clusters.from_dict({"D": {"ids": ["T047"]}})
    concepts = [
        Concept("1", ("anemia",), ("T047",)),
        Concept("2", ("anemia",), ("T184",)),
    ]
    assert servable(concepts, clusters, DropCounts()) == []


def test_marks_on_letters_make_no_other_name() -> None:
    assert name_key("Sjögren's syndrome") == name_key("Sjogren's syndrome")
    kept, drops = serve(
        Concept("1", ("Ménière disease",), ("T047",)),
        Concept("2", ("x", "Meniere disease"), ("T047",)),
    )
    assert kept == {"1": ("Ménière disease",)}
    assert drops["name shared by several concepts"] == 1


def test_a_concept_outside_the_clusters_makes_a_name_ambiguous_too() -> None:
    kept, drops = serve(
        Concept("1", ("common cold", "cold"), ("T047",)),
        Concept("2", ("cold",), ("T070",)),
    )
    assert kept == {"1": ("common cold",)}
    assert drops["concept outside the clusters"] == 1


def test_a_name_within_one_label_goes_to_the_concept_that_prefers_it() -> None:
    kept, drops = serve(
        Concept("1", ("breast carcinoma", "breast cancer"), ("T047",)),
        Concept("2", ("breast cancer", "mammary cancer"), ("T047",)),
        Concept("3", ("breast cancer",), ("T047",)),
    )
    assert kept == {
        "1": ("breast carcinoma",),
        "2": ("breast cancer", "mammary cancer"),
    }
    assert drops == {
        "name shared by several concepts": 2,
        "concept without a name left": 1,
    }


def test_names_that_medcat_cannot_serve_are_counted() -> None:
    kept, drops = serve(
        Concept("1", ("myocardial infarction", "MI", "X1."), ("T047",)),
        Concept("2", ("β-blocker overdose", "overdose"), ("T047",)),
    )
    assert kept == {"1": ("myocardial infarction",), "2": ("overdose",)}
    assert drops == {"name too short": 2, "name cut by the tokenizer": 1}


def test_a_preferred_name_also_counts_without_its_tag() -> None:
    kept, _ = serve(Concept("1", ("Asthma (disorder)",), ("T047",)))
    assert kept == {"1": ("Asthma (disorder)", "Asthma")}


def test_serving_what_was_served_changes_nothing() -> None:
    concepts = [
        Concept("1", ("breast cancer", "Carcinoma (x)"), ("T047",)),
        Concept("2", ("cold", "breast cancer"), ("T184", "T047")),
        Concept("3", ("cold",), ("T184",)),
    ]
    once = servable(concepts, CLUSTERS, DropCounts())
    drops = DropCounts()
    assert servable(once, CLUSTERS, drops) == once
    assert not drops


@cache
def medcat_names() -> Callable[[str], list[str]]:
    from medcat.cdb import CDB
    from medcat.config import Config
    from medcat.model_creation.cdb_maker import CDBMaker
    from medcat.preprocessors.cleaners import prepare_name

    config = Config()
    tokenizer = CDBMaker(config, CDB(config)).pipeline.tokenizer_with_tag
    parts = (config.general, config.preprocessing, config.cdb_maker)
    return lambda name: list(prepare_name(name, tokenizer, {}, parts))


@pytest.mark.medcat
@settings(deadline=None)
@given(st.text(max_size=30) | st.text("abAB12 .:,-(é_", max_size=12))
def test_keys_are_those_of_medcat(name: str) -> None:
    key = name_key(name)
    letters = sum(char.isascii() and char.isalpha() for char in key)
    # Names are given to it without marks.
    assert medcat_names()(folded(name)) == ([key] if letters >= 2 else [])
