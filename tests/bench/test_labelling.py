"""Benches of labelling: our parts and MedCAT on the same notes, engines in turn."""

import json

import pytest

from spacy_mslm.bench.engines import APART, ONE, TWO, run_engines, summary, tables
from spacy_mslm.bench.labelling import run_labelling
from spacy_mslm.bench.systems.labels import our_spans
from spacy_mslm.errors import MslmError
from spacy_mslm.stages.labelling.concepts import build_concepts

pytestmark = pytest.mark.medcat

CLUSTERS = "Diseases:\n  ids: [T047]\nSymptoms:\n  ids: [T184]\n"
TABLE = """cui,name,ontologies,name_status,type_ids
C1,asthma,X,P,T047
C2,chest pain,X,P,T184
C2,thoracic pain,X,A,T184
"""
TEXT = "He has asthma and chest pain. No thoracic pain later."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelling")
    (folder / "clusters.yml").write_text(CLUSTERS)
    (folder / "table.csv").write_text(TABLE)
    build_concepts(
        clusters=folder / "clusters.yml",
        table=str(folder / "table.csv"),
        out=folder / "concepts",
    )
    rows = [json.dumps({"note_id": str(i), "text": TEXT}) for i in range(6)]
    (folder / "notes.jsonl").write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize("peer", ["ours", "plain", "thorough", "dictionary"])
def test_each_part_finds_the_same_plain_names(folder, peer):
    [spans] = our_spans(folder / "concepts", peer)([TEXT])
    assert [TEXT[s.start : s.end] for s in spans] == [
        *["asthma", "chest pain", "thoracic pain"]
    ]


def test_parts_take_turns_and_spell_check_is_compared(folder):
    lines = run_labelling(
        folder / "notes.jsonl",
        folder / "concepts",
        folder / "work",
        limit=5,
        rounds=1,
        systems=["ours", "ours, dictionary", "MedCAT alone"],
        compare=True,
        pythons={},
        provenance={"commit": "c"},
    )
    assert [(line["system"], line["found"]) for line in lines] == [
        *[("ours", 15), ("ours, dictionary", 15), ("MedCAT alone", 15)]
    ]
    counts = {"with": 15, "without": 15, "both": 15}
    assert lines[0]["settings"]["spell_check"] == counts
    assert lines[0]["settings"]["names"] == 6
    assert "asthma" not in json.dumps(lines)


def test_engines_make_the_same_labels(folder):
    lines = run_engines(
        folder / "notes.jsonl",
        folder / "concepts",
        folder / "engines",
        number=8,
        words=7,
        rounds=1,
        systems=[ONE, TWO, APART],
        options=["--shard-size", "2"],
        provenance={},
    )
    # Half of the notes are two whole shards.
    assert len({line["labels_hash"] for line in lines}) == 1
    assert all(line["seconds"][0] > 0 for line in lines)
    made = folder / "engines" / "labels-all"
    assert sum(len(p.read_text().splitlines()) for p in made.glob("part-*")) == 8
    assert summary(lines).splitlines()[2].startswith(f"| {ONE} | ")
    assert summary(lines).endswith("| 1.00 |")
    assert tables(lines).startswith("**6 names, --shard-size, 2**")


@pytest.mark.parametrize("bench", [run_labelling, run_engines])
def test_a_system_that_is_none(folder, bench):
    options = {"limit": 1, "pythons": {}} if bench is run_labelling else {}
    options = options or {"number": 2, "words": 2, "options": []}
    with pytest.raises(MslmError, match="M622"):
        bench(
            folder / "notes.jsonl",
            folder / "concepts",
            folder / "none",
            rounds=1,
            systems=["theirs"],
            provenance={},
            **options,
        )


def test_a_command_that_fails_is_named_with_its_log(folder):
    with pytest.raises(MslmError, match=r"M621.*log\.txt"):
        run_engines(
            folder / "notes.jsonl",
            folder / "concepts",
            folder / "fails",
            number=2,
            words=2,
            rounds=1,
            systems=[ONE],
            options=["--policy", "none"],
            provenance={},
        )
