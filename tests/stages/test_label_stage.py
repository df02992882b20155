import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.notes.sources import read_notes
from spacy_mslm.stages.labelling import label as stage
from spacy_mslm.stages.labelling import sources
from spacy_mslm.stages.labelling.concepts import build_concepts
from spacy_mslm.stages.labelling.label import LabelSettings, label_notes
from spacy_mslm.types import CharSpan, DropCounts, Note
from spacy_mslm.weak.labeller import Labeller

pytestmark = pytest.mark.medcat

ROWS = [
    {"note_id": "n0", "patient_id": "p0", "text": "Asthma.\n\nNo chest\npain."},
    {"note_id": "n1", "patient_id": "p0", "text": "Nothing here."},
    {"note_id": "n2", "patient_id": "p1", "text": "[**asthma 12**] has asthma."},
    {"note_id": "n3", "patient_id": "p2", "text": "chest ___ pain, chest pain"},
]


@pytest.fixture(scope="module")
def concepts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("concepts")
    clusters, table = folder / "clusters.yml", folder / "table.csv"
    clusters.write_text("D:\n  ids: [T047]\nS:\n  ids: [T184]\n")
    table.write_text("cui,name,type_ids\nd1,asthma,T047\ns1,chest pain|pain,T184\n")
    build_concepts(clusters=clusters, out=folder / "out", table=str(table))
    return folder / "out"


