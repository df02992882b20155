"""`concepts build` out of terminologies as downloaded, with allow and deny lists."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.labelling.concepts import (
    build_concepts,
    load_labeller,
    read_manifest,
)
from spacy_mslm.types import Note
from spacy_mslm.weak.concepts import read_concepts

CLUSTERS = """
T: {ids: [T121, T200]}
D: {ids: [T047, T191]}
S: {ids: [T184]}
"""
SYMP = """ontology: symp
property_value: terms:license https://creativecommons.org/publicdomain/zero/1.0/

[Term]
id: SYMP:1
name: symptom

[Term]
id: SYMP:2
name: night sweats
synonym: "drenching sweats" EXACT []
is_a: SYMP:1

[Term]
id: SYMP:3
name: blood
is_a: SYMP:1
"""
DRUGS = """DrugBank ID,Common name,Synonyms
DB1,Metoprolol,
DB2,Blood,Whole blood
DB3,Air,
"""
TABLE = """name,synonyms,types
asthma,BHR disease,T047
osler nodes,,T047
Night Sweats,sweating attack,T184
"""
LISTED = """
- kind: obo
  path: symp.obo
- {kind: drugbank, path: drugs.csv, licence: CC0}
- kind: table
  path: table.csv
"""
SHORT = (("drugbank", "drugs.csv"), ("table", "table.csv"), ("obo", "symp.obo"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name, text in {
        "clusters.yml": CLUSTERS,
        "symp.obo": SYMP,
        "drugs.csv": DRUGS,
        "table.csv": TABLE,
        "all.yml": LISTED,
    }.items():
        (folder / name).write_text(text)
    return folder


def build(folder: Path, out: str = "out", **choice: Any) -> dict[str, Any]:
    choice = choice or {"sources": str(folder / "all.yml")}
    clusters = folder / "clusters.yml"
    return build_concepts(clusters=clusters, out=folder.parent / out, **choice)


def served(out: Path) -> dict[str, set[str]]:
    return {c.concept_id: set(c.names) for c in read_concepts(out / "concepts.csv")}


def test_the_manifest_says_what_came_of_each_source(folder: Path) -> None:
    manifest = build(folder)
    assert read_manifest(folder.parent / "out")[0] == manifest
    assert (manifest["source"], manifest["name"]) == ("terminologies", "all.yml")
    symp, drugs, table = manifest["terminologies"]
    assert symp["kind"] == "obo" and symp["files"][0]["name"] == "symp.obo"
    assert len(symp["files"][0]["sha256"]) == 64
    assert symp["licence"].startswith("https://creativecommons.org/")
    assert symp["drops"] == {"top term": 1}
    assert (symp["concepts"], symp["names"], symp["new_concepts"]) == (2, 3, 2)
    assert (drugs["licence"], table["licence"]) == ("CC0", "not stated")
    assert manifest["joined"] == {"same preferred name": 1}
    assert str(folder) not in json.dumps(manifest)
    found = served(folder.parent / "out")
    assert found["DB1"] == {"Metoprolol"}
    assert {"night sweats", "sweating attack"} <= found["SYMP:2"]
    assert "LIST:ASTHMA" in found and "SYMP:1" not in found


def test_names_that_rules_drop_are_listed_to_be_allowed(folder: Path) -> None:
    build(folder, sources=str(folder / "all.yml"))
    dropped = folder.parent / "out" / "dropped.csv"
    rows = dropped.read_text().splitlines()
    assert rows[0] == "action,name,concept_id,label,comment"
    assert rows[1:] == [
        ",Air,DB3,T,short substance",
        ",Blood,DB2,T,everyday substance",
    ]
    lists = folder / "mine.csv"
    lists.write_text(f"{rows[0]}\nallow{rows[1]}\n")
    manifest = build(folder, sources=str(folder / "all.yml"), lists=str(lists))
    assert served(folder.parent / "out")["DB3"] == {"Air"}
    assert manifest["lists"]["rows_that_match_nothing"] == []
    assert manifest["lists"]["rows"] == {"allow": 1}
    assert "lists.csv" in manifest["files"]


@pytest.mark.medcat
def test_the_next_run_obeys_the_list(folder: Path) -> None:
    lists = folder / "mine.csv"
    lists.write_text(
        "action,name,concept_id,label\n"
        "deny,night sweats,,\n"
        "deny,never heard,,\n"
        "allow,gauze,,T\n"
        "allow,blood,SYMP:3,\n"
    )
    manifest = build(folder, sources=str(folder / "all.yml"), lists=str(lists))
    assert manifest["lists"]["rows_that_match_nothing"] == [3]
    text = "Night sweats, drenching sweats, night sweat, gauze and blood in asthma."
    found = load_labeller(folder.parent / "out").find(Note("n", "p", text))
    assert [(text[s.start : s.end], s.label) for s in found] == [
        ("drenching sweats", "S"),
        ("gauze", "T"),
        ("blood", "S"),
        ("asthma", "D"),
    ]


def test_ambiguous_names_keep_their_concepts_for_training(folder: Path) -> None:
    (folder / "table.csv").write_text(
        "name,synonyms,types\n"
        "asthma,reactive cold,T047\nrunny nose,reactive cold,T184\nmovement,,T056\n"
    )
    manifest = build(folder)
    assert manifest["ambiguous_names"] == 1
    kept = read_concepts(folder.parent / "out" / "ambiguous.csv")
    assert [(c.concept_id, c.names) for c in kept] == [
        ("LIST:ASTHMA", ("reactive cold",)),
        ("LIST:RUNNY~NOSE", ("reactive cold",)),
    ]
    dropped = (folder.parent / "out" / "dropped.csv").read_text()
    assert ",reactive cold,,,means D and S\n" in dropped


def test_the_same_sources_give_the_same_bytes_wherever_they_lie(folder: Path) -> None:
    build(folder, "one")
    elsewhere = folder.parent / "elsewhere" / "deep"
    shutil.copytree(folder, elsewhere)
    build(elsewhere, "two")
    one, two = folder.parent / "one", elsewhere.parent / "two"
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_short_form_and_order(folder: Path) -> None:
    short = [f"{kind}:{folder / name}" for kind, name in SHORT]
    manifest = build(folder, short=short)
    assert manifest["name"] == "drugbank:drugs.csv, table:table.csv, obo:symp.obo"
    # What is named first gives the concept.
    assert manifest["joined"] == {"same preferred name": 1}
    assert "SYMP:2" not in served(folder.parent / "out")


def test_wrong_choices_leave_the_old_folder(folder: Path) -> None:
    build(folder)
    before = read_manifest(folder.parent / "out")
    sources = str(folder / "all.yml")
    with pytest.raises(MslmError, match=r"\[M255\].*--sources and another"):
        build(folder, sources=sources, table="x.csv")
    with pytest.raises(MslmError, match=r"\[M255\]"):
        build(folder, short=["obo:x"], pack="x.zip")
    with pytest.raises(MslmError, match=r"\[M256\]"):
        build(folder, sources=sources, lists=str(folder / "none.csv"))
    listed = f"{LISTED}  sha256: {32 * '0a'}\n"
    (folder / "all.yml").write_text(listed)
    with pytest.raises(MslmError, match=r"\[M253\].*table\.csv.*expected 0a0a"):
        build(folder)
    (folder / "drugs.csv").unlink()
    with pytest.raises(MslmError, match=r"\[M240\].*drugs\.csv"):
        build(folder)
    assert read_manifest(folder.parent / "out") == before


def test_pubtator_ids_and_rrf_files_are_hashed_too(folder: Path) -> None:
    (folder / "gold.txt").write_text(
        "1|t|Asthma\n1|a|.\n1\t0\t6\tAsthma\tT047\tC0004096\n"
    )
    (folder / "ids.txt").write_text("1\n")
    (folder / "MRCONSO.RRF").write_text(
        "C0015967|ENG|P|L|PF|S|Y|A||||MSH|MH|D|Fever|0|N||\n"
    )
    (folder / "MRSTY.RRF").write_text("C0015967|T184|A|Sign or Symptom|AT||\n")
    (folder / "clusters.yml").write_text("D: {ids: [T047]}\nS: {ids: [T184]}\n")
    (folder / "all.yml").write_text(
        "- {kind: pubtator, path: gold.txt, ids: ../downloads/ids.txt}\n"
        "- {kind: rrf, path: .}\n"
    )
    manifest = build(folder)
    names = [[f["name"] for f in t["files"]] for t in manifest["terminologies"]]
    assert names == [["gold.txt", "ids.txt"], ["MRCONSO.RRF", "MRSTY.RRF"]]
    assert manifest["terminologies"][0]["options"] == {"ids": "ids.txt"}
    assert set(served(folder.parent / "out")) == {"C0004096", "C0015967"}


@pytest.mark.medcat
def test_a_list_works_with_a_pack(folder: Path, tmp_path: Path) -> None:
    import pandas as pd
    from medcat.cat import CAT
    from medcat.config import Config
    from medcat.model_creation.cdb_maker import CDBMaker
    from medcat.vocab import Vocab

    frame = pd.DataFrame(
        [("1", "asthma", "T047"), ("2", "chest pain", "T184"), ("3", "ice", "T121")],
        columns=["cui", "name", "type_ids"],
    )
    cdb = CDBMaker(Config()).prepare_csvs([frame], full_build=True)
    cat = CAT(cdb, Vocab(), cdb.config)
    pack = cat.save_model_pack(str(tmp_path), "p", add_hash_to_pack_name=False)
    lists = folder / "mine.csv"
    lists.write_text(
        "action,name,concept_id\ndeny,Chest pain,\ndeny,,3\ndeny,,4\nallow,leg,1\n"
    )
    manifest = build(folder, pack=str(pack), lists=str(lists))
    assert manifest["lists"]["rows_that_match_nothing"] == [4, 5]
    note = Note("n", "p", "asthma, chest pain, ice")
    spans = load_labeller(folder.parent / "out").find(note)
    assert [span.concept_id for span in spans] == ["1"]


def test_the_command_tells_what_it_read_and_what_it_did_not(folder: Path) -> None:
    lists = folder / "mine.csv"
    lists.write_text("action,name\ndeny,nobody\n")
    options = ["--sources", folder / "all.yml", "--lists", lists]
    where = ["--clusters", folder / "clusters.yml", "--out", folder.parent / "out"]
    arguments = ["concepts", "build", *map(str, [*options, *where])]
    result = CliRunner().invoke(register_commands(), arguments)
    assert result.exit_code == 0, result.output
    assert (
        "obo symp.obo: 2 concepts (2 new), 3 names, licence https://" in result.output
    )
    assert "left out: 1 x top term" in result.output
    assert "joined: 1 x same preferred name" in result.output
    assert f"1 rows of {lists} match nothing: 2" in result.output
