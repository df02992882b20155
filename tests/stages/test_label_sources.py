"""Several sources of labels through `label` and `corpus build`."""

import json
import pickle
from pathlib import Path

import pytest
import spacy

from spacy_mslm.corpus.docs import read_docs
from spacy_mslm.errors import MslmError
from spacy_mslm.runners.engines import engine_of
from spacy_mslm.stages.corpora.corpus import build_corpus
from spacy_mslm.stages.labelling import sources as stage
from spacy_mslm.stages.labelling.finding import Finder, LabelSettings
from spacy_mslm.stages.labelling.label import label_notes
from spacy_mslm.stages.labelling.labels import read_labels
from spacy_mslm.stages.labelling.sources import Sources, describe

TEXTS = [
    "No chest pain. Given aspirin. Mother had asthma.",
    "Acute chest pain, asthma; ASA given.",
    "[**asthma 3**] Nothing else.",
]
TABLE = "cui,name,type_ids\nd1,asthma,T047\ns1,chest pain,T184\nt1,aspirin,T121\n"
CLUSTERS = "D:\n  ids: [T047]\nS:\n  ids: [T184]\nT:\n  ids: [T121]\n"
PATTERNS = "- {label: S, pattern: '[Aa]cute chest pain'}\n- {label: T, pattern: ASA}\n"


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Path]:
    """Files for every source but MedCAT, and notes."""
    files = {"table": TABLE, "clusters": CLUSTERS, "patterns": PATTERNS}
    endings = {"table": ".csv", "clusters": ".yml", "patterns": ".yml"}
    paths = {name: tmp_path / f"{name}{endings[name]}" for name in files}
    for name, text in files.items():
        paths[name].write_text(text)
    paths["notes"] = tmp_path / "notes.jsonl"
    rows = [
        {"note_id": f"n{i}", "patient_id": f"p{i % 5}", "text": TEXTS[i % 3]}
        for i in range(15)
    ]
    paths["notes"].write_text("".join(json.dumps(row) + "\n" for row in rows))
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "SYM", "pattern": "chest pain"}])
    nlp.to_disk(tmp_path / "model")
    paths["pipeline"] = tmp_path / "model"
    return paths


def chosen(given, *names, **changes):
    options = {
        "dictionary": given["table"],
        "clusters": given["clusters"],
        "patterns": given["patterns"],
        "pipeline": str(given["pipeline"]),
        "pipeline_labels": {"SYM": "S"},
    }
    kept = {k: v for k, v in options.items() if k.partition("_")[0] in names}
    if "dictionary" in names:
        kept["clusters"] = options["clusters"]
    return Sources(**{**kept, **changes})


