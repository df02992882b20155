"""Several sources -> one list of concepts."""

import inspect
from pathlib import Path

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.concepts import Concept
from spacy_mslm.weak.terminologies.entries import Source
from spacy_mslm.weak.terminologies.kinds import KINDS, load_sources, parse_source
from spacy_mslm.weak.terminologies.merging import gather

CLUSTERS = Clusters.from_dict(
    {
        "Treatments": {"ids": ["T121", "T195"]},
        "Diseases": {"ids": ["T047"]},
        "Symptoms": {"ids": ["T184"]},
    }
)


def table(folder: Path, name: str, *rows: str) -> Source:
    path = folder / f"{name}.csv"
    text = "id,name,synonyms,types,cui\n" + "".join(f"{row}\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return Source("table", (path,), {"columns": {"id": "id"}})


def joined(*sources: Source) -> tuple[list[Concept], dict[str, int]]:
    concepts, _, counts = gather(sources, CLUSTERS)
    return concepts, {reason: n for reason, n in counts.items() if n}


def test_the_earlier_source_gives_id_name_and_type(tmp_path: Path) -> None:
    concepts, counts = joined(
        table(
            tmp_path,
            "one",
            "A1,hypertension,HTN,T047,",
            "A2,asthma,,T047,C0004096",
            "A3,fever,,T184,",
        ),
        table(
            tmp_path,
            "two",
            "B1,Hypertension,high blood pressure,T047,",
            "B2,bronchial asthma,BA,T184,C0004096",
            "B3,Fever,hot,T047,",
            "A3,pyrexia,,T184,",
            "B4,cough,,T184,",
        ),
    )
    assert concepts == [
        Concept("A1", ("hypertension", "HTN", "high blood pressure"), ("T047",)),
        Concept("A2", ("asthma", "bronchial asthma", "BA"), ("T047",)),
        Concept("A3", ("fever", "pyrexia"), ("T184",)),
        # Of another label: which of both a fever is, is not for us to say.
        Concept("B3", ("Fever", "hot"), ("T047",)),
        Concept("B4", ("cough",), ("T184",)),
    ]
    assert counts == {
        "same id": 1,
        "same preferred name": 1,
        "of these, another label": 1,
        "same UMLS concept": 1,
    }


def test_what_two_concepts_of_one_source_claim_joins_nothing(tmp_path: Path) -> None:
    concepts, counts = joined(
        table(tmp_path, "one", "A1,asthma,,T047,C0004096"),
        table(
            tmp_path,
            "two",
            "B1,mild asthma,,T047,C0004096",
            "B2,severe asthma,,T047,C0004096",
            "B3,asthma,,T047,",
            "B4,Asthma,,T047,",
        ),
    )
    assert [c.concept_id for c in concepts] == ["A1", "B1", "B2", "B3", "B4"]
    assert counts == {}
    concepts, counts = joined(
        table(tmp_path, "one", "A1,x,,T047,C0000001", "A2,y,,T047,C0000001"),
        table(tmp_path, "two", "B1,z,,T047,C0000001", "B2,x,,T047,C0000002"),
        table(tmp_path, "three", "D1,w,,T047,C0000002"),
    )
    assert [c.concept_id for c in concepts] == ["A1", "A2", "B1"]
    assert concepts[0].names == ("x", "w") and counts["same UMLS concept"] == 1


def test_outside_the_clusters_a_name_proves_nothing(tmp_path: Path) -> None:
    concepts, counts = joined(
        table(tmp_path, "one", "A1,cold,,T070,C1", "A2,pain,,T033,C0030193"),
        table(tmp_path, "two", "B1,cold,,T047,", "B2,ache,,T184,C0030193"),
    )
    assert [(c.concept_id, c.type_ids) for c in concepts] == [
        ("A1", ("T070",)),
        ("A2", ("T184",)),
        ("B1", ("T047",)),
    ]
    assert counts == {"same UMLS concept": 1}


def test_names_are_normalised_once_and_counted(tmp_path: Path) -> None:
    _, [read], _ = gather(
        [table(tmp_path, "one", "A1,Asthma (disorder),ASTHMA|asthma|BA,T047,")],
        CLUSTERS,
    )
    assert (read.kept, read.names, read.new) == (1, 2, 1)
    assert read.drops == {"name again in other letters": 2}


def test_brands_hang_on_their_ingredient(tmp_path: Path) -> None:
    drugs = tmp_path / "drugs.csv"
    drugs.write_text(
        "DrugBank ID,Common name,Synonyms\n"
        "DB1,Metoprolol,\nDB2,Penicillin G,Penicillin G potassium\n"
    )
    products = tmp_path / "Products.txt"
    products.write_text(
        "DrugName\tActiveIngredient\n"
        "LOPRESSOR\tMETOPROLOL TARTRATE\n"
        "PFIZERPEN\tPENICILLIN G POTASSIUM\n"
        "NOVA\tNOVADRUG SODIUM\n"
        "NOVA XL\tNOVADRUG CALCIUM\n"
        "MIXTURE\tNOVADRUG SODIUM; METOPROLOL TARTRATE\n"
    )
    disease = table(tmp_path, "one", "A1,novadrug,,T047,")
    concepts, counts = joined(
        disease, Source("drugbank", (drugs,)), Source("drugs@fda", (products,))
    )
    assert {c.concept_id: c.names for c in concepts} == {
        "A1": ("novadrug",),
        "DB1": ("Metoprolol", "metoprolol tartrate", "lopressor"),
        "DB2": ("Penicillin G", "Penicillin G potassium", "pfizerpen"),
        "FDA:NOVADRUG": (
            *("novadrug", "novadrug calcium", "nova xl"),
            *("novadrug sodium", "nova"),
        ),
    } | {"FDA:METOPROLOL+NOVADRUG": ("metoprolol / novadrug", "mixture")}
    assert counts == {"same ingredient": 2}


def test_what_one_source_leaves_out_no_later_one_brings_back(tmp_path: Path) -> None:
    obo = tmp_path / "symp.obo"
    obo.write_text(
        "ontology: symp\n\n[Term]\nid: SYMP:1\nname: symptom\n\n"
        "[Term]\nid: SYMP:2\nname: cough\nis_a: SYMP:1\n\n"
        "[Term]\nid: SYMP:3\nname: dropsy\nis_obsolete: true\n"
    )
    labels = table(tmp_path, "one", "SYMP:1,symptom,,T184,", "SYMP:3,dropsy,,T184,")
    source = Source("obo", (obo,))
    with pytest.raises(
        MslmError, match=r"\[M245\].*one\.csv.*2 x concept that another"
    ):
        gather([source, labels], CLUSTERS)
    concepts, reads, _ = gather([labels, source], CLUSTERS)
    assert [c.concept_id for c in concepts] == ["SYMP:1", "SYMP:3", "SYMP:2"]
    assert [read.new for read in reads] == [2, 1]


def test_a_source_without_concepts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        MslmError, match=r"\[M245\].*table source one\.csv; left out: 1 x"
    ):
        gather([table(tmp_path, "one", "1,--,,T047,")], CLUSTERS)


