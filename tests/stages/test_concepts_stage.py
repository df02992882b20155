import hashlib
import json
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.stages.labelling.concepts import (
    build_concepts,
    load_labeller,
    read_manifest,
)
from spacy_mslm.types import Note

CLUSTERS_TEXT = "D:\n  ids: {T047: Disease or Syndrome}\nS:\n  ids: [T184]\n"
TABLE_TEXT = """cui,name,type_ids
1,asthma|bronchial asthma|cold,T047
2,chest pain,T184
3,cold,T184
4,running,T056
"""


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[Path, Path]:
    clusters, table = tmp_path / "clusters.yml", tmp_path / "table.csv"
    clusters.write_text(CLUSTERS_TEXT)
    table.write_text(TABLE_TEXT)
    return clusters, table


def test_the_folder_says_what_it_is_made_of(inputs: tuple[Path, Path]) -> None:
    clusters, table = inputs
    out = clusters.parent / "concepts"
    manifest = build_concepts(clusters=clusters, out=out, table=str(table))
    assert manifest == json.loads((out / "manifest.json").read_text())
    assert manifest["source"] == "table"
    assert manifest["sha256"] == hashlib.sha256(TABLE_TEXT.encode()).hexdigest()
    assert manifest["types"] == {"T047": "D", "T184": "S"}
    assert manifest["types_left_out"] == {"T056": 1}
    assert manifest["counts"] == {
        "D": {"concepts": 1, "names": 4},
        "S": {"concepts": 2, "names": 4},
    }
    # Asthma prefers its own name, so the cold is the symptom whose name it is.
    assert manifest["drops"] == {
        "concept outside the clusters": 1,
        "name shared by several concepts": 1,
    }
    assert manifest["ambiguous_names"] == 0
    assert "running" not in (out / "concepts.csv").read_text()
    rows = [json.loads(line) for line in (out / "names.jsonl").open()]
    names = {row["name"]: row["concept_id"] for row in rows}
    assert names["bronchial~asthma"] == "1" and names["chest~pains"] == "2"
    assert "cold" not in names
    found = manifest["names_of_one_concept"]
    assert found == {"written": 7, "drops": {"name of several concepts": 1}}


def test_the_same_input_gives_the_same_bytes(inputs: tuple[Path, Path]) -> None:
    clusters, table = inputs
    for name in ("one", "two"):
        build_concepts(clusters=clusters, out=clusters.parent / name, table=str(table))
    one, two = clusters.parent / "one", clusters.parent / "two"
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()
    assert read_manifest(one)[1] == read_manifest(two)[1]


def test_a_failed_build_leaves_the_old_folder(inputs: tuple[Path, Path]) -> None:
    clusters, table = inputs
    out = clusters.parent / "concepts"
    build_concepts(clusters=clusters, out=out, table=str(table))
    before = read_manifest(out)
    clusters.write_text("D:\n  ids: [T047, T999]\n")
    with pytest.raises(MslmError, match=r"\[M213\].*T999.*table\.csv"):
        build_concepts(clusters=clusters, out=out, table=str(table))
    assert read_manifest(out) == before
    assert sorted(p.name for p in clusters.parent.iterdir()) == [
        "clusters.yml",
        "concepts",
        "table.csv",
    ]


def test_a_folder_of_other_things_is_not_replaced(inputs: tuple[Path, Path]) -> None:
    clusters, table = inputs
    with pytest.raises(MslmError):
        build_concepts(clusters=clusters, out=clusters.parent, table=str(table))
    assert table.exists()


def test_wrong_sources_are_errors_here(inputs: tuple[Path, Path]) -> None:
    clusters, table = inputs
    out = clusters.parent / "concepts"
    with pytest.raises(MslmError, match=r"\[M716\]"):
        build_concepts(clusters=clusters, out=out)
    with pytest.raises(MslmError, match=r"\[M222\].*none\.zip"):
        build_concepts(clusters=clusters, out=out, table=str(table), pack="none.zip")
    with pytest.raises(MslmError, match=r"\[M206\].*expected 00"):
        build_concepts(clusters=clusters, out=out, table=str(table), sha256="00")
    table.write_text("cui,name\n1,asthma\n")
    with pytest.raises(MslmError, match=r"\[M214\].*D, S.*has: none"):
        build_concepts(clusters=clusters, out=out, table=str(table))
    assert not out.exists()


def test_a_folder_that_was_changed_is_not_trusted(inputs: tuple[Path, Path]) -> None:
    clusters, table = inputs
    out = clusters.parent / "concepts"
    with pytest.raises(MslmError, match="concepts"):
        read_manifest(out)
    build_concepts(clusters=clusters, out=out, table=str(table))
    (out / "concepts.csv").write_text("cui,name\n1,x\n")
    with pytest.raises(MslmError, match=r"\[M713\].*concepts\.csv .*changed"):
        read_manifest(out)
    build_concepts(clusters=clusters, out=out, table=str(table))
    (out / "names.jsonl").unlink()
    with pytest.raises(MslmError, match=r"\[M713\].*names\.jsonl is missing"):
        read_manifest(out)
    (out / "manifest.json").write_text("{}")
    with pytest.raises(MslmError, match=r"\[M713\]"):
        read_manifest(out)


@pytest.mark.medcat
def test_table_and_pack_end_in_the_same_labels(inputs: tuple[Path, Path]) -> None:
    import pandas as pd
    from medcat.cat import CAT
    from medcat.config import Config
    from medcat.model_creation.cdb_maker import CDBMaker
    from medcat.vocab import Vocab

    clusters, table = inputs
    folder = clusters.parent
    clusters.write_text("D:\n  ids: [T047]\nS:\n  ids: [T184]\n")
    frame = pd.DataFrame(
        [("1", "asthma", "T047"), ("2", "chest pain", "T184"), ("4", "leg", "T023")],
        columns=["cui", "name", "type_ids"],
    )
    cdb = CDBMaker(Config()).prepare_csvs([frame], full_build=True)
    cat = CAT(cdb, Vocab(), cdb.config)
    pack = cat.save_model_pack(str(folder), "p", add_hash_to_pack_name=False)
    manifest = build_concepts(
        clusters=clusters, out=folder / "pack", table=str(table), pack=pack
    )
    build_concepts(clusters=clusters, out=folder / "table", table=str(table))
    assert manifest["source"] == "pack"
    assert manifest["types_left_out"] == {"T023": 1}
    assert manifest["names_of_one_concept"] == {"written": 2, "drops": {}}
    assert [json.loads(line) for line in (folder / "pack" / "names.jsonl").open()] == [
        {"name": "asthma", "concept_id": "1"},
        {"name": "chest~pain", "concept_id": "2"},
    ]
    assert str(folder) not in json.dumps(manifest)
    note = Note("n", "p", "leg, asthma and chest\npain")
    found = [list(load_labeller(folder / n).find(note)) for n in ("pack", "table")]
    assert found[0] == found[1]
    assert [span.label for span in found[0]] == ["D", "S"]
    next(path for path in Path(pack).rglob("*") if path.is_file()).write_text("x")
    with pytest.raises(MslmError, match=r"\[M223\]"):
        load_labeller(folder / "pack")
