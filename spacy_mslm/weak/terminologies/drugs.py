"""Drug lists: DrugBank's open vocabulary (CSV) and Drugs@FDA's products (TSV)."""

import re
from collections.abc import Iterator, Sequence

from ..concepts import Concept
from .entries import Context, Entry, Source, type_ids
from .files import table_rows
from .normalise import lower_drug, normalise

DRUGBANK_OPTIONS = ("types",)
FDA_OPTIONS = ("types", "combinations")
SUBSTANCE, CLINICAL_DRUG = "T121", "T200"

_DRUGBANK = ("DrugBank ID", "Common name", "Synonyms")
_FDA = ("DrugName", "ActiveIngredient")
# Salts, esters and waters behind an ingredient: "metoprolol tartrate" is metoprolol.
_SALT_WORDS = """
acefurate aceponate acetate acetonide alfoscerate aluminum anhydrous arginine
ascorbate aspartate axetil benzathine benzoate besilate besylate bisulfate bitartrate
borate bromide butyrate calcium camsylate carbonate chlorhydrate chloride cilexetil
citrate cypionate decanoate diacetate dihydrate dihydrobromide dihydrochloride
dimeglumine dimesylate dipivoxil dipotassium dipropionate disodium disoproxil edetate
edisylate embonate enanthate erbumine estolate esylate etabonate etexilate ethanolate
ethylsuccinate fluoride formate fumarate furoate gluceptate gluconate glucuronate
hemifumarate hemihydrate hemisulfate hippurate hyclate hydrobromide hydrochloride
hydroiodide hydroxynaphthoate iodide isethionate lactate lactobionate laurate lauroxil
lysine magnesium malate maleate marboxil meglumine mesilate mesylate methylbromide
methylsulfate metofenazate mofetil monohydrate monosodium mucate napsylate nicotinate
nitrate olamine oleate orotate oxalate palmitate pamoate pentahydrate pentetate
phenylpropionate phosphate picrate pivalate pivoxil polacrilex polistirex potassium
propionate proxetil saccharate salicylate sesquihydrate sodium stearate strontium
succinate sulfate sulphate tannate tartrate teoclate tetrahydrate tetrahydrochloride
tetrasodium thiocyanate tosylate trihydrate trihydrochloride trometamol tromethamine
undecanoate undecylenate valerate xinafoate zinc
"""
_SALTS = frozenset(_SALT_WORDS.split())
# What is left of a salt must not be its other half alone.
_ION_WORDS = """
aluminum ammonium barium bismuth calcium cesium choline chromic chromium cobalt copper
cupric ethyl ferric ferrous gadolinium gallium gold hydrogen indium iodine iron
lithium magnesium manganese manganous methyl potassium rubidium selenious selenium
silver sodium stannous strontium technetium thallous titanium zinc zirconium
"""
_IONS = frozenset(_ION_WORDS.split())
_PACKAGING = re.compile(
    r"\s+(?:in (?:plastic|glass|polyethylene) container|in plastic vial|"
    r"\(?(?:preservative|sulfite|sugar|dye|alcohol) free\)?|\(?copackaged\)?|"
    r"\(pharmacy bulk package\)|\(for (?:men|women)\)|and preservative free)\b.*$"
)
_SLUG = re.compile(r"[^a-z0-9]+")


def read_drugbank(source: Source, context: Context) -> Iterator[Entry]:
    """DrugBank's open vocabulary: one concept a row, its common name preferred, its
    synonyms split at " | "; type T121 unless `types` says otherwise.

    Raises MslmError: M240 to M243 for the file.
    """
    types = type_ids(source.options.get("types", SUBSTANCE), source, context)
    for path in source.paths:
        rows = table_rows(path, source.kind, _DRUGBANK, drops=context.drops)
        for _, row in rows:
            drug_id, name = row["DrugBank ID"].strip(), row["Common name"].strip()
            if not drug_id or not name:
                context.drops["row without id or name"] += 1
                continue
            others = row.get("Synonyms", "").split(" | ")
            yield Entry(Concept(drug_id, (name, *others), types))


def read_drugs_at_fda(source: Source, context: Context) -> Iterator[Entry]:
    """Products.txt of Drugs@FDA: what each ingredient, or combination, is sold as.

    - The file is all capitals: names are lowered by `lower_drug`, packaging ("in
      plastic container", "preservative free") is cut off.
    - One ingredient, type T121 (`types`): its names hang on an earlier concept called
      as the ingredient is, else as it is without its last salt, ester or water, one
      after the other ("metoprolol tartrate", "metoprolol"; never down to a metal:
      "potassium chloride" stays). Where there is none, they are a concept of their
      own, called by the ingredient without salts.
    - Several ingredients, type T200 (`combinations`): one concept for each set of
      ingredients without salts, called "a / b" in alphabetical order.
    - Rows with more fields than columns are read without them, and counted.

    Raises MslmError: M240 to M243 for the file.
    """
    types = type_ids(source.options.get("types", SUBSTANCE), source, context)
    several = source.options.get("combinations", CLINICAL_DRUG)
    combined = type_ids(several, source, context)
    singles: dict[str, dict[str, None]] = {}
    mixtures: dict[tuple[str, ...], dict[str, None]] = {}
    for ingredients, name in _products(source, context):
        bases = sorted({unsalted(ingredient)[-1] for ingredient in ingredients})
        if len(bases) == 1:
            for ingredient in ingredients:
                singles.setdefault(ingredient, {})[name] = None
        else:
            mixtures.setdefault(tuple(bases), {})[name] = None
    for ingredient, names in sorted(singles.items()):
        forms = unsalted(ingredient)
        concept = Concept(_fda_id(forms[-1:]), (*reversed(forms), *names), types)
        yield Entry(concept, hangs_on=tuple(forms))
    for parts, names in sorted(mixtures.items()):
        concept = Concept(_fda_id(parts), (" / ".join(parts), *names), combined)
        yield Entry(concept)


def _products(source: Source, context: Context) -> Iterator[tuple[list[str], str]]:
    """Ingredients and name of each product, both lowered."""
    for path in source.paths:
        for _, row in table_rows(
            path, source.kind, _FDA, delimiter="\t", quoted=False, drops=context.drops
        ):
            parts = map(normalise, row["ActiveIngredient"].lower().split(";"))
            ingredients = [part for part in parts if part]
            name = normalise(lower_drug(row["DrugName"].strip()))
            bare = _PACKAGING.sub("", name).strip(" ,")
            if not ingredients or not bare:
                context.drops["row without name or ingredient"] += 1
                continue
            yield ingredients, bare


def unsalted(ingredient: str) -> list[str]:
    """The ingredient, then without its last salt, and so on while something stays."""
    words = ingredient.split()
    forms = [ingredient]
    while len(words) > 1 and words[-1].strip("(),") in _SALTS:
        words = words[:-1]
        if all(word.strip("(),") in _IONS for word in words):
            break
        forms.append(" ".join(words).rstrip(","))
    return forms


def _fda_id(parts: Sequence[str]) -> str:
    """An id out of names: the file numbers applications, not drugs. In capitals, as
    MedCAT writes every id."""
    return "FDA:" + "+".join(_SLUG.sub("_", part).strip("_") for part in parts).upper()
