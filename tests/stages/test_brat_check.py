"""`corpus check-brat` and brat notes as Docs."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_mslm.cli import register_commands
from spacy_mslm.corpus.brat import read_brat
from spacy_mslm.corpus.brat_table import brat_table
from spacy_mslm.corpus.docs import STORED_ATTRS
from spacy_mslm.errors import MslmError
from spacy_mslm.pipeline.tokenizer import ClinicalTokenizer
from spacy_mslm.stages.corpora.brat_check import ALL_FATES, check_brat
from spacy_mslm.stages.corpora.brat_docs import FATES, KEPT, brat_docs
from spacy_mslm.types import DropCounts
from spacy_mslm.weak.policy import POLICIES

FIXTURES = Path(__file__).parents[1] / "fixtures" / "brat"
GOOD, BROKEN = FIXTURES / "good", FIXTURES / "broken"


@pytest.fixture(scope="module")
def tokenizer():
    return ClinicalTokenizer(spacy.blank("en").vocab)


@pytest.fixture(scope="module")
def found():
    return check_brat(GOOD)


def docs_of(tokenizer, policy="longest"):
    losses = {}
    pairs = brat_docs(
        read_brat(GOOD, drops=DropCounts()),
        tokenizer,
        policy=policy,
        drops=DropCounts(),
        losses=losses,
    )
    return {note.note_id: (note, doc) for note, doc in pairs}, losses


def test_counts_of_the_fixtures(found):
    assert found["files"] == {
        **{"ann": 14, "ann_empty": 1, "txt_without_ann": 1, "unreadable": 0}
    }
    assert found["documents"] == 14 and found["problems"] == {}
    assert found["rows"] == {
        **{"#": 2, "*": 2, "A": 1, "E": 2, "M": 1, "N": 1, "R": 18, "T": 57}
    }
    assert found["spans"]["total"] == 57
    assert found["spans"]["by_label"]["Drug"] == 6
    assert found["spans"]["forms"] == {
        **{"in one piece": 54, "parted by white space": 1, "discontinuous": 2}
    }
    assert found["spans"]["discontinuous_by_label"] == {
        **{"Biological_structure": 1, "Sign_symptom": 1}
    }
    assert list(found["texts"].values()) == [3, 1, 1]
    assert found["inside_words"] == {"edges": 3, "spans": 3}
    assert found["ids"] == {"repeated": 1, "named, not there": 2}
    assert found["round_trip"] == {"same": 14, "differs": 0, "same bytes": 10}
    assert found["same"] is True


def test_what_a_flat_view_loses(found):
    flat = found["flat"]
    assert flat["policy"] == "longest"
    assert flat["by_label"]["Drug"] == {
        **{"spans": 6, "kept": 4, "overlapped": 2, "inside a word": 0},
        **{"not at its offsets": 0, "repeated": 0},
    }
    assert flat["by_label"]["Disease_disorder"]["inside a word"] == 1
    assert flat["by_label"]["Medication"]["not at its offsets"] == 1
    assert flat["by_label"]["Sign_symptom"]["repeated"] == 1
    # Every T row has a fate, under every policy.
    for counts in [*flat["by_label"].values(), *flat["by_policy"].values()]:
        assert counts["spans"] == sum(counts[fate] for fate in ALL_FATES)
    assert set(flat["by_policy"]) == set(POLICIES)
    assert {c["spans"] for c in flat["by_policy"].values()} == {57}
    per_label = Counter({k: c["spans"] for k, c in flat["by_label"].items()})
    assert per_label == found["spans"]["by_label"]


def test_the_flat_view_of_some_labels():
    names = {"Drug": "Drug", "ADE": "Problem", "Reason": "Problem"}
    flat = check_brat(GOOD, labels=names, policy="first")["flat"]
    assert set(flat["by_label"]) == {"Drug", "Problem"}
    assert flat["by_policy"]["first"]["spans"] == 10
    assert flat["policy"] == "first"


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_entities_are_the_spans_that_are_said_to_be_kept(tokenizer, policy):
    docs, losses = docs_of(tokenizer, policy)
    kept = Counter(e.label_ for _, doc in docs.values() for e in doc.ents)
    assert kept == +Counter({k: c[KEPT] for k, c in losses.items()})
    for fates in losses.values():
        assert set(fates) <= set(FATES)
    total = sum(len(note.gold) for note, _ in docs.values())
    assert sum(fates.total() for fates in losses.values()) == total


def test_ade_and_reason_over_other_drugs_stay_in_the_group(tokenizer):
    docs, _ = docs_of(tokenizer)
    _, doc = docs["training_20180910/100001"]
    group = [(s.text, s.label_) for s in doc.spans["brat"]]
    assert ("prednisone-induced high blood sugar", "Reason") in group
    assert ("prednisone", "Drug") in group and ("high blood sugar", "ADE") in group
    flat = [e.text for e in doc.ents]
    assert "prednisone-induced high blood sugar" in flat and "prednisone" not in flat
    assert "high blood\npressure" in flat
    starts = [s.start_char for s in doc.spans["brat"]]
    assert starts == [s.start_char for s in doc.spans["gold"]] == sorted(starts)


def test_fragments_lie_beside_the_spans_also_when_stored(tokenizer):
    docs, _ = docs_of(tokenizer)
    _, doc = docs["discontinuous"]
    data = DocBin(attrs=STORED_ATTRS, store_user_data=True, docs=[doc]).to_bytes()
    (again,) = DocBin().from_bytes(data).get_docs(doc.vocab)
    for each in (doc, again):
        group = each.spans["brat"]
        parts = {
            s.text: [each.text[a:b] for a, b in ranges]
            for s, ranges in zip(group, group.attrs["fragments"], strict=True)
        }
        assert parts["Left and right eye"] == ["Left", "eye"]
        assert [p for p in parts.values() if p][1] == ["mild", "pain", "leg"]
        assert parts["right eye"] == []
    _, inside = docs["inside"]
    assert [m[2] for m in inside.spans["brat"].attrs["misaligned"]] == [
        *("History", "Clinical_event", "Disease_disorder")
    ]


def test_broken_documents_are_named_and_the_others_counted():
    found = check_brat(BROKEN)
    codes = {name: text[1:5] for name, text in found["problems"].items()}
    assert codes == {
        **{"junk": "M331", "latin1": "M326", "no_offsets": "M329"},
        **{"no_text": "M328", "other_text": "M335", "outside": "M330"},
    }
    assert found["documents"] == 1 and found["same"] is False
    assert found["files"]["unreadable"] == 6
    assert "Zinc" not in json.dumps(found) and "zinc" not in json.dumps(found)


def test_bad_arguments(tmp_path):
    with pytest.raises(MslmError, match="M701"):
        check_brat(tmp_path / "none")
    with pytest.raises(MslmError, match="M332"):
        check_brat(tmp_path)
    with pytest.raises(MslmError, match="M231"):
        check_brat(GOOD, policy="best")


RANGES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 6)), min_size=1, max_size=2
).map(lambda ranges: [(a, a + n) for a, n in ranges])


@settings(max_examples=12)
@given(st.lists(st.tuples(RANGES, st.sampled_from("AB")), max_size=6))
def test_overlaps_equal_to_a_count_by_characters(tmp_path_factory, spans):
    folder = tmp_path_factory.mktemp("overlaps")
    (folder / "x.txt").write_text("abcdefghijklmnopqrstuvwxyz")
    rows = (
        f"T{i}\t{label} " + ";".join(f"{a} {b}" for a, b in ranges) + "\t\n"
        for i, (ranges, label) in enumerate(spans)
    )
    (folder / "x.ann").write_text("".join(rows))
    overlaps = check_brat(folder)["overlaps"]
    marked = {
        (frozenset(c for a, b in ranges for c in range(a, b)), label)
        for ranges, label in spans
    }
    pairs = [(a, b) for a, b in combinations(marked, 2) if a[0] & b[0]]
    assert overlaps["pairs"] == len(pairs)
    assert overlaps["of one label"] == sum(a[1] == b[1] for a, b in pairs)
    assert sum(overlaps["by_labels"].values()) == len(pairs)


def test_the_table_is_narrow(found):
    lines = brat_table(found).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("  Drug ") and line.split()[1] == "6" for line in lines)
    broken = brat_table(check_brat(BROKEN))
    assert "no overlapping pairs" in broken and "6 cannot be read" in broken


def test_the_command(tmp_path):
    def run(*words):
        return CliRunner().invoke(register_commands(), ["corpus", "check-brat", *words])

    out = tmp_path / "check.json"
    result = run(str(GOOD), "--out", str(out), "--labels", "Drug,Reason=Why")
    assert result.exit_code == 0, result.output
    assert "14 the same (10 .ann files byte by byte), 0 different" in result.output
    assert set(json.loads(out.read_text())["flat"]["by_label"]) == {"Drug", "Why"}
    result = run(str(BROKEN))
    assert result.exit_code == 1
    assert "outside: [M330]" in result.output
