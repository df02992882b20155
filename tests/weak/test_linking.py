"""Names that mean exactly one concept, out of a table and out of a model pack."""

import json
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.types import DropCounts
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.linking import pack_names, read_names, table_names, write_names
from spacy_mslm.weak.medcat import MedcatLabeller
from spacy_mslm.weak.names import servable

CLUSTERS = Clusters.from_dict({"D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}})


def of_table(*concepts: Concept) -> tuple[dict[str, str], DropCounts]:
    drops = DropCounts()
    served = servable(concepts, CLUSTERS, DropCounts())
    return dict(table_names(concepts, served, drops)), drops


def test_names_are_keys_in_order() -> None:
    names, drops = of_table(
        Concept("2", ("Type-2 Diabetes", "T2DM"), ("T047",)),
        Concept("1", ("chest pain",), ("T184",)),
    )
    assert list(names.items()) == [
        ("chest~pain", "1"),
        ("t2dm", "2"),
        ("type~2~diabetes", "2"),
    ]
    assert not drops


def test_a_name_that_serves_one_label_but_two_concepts_is_no_guess() -> None:
    """`servable` keeps it for its label; as a concept it would be a guess."""
    one = Concept("1", ("breast cancer", "mammary cancer"), ("T047",))
    two = Concept("2", ("breast neoplasm", "Breast-Cancer"), ("T047",))
    names, drops = of_table(one, two)
    assert names == {"mammary~cancer": "1", "breast~neoplasm": "2"}
    assert drops == {"name of several concepts": 1}


def test_a_preferred_name_without_its_tag_counts_as_a_name() -> None:
    both = (Concept("1", ("Asthma (disorder)",), ("T047",)),)
    assert of_table(*both)[0] == {"asthma": "1", "asthma~disorder": "1"}
    names, _ = of_table(*both, Concept("2", ("Asthma (event)",), ("T047",)))
    assert names == {"asthma~disorder": "1", "asthma~event": "2"}


def test_concepts_outside_the_clusters_have_no_names_but_make_others_shared() -> None:
    names, _ = of_table(
        Concept("1", ("common cold", "cold"), ("T047",)),
        Concept("2", ("cold", "winter"), ("T070",)),
    )
    assert names == {"common~cold": "1"}


@pytest.mark.medcat
def test_a_pack_gives_the_same_names(tmp_path: Path) -> None:
    import pandas as pd
    from medcat.cat import CAT
    from medcat.config import Config
    from medcat.model_creation.cdb_maker import CDBMaker
    from medcat.vocab import Vocab

    rows = [
        ("11", "Type-2 Diabetes", "A", "T047"),
        ("11", "T2DM", "A", "T047"),
        ("22", "cold", "A", "T047"),
        ("33", "cold", "A", "T184"),
        ("33", "chest pain", "P", "T184"),
        ("22", "influenza", "N", "T047"),
        ("44", "leg", "A", "T023"),
        ("22", "flu", "A", "T047"),
        ("44", "flu", "A", "T023"),
        ("33", "ab", "A", "T184"),
    ]
    columns = ["cui", "name", "name_status", "type_ids"]
    frame = pd.DataFrame(rows, columns=columns)
    cdb = CDBMaker(Config()).prepare_csvs([frame], full_build=True)
    pack = CAT(cdb, Vocab(), cdb.config).save_model_pack(
        str(tmp_path), "p", add_hash_to_pack_name=False
    )
    clusters = Clusters.from_dict({"D": {"ids": ["T047"]}, "S": {"ids": ["T184"]}})
    drops = DropCounts()
    names = pack_names(MedcatLabeller.from_pack(pack, clusters), drops)
    assert list(names) == [
        ("chest~pain", "33"),
        ("t2dm", "11"),
        ("type~2~diabetes", "11"),
    ]
    assert drops == {
        "name of several concepts": 2,
        "name to be told apart by context": 1,
        "name too short": 1,
    }


def test_what_is_written_is_read(tmp_path: Path) -> None:
    names = [("café~au~lait", "C:1"), ("x\u2028y", "C 2"), ("", "")]
    assert write_names(tmp_path / "names.jsonl", iter(names)) == 3
    assert list(read_names(tmp_path / "names.jsonl")) == names


@pytest.mark.parametrize(
    "line", ["", "{", "[]", '{"name": "a"}', '{"name": 1, "concept_id": "b"}', "\udcff"]
)
def test_a_damaged_line_is_named_without_its_content(tmp_path: Path, line: str) -> None:
    path = tmp_path / "names.jsonl"
    good = json.dumps({"name": "a", "concept_id": "b"})
    path.write_text(f"{good}\n{line}\n", "utf-8", "surrogateescape")
    with pytest.raises(MslmError, match=r"\[M510\] .*names\.jsonl line 2: expected"):
        list(read_names(path))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"\[M509\].*concepts build"):
        list(read_names(tmp_path / "names.jsonl"))
