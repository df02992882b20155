import builtins
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts, Note
from spacy_mslm.weak import medcat as adapter
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.medcat import MedcatLabeller, pack_sha256

pytestmark = pytest.mark.medcat

CLUSTERS = Clusters.from_dict(
    {
        "Treatments": {"ids": {"T121": ""}, "names": ["substance"]},
        "Diseases": {"ids": {"T047": ""}, "names": ["disorder"]},
        "Symptoms": {"ids": {"T184": ""}, "names": ["finding"]},
    }
)
CONCEPTS = [
    Concept("t:asp", ("aspirin", "ASA"), ("T121",)),
    Concept("d:dm2", ("type 2 diabetes", "diabetes mellitus type 2"), ("T047",)),
    Concept("d:dm", ("diabetes",), ("T047",)),
    Concept("s:cp", ("chest pain",), ("T184",)),
    Concept("s:p", ("pain",), ("T184",)),
    Concept("x:run", ("running",), ("T056",)),
]


def note(text: str) -> Note:
    return Note("n1", "p1", text)


def found(labeller: MedcatLabeller, text: str) -> list[tuple[str, str, str]]:
    return [
        (text[span.start : span.end], span.label, span.concept_id)
        for span in labeller.find(note(text))
    ]


@pytest.fixture(scope="module")
def labeller() -> MedcatLabeller:
    return MedcatLabeller.from_table(CONCEPTS, CLUSTERS)


def build_cat(types: Mapping[str, str]) -> Any:
    """A MedCAT as somebody else would have built it, with named types."""
    import pandas as pd
    from medcat.cat import CAT
    from medcat.config import Config
    from medcat.model_creation.cdb_maker import CDBMaker
    from medcat.vocab import Vocab

    rows = [
        ("111", "Aspirin", "A1"),
        ("222", "Diabetes", "B2"),
        ("333", "Chest pain", "C3"),
        ("444", "Appendectomy", "D4"),
    ]
    maker = CDBMaker(Config())
    frame = pd.DataFrame(rows, columns=["cui", "name", "type_ids"])
    cdb = maker.prepare_csvs([frame], full_build=True)
    for type_id, name in types.items():
        cdb.type_id2info[type_id].name = name
    return CAT(cdb, Vocab(), cdb.config)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zipped pack in SNOMED's manner: ids that say nothing, names that do."""
    folder = tmp_path_factory.mktemp("pack")
    names = {"A1": "substance", "B2": "disorder", "C3": "finding", "D4": "procedure"}
    cat = build_cat(names)
    cat.save_model_pack(str(folder), pack_name="tiny", add_hash_to_pack_name=False)
    shutil.rmtree(folder / "tiny")
    return folder / "tiny.zip"


def test_spans_carry_offsets_label_concept_and_score(labeller: MedcatLabeller) -> None:
    text = "No chest\npain.\n\nStarted Aspirin."
    assert list(labeller.find(note(text))) == [
        CharSpan(3, 13, "Symptoms", "medcat", "s:cp", 1.0),
        CharSpan(9, 13, "Symptoms", "medcat", "s:p", 1.0),
        CharSpan(24, 31, "Treatments", "medcat", "t:asp", 1.0),
    ]


def test_nested_names_all_come_back(labeller: MedcatLabeller) -> None:
    assert found(labeller, "type 2 diabetes") == [
        ("type 2 diabetes", "Diseases", "d:dm2"),
        ("diabetes", "Diseases", "d:dm"),
    ]


def test_types_of_no_cluster_never_come_back(labeller: MedcatLabeller) -> None:
    assert found(labeller, "He was running.") == []


def test_short_names_are_found_in_capitals_only(labeller: MedcatLabeller) -> None:
    assert found(labeller, "ASA daily, asa daily") == [("ASA", "Treatments", "t:asp")]


@pytest.mark.parametrize(
    "text", ["", " \n\n ", "...", "\u200b", "[** **]", "\x0c", "é", "chest. pain\u2028"]
)
def test_texts_of_any_kind_do_no_harm(labeller: MedcatLabeller, text: str) -> None:
    for span in labeller.find(note(text)):
        assert text[span.start : span.end] == "pain"


def test_a_note_of_two_megabytes_is_labelled_whole(labeller: MedcatLabeller) -> None:
    text = "word " * 400_000 + "chest pain"
    assert [s.end for s in labeller.find(note(text))] == [len(text), len(text)]


def test_a_name_does_not_join_list_items(labeller: MedcatLabeller) -> None:
    labeller.drops.clear()
    assert found(labeller, "- chest\n- pain") == [("pain", "Symptoms", "s:p")]
    assert labeller.drops.total() == 1


def test_min_score_drops_and_counts() -> None:
    drops = DropCounts()
    strict = MedcatLabeller.from_table(CONCEPTS, CLUSTERS, min_score=0.9, drops=drops)
    entity = next(iter(strict.cat("aspirin").linked_ents))
    entity.context_similarity = 0.5
    assert strict._span("aspirin", entity, 0) is None
    assert drops == {"score below the least": 1}
    with pytest.raises(MslmError, match=r"\[M401\].*min_score"):
        MedcatLabeller.from_table(CONCEPTS, CLUSTERS, min_score=2)