def source(folder: Path, rows: list[dict[str, Any]], name: str = "notes") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def rows_of(out: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(out.glob("part-*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def labelled(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["text"][s["start"] : s["end"]], s["label"]) for s in row["spans"]]


class Broken(Labeller):
    """Fails on every note whose id is in `bad`."""

    name = "medcat"

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad

    def find(self, note: Note) -> Iterator[CharSpan]:
        if note.note_id in self.bad:
            raise RuntimeError(note.text)
        yield CharSpan(0, 1, "D", "medcat", "d1")


def test_rows_are_the_notes_with_their_spans(tmp_path: Path, concepts: Path) -> None:
    manifest = label_notes(source(tmp_path, ROWS), concepts, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert [row["note_id"] for row in rows] == ["n0", "n1", "n2", "n3"]
    assert [labelled(row) for row in rows] == [
        [("Asthma", "D"), ("chest\npain", "S")],
        [],
        [("asthma", "D")],
        [("pain", "S"), ("chest pain", "S")],
    ]
    assert rows[0]["spans"][0] == {
        "start": 0,
        "end": 6,
        "label": "D",
        "source": "medcat",
        "concept_id": "d1",
        "score": 1.0,
    }
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["notes"] == 4
    assert manifest["spans"] == {"D": 2, "S": 3}
    assert manifest["drops"] == {
        stage.ON_PLACEHOLDER: 2,
        "span overlapping a better one": 2,
    }
    assert (manifest["synthetic"], manifest["has_gold"]) == (False, False)
    assert str(tmp_path) not in json.dumps(manifest)


def test_the_rows_read_back_as_the_notes(tmp_path: Path, concepts: Path) -> None:
    gold = [{"start": 0, "end": 6, "label": "D", "concept_id": "x"}]
    meta = {"split": "test", "synthetic": True}
    path = source(tmp_path, [ROWS[0] | {"gold": gold, "meta": meta}, *ROWS[1:]])
    manifest = label_notes(path, concepts, tmp_path / "out")
    assert (manifest["synthetic"], manifest["has_gold"]) == (True, True)
    before = list(read_notes(path, drops=DropCounts()))
    part = tmp_path / "out" / "part-00000.jsonl"
    assert list(read_notes(part, drops=DropCounts())) == before


def test_gold_never_touches_a_label(tmp_path: Path, concepts: Path) -> None:
    plain = label_notes(source(tmp_path, ROWS), concepts, tmp_path / "plain")
    gold = [{"start": 0, "end": 3, "label": "D"}]
    marked = [row | {"gold": gold, "meta": {"gold": True}} for row in ROWS]
    with_gold = label_notes(source(tmp_path, marked), concepts, tmp_path / "gold")
    assert with_gold["spans"] == plain["spans"]
    pairs = zip(rows_of(tmp_path / "plain"), rows_of(tmp_path / "gold"), strict=True)
    assert all(one["spans"] == other["spans"] for one, other in pairs)


def test_the_labeller_is_not_even_given_gold_or_meta(
    tmp_path: Path, concepts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Note] = []

    class Spy(Broken):
        def find(self, note: Note) -> Iterator[CharSpan]:
            given.append(note)
            return super().find(note)

    monkeypatch.setattr(sources, "load_labeller", lambda *a, **k: Spy(set()))
    gold = [{"start": 0, "end": 3, "label": "D"}]
    rows = [row | {"gold": gold, "meta": {"split": "test"}} for row in ROWS]
    label_notes(source(tmp_path, rows), concepts, tmp_path / "out")
    assert [replace(note, meta={}, gold=()) for note in given] == given


def test_a_poisonous_note_is_counted_not_fatal(
    tmp_path: Path, concepts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "load_labeller", lambda *a, **k: Broken({"n1"}))
    manifest = label_notes(source(tmp_path, ROWS[:2]), concepts, tmp_path / "out")
    assert manifest["notes"] == 1
    assert manifest["drops"] == {stage.FAILED: 1}
    assert manifest["quarantined"] == [{"name": "n1", "error": "RuntimeError"}]
    assert b"Nothing here" not in b"".join(tree(tmp_path / "out").values())


def test_a_labeller_that_fails_everywhere_is_an_error(
    tmp_path: Path, concepts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = {row["note_id"] for row in ROWS}
    monkeypatch.setattr(sources, "load_labeller", lambda *a, **k: Broken(every))
    with pytest.raises(MslmError, match=r"\[M715\].*all of 4 notes \(RuntimeError\)"):
        label_notes(source(tmp_path, ROWS), concepts, tmp_path / "out")


def test_no_entity_at_all_is_an_error_that_keeps_the_shards(
    tmp_path: Path, concepts: Path
) -> None:
    path, out = source(tmp_path, ROWS[1:2]), tmp_path / "out"
    with pytest.raises(MslmError, match=r"\[M714\].*1 notes") as caught:
        label_notes(path, concepts, out)
    assert "Nothing here" not in str(caught.value)
    assert len(rows_of(out)) == 1
    assert not (out / "manifest.json").exists()


def test_sample_categories_and_policy_are_passed_on(
    tmp_path: Path, concepts: Path
) -> None:
    rows = [row | {"category": "A" if n else "B"} for n, row in enumerate(ROWS)]
    path = source(tmp_path, rows)
    manifest = label_notes(
        path,
        concepts,
        tmp_path / "out",
        sample=2,
        seed=3,
        categories=["A"],
        settings=LabelSettings(policy="first", shard_size=1),
    )
    assert manifest["notes"] == 2
    assert manifest["settings"] == {
        "categories": ["A"],
        "min_score": 0.0,
        "policy": "first",
        "sample": 2,
        "seed": 3,
        "shard_size": 1,
    }
    assert len(manifest["shards"]) == 2
    assert manifest["drops"]["other category"] == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_score": 1.5}, r"\[M401\].*min_score"),
        ({"policy": "best"}, r"\[M231\].*best"),
    ],
)
def test_bad_settings(values: dict[str, Any], message: str) -> None:
    with pytest.raises(MslmError, match=message):
        LabelSettings(**values)


def test_a_second_run_loads_no_labeller_and_changes_nothing(
    tmp_path: Path, concepts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = source(tmp_path, ROWS), tmp_path / "out"
    first = label_notes(path, concepts, out)
    before = tree(out)
    monkeypatch.setattr(sources, "load_labeller", lambda *a, **k: pytest.fail("loaded"))
    assert label_notes(path, concepts, out) == first
    assert tree(out) == before


def test_changed_notes_or_settings_end_as_a_fresh_run_would(
    tmp_path: Path, concepts: Path
) -> None:
    out, small = tmp_path / "out", LabelSettings(shard_size=2)
    label_notes(source(tmp_path, ROWS), concepts, out, settings=small)
    shorter = [ROWS[0] | {"text": "asthma"}]
    path = source(tmp_path, shorter, "shorter")
    for settings in (small, LabelSettings(policy="score", shard_size=1)):
        label_notes(path, concepts, out, settings=settings)
        fresh = tmp_path / f"fresh-{settings.policy}"
        label_notes(path, concepts, fresh, settings=settings)
        assert tree(out) == tree(fresh)


def test_without_concepts_the_error_names_the_step(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MslmError, match="concepts build"):
        label_notes(source(tmp_path, ROWS), tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()