LISTED = """
- kind: OBO
  path: [doid.obo, "subsets/*.obo"]
  under: {DOID:14566: T191}
  licence: CC0
- kind: table
  path: ~/names.csv
  sha256: AB
"""


def test_sources_are_listed_in_yaml_beside_their_files(tmp_path: Path) -> None:
    path = tmp_path / "terminologies.yml"
    path.write_text(LISTED)
    (tmp_path / "subsets").mkdir()
    for name in ("b", "a"):
        (tmp_path / "subsets" / f"{name}.obo").write_text("")
    first, second = load_sources(path)
    assert first.kind == "obo" and first.licence == "CC0"
    names = ["doid.obo", "subsets/a.obo", "subsets/b.obo"]
    assert [p.relative_to(tmp_path).as_posix() for p in first.paths] == names
    assert first.options == {"under": {"DOID:14566": "T191"}}
    assert second.sha256 == "ab" and second.paths[0] == Path.home() / "names.csv"


def test_short_form_keeps_colons_of_the_path() -> None:
    source = parse_source("obo:C:/data/x.obo")
    assert (source.kind, source.paths) == ("obo", (Path("C:/data/x.obo"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- kind: [", r"\[M247\].*not YAML near line 1"),
        ("kind: obo\npath: x", r"\[M247\].*expected a list"),
        ("- obo", r"\[M247\].*source 1.*'kind' and 'path'"),
        (
            "- {kind: owl, path: x}",
            r"\[M248\].*'owl'.*drugbank, drugs@fda, medcat, obo",
        ),
        ("- {kind: obo, path: 3}", r"\[M247\].*'path'"),
        ("- {kind: obo, path: 'x/*.obo'}", r"\[M240\].*x/\*\.obo"),
        ("- {kind: obo, path: x, type: T047}", r"\[M249\].*'type'.*types, under"),
        ("- {kind: medcat, path: x, a: 1}", r"\[M249\].*Options.*medcat: none"),
        ("- {kind: obo, path: [x, y], sha256: ab}", r"\[M249\].*one file"),
    ],
)
def test_wrong_lists_of_sources(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "terminologies.yml"
    path.write_text(text)
    with pytest.raises(MslmError, match=message) as caught:
        load_sources(path)
    assert "\n" not in str(caught.value)


def test_no_list_and_no_colon(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match=r"\[M240\]"):
        load_sources(tmp_path / "none.yml")
    with pytest.raises(MslmError, match=r"\[M247\].*KIND:PATH"):
        parse_source("doid.obo")


@pytest.mark.parametrize("name", KINDS)
def test_every_option_is_explained_where_it_is_read(name: str) -> None:
    kind = KINDS[name]
    text = inspect.getdoc(kind.read) or ""
    assert text
    assert [option for option in kind.options if f"`{option}`" not in text] == []