def test_ids_that_differ_in_case_only_stay_apart() -> None:
    made = MedcatLabeller.from_table(
        [Concept("a1", ("asthma",), ("T047",)), Concept("A1", ("fever",), ("T184",))],
        CLUSTERS,
    )
    assert found(made, "asthma, fever") == [
        ("asthma", "Diseases", "a1"),
        ("fever", "Symptoms", "A1"),
    ]


def test_two_labellers_do_not_share_their_filters(labeller: MedcatLabeller) -> None:
    other = MedcatLabeller.from_table(CONCEPTS[:1], CLUSTERS)
    assert found(other, "aspirin for chest pain") == [
        ("aspirin", "Treatments", "t:asp")
    ]
    assert len(found(labeller, "aspirin for chest pain")) == 3


def test_nothing_to_find_is_an_error_never_no_filter() -> None:
    with pytest.raises(MslmError, match=r"\[M225\]"):
        MedcatLabeller.from_table(CONCEPTS[-1:], CLUSTERS)
    with pytest.raises(MslmError, match=r"\[M225\].*mypack"):
        MedcatLabeller(build_cat({}), {}, source="mypack")


def test_a_pack_is_understood_by_the_names_of_its_types(pack: Path) -> None:
    made = MedcatLabeller.from_pack(pack, CLUSTERS, sha256=pack_sha256(pack).upper())
    assert found(made, "Aspirin for chest pain; diabetes; appendectomy.") == [
        ("Aspirin", "Treatments", "111"),
        ("chest pain", "Symptoms", "333"),
        ("diabetes", "Diseases", "222"),
    ]
    assert [p.name for p in pack.parent.iterdir()] == ["tiny.zip"], "nothing unpacked"


def test_the_zip_counts_not_a_folder_of_its_name(pack: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny.zip"
    shutil.copy(pack, copy)
    (tmp_path / "tiny").mkdir()
    assert MedcatLabeller.from_pack(copy, CLUSTERS).labels


def test_a_folder_pack_works_and_its_hash_sees_every_file(
    pack: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path / "tiny")
    assert MedcatLabeller.from_pack(tmp_path / "tiny", CLUSTERS).labels
    before = pack_sha256(tmp_path / "tiny")
    (tmp_path / "tiny" / "more").write_text("x")
    assert pack_sha256(tmp_path / "tiny") != before


def test_a_pack_with_another_hash_is_not_loaded(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_load", lambda path: pytest.fail("loaded"))
    with pytest.raises(MslmError, match=r"\[M223\].*expected 00"):
        MedcatLabeller.from_pack(pack, CLUSTERS, sha256="00")


def test_an_unknown_type_of_a_pack_is_an_error(pack: Path) -> None:
    wrong = Clusters.from_dict({"D": {"ids": {"T998": ""}, "names": ["disorder"]}})
    with pytest.raises(MslmError, match=r"\[M213\].*T998"):
        MedcatLabeller.from_pack(pack, wrong)
    missing = Clusters.from_dict({"D": {"ids": {"T047": "Disease or Syndrome"}}})
    with pytest.raises(MslmError, match=r"\[M214\].*B2 disorder"):
        MedcatLabeller.from_pack(pack, missing)


@pytest.mark.parametrize("content", [b"", b"no zip at all", None])
def test_missing_and_broken_packs(
    pack: Path, tmp_path: Path, content: bytes | None
) -> None:
    with pytest.raises(MslmError, match=r"\[M222\]"):
        MedcatLabeller.from_pack(tmp_path / "none.zip", CLUSTERS)
    with pytest.raises(MslmError, match=r"\[M222\]"):
        pack_sha256(tmp_path / "none.zip")
    broken = tmp_path / "broken.zip"
    whole = pack.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(MslmError, match=r"\[M224\].*broken.zip") as caught:
        MedcatLabeller.from_pack(broken, CLUSTERS)
    assert "\n" not in str(caught.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MslmError, match=r"\[M224\]"):
        MedcatLabeller.from_pack(tmp_path / "empty", CLUSTERS)


def test_without_medcat_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain_import = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("medcat"):
            raise ImportError(name)
        return plain_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MslmError, match=r"pip install 'spacy-mslm\[weak\]'"):
        MedcatLabeller.from_table(CONCEPTS, CLUSTERS)


def test_medcat_logs_nothing_not_even_for_debug() -> None:
    code = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from spacy_mslm.types import Note
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.medcat import MedcatLabeller
concepts = [Concept("s", ("chest pain",), ("T184",))]
made = MedcatLabeller.from_table(concepts, Clusters.from_dict({"S": {"ids": ["T184"]}}))
print(len(list(made.find(Note("n", "p", "secret chest pain")))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert done.stderr == ""


def test_the_room_is_light_until_a_labeller_is_made() -> None:
    code = (
        "import sys, spacy_mslm.weak.medcat; "
        "print(*{'medcat', 'spacy', 'torch', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