def rows_of(out):
    return [
        json.loads(line)
        for path in sorted(out.glob("part-*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def shown(row, spans):
    return [
        (row["text"][s["start"] : s["end"]], s["label"], s["source"]) for s in spans
    ]


def test_one_source_writes_rows_as_medcat_does(given, tmp_path):
    manifest = label_notes(given["notes"], chosen(given, "dictionary"), tmp_path / "o")
    row = rows_of(tmp_path / "o")[0]
    assert shown(row, row["spans"]) == [
        ("chest pain", "S", "dictionary"),
        ("aspirin", "T", "dictionary"),
        ("asthma", "D", "dictionary"),
    ]
    assert {"sources", "missing"}.isdisjoint(row)
    assert "agreement" not in manifest and manifest["concepts"] == {}
    assert list(manifest["sources"]) == ["dictionary"]
    assert manifest["drops"] == {"span on a de-identification mark": 5}
    assert str(tmp_path) not in json.dumps(manifest)


def test_several_sources_stay_apart_and_are_resolved(given, tmp_path):
    every = chosen(given, "dictionary", "patterns", "pipeline")
    settings = LabelSettings(resolve="majority", abstain=True)
    manifest = label_notes(given["notes"], every, tmp_path / "o", settings=settings)
    row = rows_of(tmp_path / "o")[1]
    assert set(row["sources"]) == {"patterns", "dictionary", "pipeline"}
    assert shown(row, row["sources"]["patterns"]) == [
        ("Acute chest pain", "S", "patterns"),
        ("ASA", "T", "patterns"),
    ]
    # Only the dictionary knows a D; of ASA two know, and one says nothing.
    assert shown(row, row["spans"]) == [
        ("chest pain", "S", "dictionary"),
        ("asthma", "D", "dictionary"),
    ]
    texts = [row["text"][start:end] for start, end in row["missing"]]
    assert texts == ["Acute", "ASA"]
    agreement = manifest["agreement"]
    assert agreement["priority"] == ["patterns", "dictionary", "pipeline"]
    assert agreement["unannotated_characters"] == 5 * len("AcuteASA")
    told = agreement["sources"]
    assert told["patterns"]["spans"] == {"S": 5, "T": 5}
    assert (told["patterns"]["coverage"], told["dictionary"]["coverage"]) == (
        0.3333,
        0.6667,
    )
    assert (told["pipeline"]["exact"], told["pipeline"]["alone"]) == (10, 0)
    assert (told["patterns"]["cut"], told["patterns"]["lost"]) == (5, 5)
    assert manifest["drops"] == {"dictionary: span on a de-identification mark": 5}
    assert manifest["spans"] == {"S": 10, "T": 5, "D": 10}


def test_priority_by_default_and_as_named(given, tmp_path):
    two = chosen(given, "dictionary", "patterns")
    label_notes(given["notes"], two, tmp_path / "o")
    row = rows_of(tmp_path / "o")[1]
    assert shown(row, row["spans"])[0] == ("Acute chest pain", "S", "patterns")
    settings = LabelSettings(priority=("dictionary",))
    manifest = label_notes(given["notes"], two, tmp_path / "o", settings=settings)
    row = rows_of(tmp_path / "o")[1]
    assert shown(row, row["spans"])[0] == ("chest pain", "S", "dictionary")
    assert manifest["agreement"]["priority"] == ["dictionary", "patterns"]


def test_workers_give_the_same_bytes(given, tmp_path):
    every = chosen(given, "dictionary", "patterns")
    settings = LabelSettings(shard_size=4, abstain=True, resolve="longest")
    manifests = [
        label_notes(
            given["notes"], every, tmp_path / name, settings=settings, engine=engine
        )
        for name, engine in (("one", None), ("two", engine_of(processes=2)))
    ]
    assert manifests[0] == manifests[1]
    parts = [sorted((tmp_path / name).glob("part-*")) for name in ("one", "two")]
    assert len(parts[0]) == 4
    assert [p.read_bytes() for p in parts[0]] == [p.read_bytes() for p in parts[1]]


def test_the_work_is_light_until_it_is_prepared(given):
    finder = Finder(chosen(given, "dictionary"), LabelSettings(), {"dictionary": "DST"})
    before = len(pickle.dumps(finder))
    finder.prepare()
    assert len(pickle.dumps(finder)) == before


def test_context_is_marked_counted_and_kept_in_the_corpus(given, tmp_path):
    settings = LabelSettings(context=True)
    two = chosen(given, "dictionary", "patterns")
    manifest = label_notes(given["notes"], two, tmp_path / "o", settings=settings)
    assert manifest["context"] == {"negated": {"S": 5}, "family": {"D": 5}}
    assert "negspacy" in manifest["versions"]
    row = rows_of(tmp_path / "o")[0]
    marked = {k: v for s in row["spans"] for k, v in s.items() if v is True}
    assert marked == {"negated": True, "family": True}
    build_corpus(tmp_path / "o", tmp_path / "c", dev=0.2, test=0.2)
    docs = docs_of(tmp_path / "c")
    found = {(e.text, e._.negated, e._.family) for doc in docs for e in doc.ents}
    assert ("chest pain", True, False) in found and ("asthma", False, True) in found
    assert ("asthma", False, False) in found
    assert all(None not in each for each in found)


def docs_of(folder):
    return list(read_docs(folder, spacy.blank("en").vocab))


def test_a_corpus_has_every_source_and_misses_what_they_dispute(given, tmp_path):
    every = chosen(given, "dictionary", "patterns", "pipeline")
    settings = LabelSettings(resolve="majority", abstain=True)
    label_notes(given["notes"], every, tmp_path / "o", settings=settings)
    manifest = build_corpus(tmp_path / "o", tmp_path / "c", dev=0.2, test=0.2)
    assert manifest["entities_from"] == "all sources"
    missing = sum(
        s["missing_annotation"]["tokens"] for s in manifest["splits"].values()
    )
    assert missing == 10  # Acute, ASA
    for doc in docs_of(tmp_path / "c"):
        assert set(doc.spans) == {"dictionary", "patterns", "pipeline"}
        open_ = [token.text for token in doc if not token.ent_iob_]
        assert open_ in ([], ["Acute", "ASA"])
        assert all("negated" not in group.attrs for group in doc.spans.values())
    alone = build_corpus(
        *(tmp_path / "o", tmp_path / "d"), dev=0.2, test=0.2, source="patterns"
    )
    assert alone["entities_from"] == "patterns"
    entities = {e.text for doc in docs_of(tmp_path / "d") for e in doc.ents}
    assert entities == {"Acute chest pain", "ASA"}
    assert all(t.ent_iob_ for doc in docs_of(tmp_path / "d") for t in doc)


def test_rows_read_back(given, tmp_path):
    settings = LabelSettings(resolve="majority", abstain=True, context=True)
    two = chosen(given, "dictionary", "pipeline")
    label_notes(given["notes"], two, tmp_path / "o", settings=settings)
    items = list(read_labels(sorted((tmp_path / "o").glob("part-*"))))
    first = items[0]
    assert list(first.spans) == ["dictionary", "pipeline"]
    # Both agree on the S; only the dictionary knows a T and a D.
    assert [s.label for s in first.resolved] == ["S", "T", "D"]
    assert first.marks[first.resolved[0].start, first.resolved[0].end] == (True, False)
    assert not any(item.missing for item in items)


@pytest.mark.parametrize(
    "bad",
    [
        {"missing": [[1]]},
        {"missing": [["a", 2]]},
        {"missing": 3},
        {"sources": [1]},
        {"sources": {"a": [{"start": 0}]}},
    ],
)
def test_rows_that_label_did_not_write_are_named(tmp_path, bad):
    path = tmp_path / "part-00000.jsonl"
    path.write_text(json.dumps({"note_id": "n", "text": "x", "spans": [], **bad}))
    with pytest.raises(MslmError, match=r"\[M734\] .*row 1"):
        list(read_labels([path]))


# What cannot be used, before any note is read


def test_no_source_at_all():
    with pytest.raises(MslmError, match=r"\[M278\].*--concepts, --dictionary"):
        Sources()


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({"resolve": "majority"}, "--resolve"),
        ({"priority": ("dictionary",)}, "--priority"),
        ({"abstain": True}, "--abstain"),
    ],
)
def test_options_about_several_need_several(given, tmp_path, settings, option):
    with pytest.raises(MslmError, match=rf"\[M280\] {option} .*'dictionary'"):
        label_notes(
            *(given["notes"], chosen(given, "dictionary"), tmp_path / "o"),
            settings=LabelSettings(**settings),
        )
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("first", [("medcat",), ("patterns", "patterns")])
def test_a_priority_of_sources_not_in_use(given, tmp_path, first):
    with pytest.raises(MslmError, match=r"\[M277\].*patterns, dictionary\."):
        label_notes(
            *(given["notes"], chosen(given, "dictionary", "patterns"), tmp_path / "o"),
            settings=LabelSettings(priority=first),
        )


def test_a_table_needs_clusters_and_a_folder_brings_them(given):
    with pytest.raises(MslmError, match=r"\[M279\] .*table\.csv"):
        describe(chosen(given, "dictionary", clusters=None))


def test_a_pipeline_that_cannot_be_loaded(given):
    with pytest.raises(MslmError, match=r"\[M741\] no_such"):
        describe(chosen(given, "pipeline", pipeline="no_such"))


def test_settings_are_checked_where_they_are_made():
    with pytest.raises(MslmError, match=r"\[M276\].*got 'best'"):
        LabelSettings(resolve="best")


def test_other_patterns_are_other_labels(given, tmp_path):
    one = chosen(given, "patterns")
    label_notes(given["notes"], one, tmp_path / "o")
    before = rows_of(tmp_path / "o")
    given["patterns"].write_text("- {label: T, pattern: ASA}")
    label_notes(given["notes"], one, tmp_path / "o")
    assert rows_of(tmp_path / "o") != before


@pytest.mark.medcat
def test_a_concepts_folder_serves_medcat_and_the_dictionary(given, tmp_path):
    from spacy_mslm.stages.labelling.concepts import build_concepts

    folder = tmp_path / "concepts"
    build_concepts(clusters=given["clusters"], out=folder, table=str(given["table"]))
    both = Sources(concepts=folder, dictionary=folder)
    assert {name: found.labels for name, found in describe(both).items()} == {
        "medcat": ("D", "S", "T"),
        "dictionary": ("D", "S", "T"),
    }
    settings = LabelSettings(resolve="majority")
    manifest = label_notes(given["notes"], both, tmp_path / "o", settings=settings)
    assert manifest["concepts_hash"] and manifest["concepts"]["source"] == "table"
    told = manifest["agreement"]["sources"]["medcat"]
    assert told["exact"] == sum(told["spans"].values()) > 0
    table = describe(Sources(concepts=folder, dictionary=given["table"]))
    assert table[stage.DICTIONARY].labels == ("D", "S", "T")
