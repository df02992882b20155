import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_mslm.errors import MslmError
from spacy_mslm.types import DropCounts
from spacy_mslm.weak.concepts import Concept, read_concepts, write_concepts


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_of_one_concept_are_joined_preferred_name_first(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "CUI,name,name_status,type_ids\n"
        "b1,high blood pressure|hbp,A,T047\n"
        'c2,"cough, dry",P,T184|T033\n'
        "b1,hypertension,P,T047\n",
    )
    assert read_concepts(path) == [
        Concept("b1", ("hypertension", "high blood pressure", "hbp"), ("T047",)),
        Concept("c2", ("cough, dry",), ("T184", "T033")),
    ]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    drops = DropCounts()
    path = table(
        tmp_path,
        "cui,name,name_status\nx,cold,N\n,nothing,A\ny, ,A\nz,flu,a\n\n",
    )
    assert [c.concept_id for c in read_concepts(path, drops=drops)] == ["z"]
    assert drops == {"row without id or name": 2, "name with status N": 1}


def test_names_that_look_like_missing_values_are_names(tmp_path: Path) -> None:
    assert read_concepts(table(tmp_path, "cui,name\n1,NA\n2,null\n"))[0].names == (
        "NA",
    )


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress("\ufeffcui,name\n1,café\n".encode()))
    assert read_concepts(path) == [Concept("1", ("café",))]
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(MslmError, match=r"\[M205\] .*table.csv.gz"):
        read_concepts(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"\[M202\].*row 1: missing columns cui, name"),
        ("cui,label\n1,x\n", r"\[M202\].*missing columns name"),
        ("cui,name\n1,x\n2,y,z\n", r"\[M203\].*row 3: .*3 fields, expected 2"),
        ('cui,name\n1,x\n2,"y\n', r"\[M203\].*row 3: broken CSV"),
        ("cui,name\n", r"\[M204\]"),
    ],
)
def test_bad_tables_are_one_coded_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MslmError, match=message) as caught:
        read_concepts(table(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_missing_file_and_other_bytes(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"\[M201\]"):
        read_concepts(tmp_path / "none.csv")
    path = tmp_path / "latin.csv"
    path.write_bytes("cui,name\n1,café\n".encode("latin-1"))
    with pytest.raises(MslmError, match=r"\[M205\].*UTF-8"):
        read_concepts(path)


plain = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1
).map(lambda text: text.replace("|", "").replace("\ufeff", ""))
names = plain.filter(str.strip).map(str.strip)


@settings(deadline=None)
@given(
    st.dictionaries(
        names,
        st.tuples(
            st.lists(names, min_size=1, max_size=3, unique=True),
            st.lists(names, max_size=2, unique=True),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_written_tables_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory,
    content: dict[str, tuple[list[str], list[str]]],
) -> None:
    concepts = [
        Concept(key, tuple(names), tuple(types))
        for key, (names, types) in content.items()
    ]
    file = io.StringIO()
    write_concepts(file, concepts)
    path = tmp_path_factory.mktemp("wild") / "table.csv"
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    assert read_concepts(path) == concepts
