from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError

FULL = """100|t|Cold hands and asthma
100|a|Asthma attack. A cold.
100\t15\t21\tasthma\tT047\tC0004096
100\t22\t28\tAsthma\tT047\tUMLS:C0004096
100\t22\t35\tAsthma attack\tT047,T184\tC0347950
100\t0\t4\tCold\tT070\tC0009264
100\t39\t43\tcold\tT047\tC0009443
100\t0\t4\tCold\tT070\tC0009264
100\t0\t10\tCold hands\tUnknownType\tC0000001

200|t|Fever
200|a|
200\t0\t5\tFever\tT184\tC0015967
200\t0\t5\tFieber\tT184\tC0015967
"""


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(FULL)
    return path


def shown(entries: list[Any]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {
        e.concept.concept_id: (e.concept.names, e.concept.type_ids) for e in entries
    }


def test_names_are_the_mentions_of_a_concept(gold: Path, read_source: Any) -> None:
    entries, drops = read_source("pubtator", gold)
    assert shown(entries) == {
        "C0004096": (("Asthma", "asthma"), ("T047",)),
        "C0347950": (("Asthma attack",), ("T047", "T184")),
        "C0009264": (("Cold",), ("T070",)),
        "C0015967": (("Fever",), ("T184",)),
    }
    assert all(entry.cuis == (entry.concept.concept_id,) for entry in entries)
    assert drops == {
        "mention without concept or type": 1,
        "mention that its text does not have there": 1,
        "name that mostly means another concept": 1,
    }


def test_options_limit_documents_mentions_and_names(
    gold: Path, read_source: Any
) -> None:
    gold.with_name("train.txt").write_text("100\n\n")
    entries, _ = read_source("pubtator", gold, ids="train.txt", share=0.1)
    assert "C0015967" not in shown(entries) and "C0009443" in shown(entries)
    entries, drops = read_source("pubtator", gold, least=2)
    assert set(shown(entries)) == {"C0009264"}
    assert drops["name with too few mentions"] == 5


def test_other_ids_and_types(tmp_path: Path, read_source: Any) -> None:
    path = tmp_path / "bc5.txt"
    path.write_text(
        "1|t|Fever and lead\r\n1|a|.\r\n"
        "1\t0\t5\tFever\tDisease\tD005334\r\n"
        "1\t10\t14\tlead\tChemical\tD007854|D1\r\n"
        "1\t10\t14\tlead\tChemical\t-1\r\n"
        "1\tCID\tD007854\tD005334\r\n"
    )
    entries, drops = read_source("pubtator", path, types={"Disease": "T047"})
    assert shown(entries) == {"D005334": (("Fever",), ("T047",))}
    assert entries[0].cuis == ()
    assert drops == {
        "mention of several concepts": 1,
        "mention without concept or type": 1,
        "relation": 1,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FULL + "200\t0\tx\n", r"\[M241\].*row 15.*neither text nor mention"),
        (FULL + "<html>\n", r"\[M241\].*row 15"),
        ("", r"\[M241\].*row 1.*no document"),
    ],
)
def test_broken_rows_are_named(
    gold: Path, read_source: Any, text: str, message: str
) -> None:
    gold.write_text(text)
    with pytest.raises(MslmError, match=message):
        read_source("pubtator", gold)


def test_wrong_options(gold: Path, read_source: Any) -> None:
    with pytest.raises(MslmError, match=r"\[M249\].*'share' lies between 0 and 1"):
        read_source("pubtator", gold, share=2)
    with pytest.raises(MslmError, match=r"\[M249\].*'least' is a number"):
        read_source("pubtator", gold, least="two")
    with pytest.raises(MslmError, match=r"\[M240\].*none\.txt"):
        read_source("pubtator", gold, ids="none.txt")
