"""`concepts build`: choose what a labeller looks for, once, before any note is read.

The folder it makes holds `manifest.json`, `clusters.yml` (a copy), `names.jsonl` (the
names that mean exactly one concept, for `kb_id_`), `lists.csv` (a copy, where a list
was given) and either `concepts.csv` (the concepts in the clusters, with the names that
can be served), `dropped.csv` (the names that a rule dropped, as a list to allow them)
and `ambiguous.csv` (the concepts of the ambiguous ones of these), or `pack.json` (where
the model pack lies). Whatever is wrong with a source or a semantic type is an error
here. What `learning` makes of such a folder has both, and `pack/`.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...runners.atomic import atomic_folder
from ...types import DropCounts
from ...weak.ambiguous import ambiguous
from ...weak.clusters import Clusters
from ...weak.concepts import Concept, read_concepts, write_concepts
from ...weak.labeller import Labeller
from ...weak.linking import NAMES, Name, pack_names, table_names, write_names
from ...weak.lists import COLUMNS, DENY, ListedLabeller, Lists, obeyed, read_lists
from ...weak.medcat import (
    MedcatLabeller,
    pack_chemicals,
    pack_counts,
    pack_sha256,
)
from ...weak.names import label_of, name_key
from ...weak.prepare import Prepared, prepare
from ...weak.refined import RefinedLabeller, chemicals_of
from .. import files
from .terminologies import chosen_sources, read_sources

_CLUSTERS = "clusters.yml"
TABLE = "concepts.csv"
POINTER, PACK, CONCEPT_IDS = "pack.json", "pack", "concept_ids.json"
LISTS, DROPPED, AMBIGUOUS = "lists.csv", "dropped.csv", "ambiguous.csv"


def build_concepts(
    *,
    clusters: Path,
    out: Path,
    table: str = "",
    pack: str = "",
    sha256: str = "",
    sources: str = "",
    short: Sequence[str] = (),
    lists: str = "",
) -> dict[str, Any]:
    """Make the folder `out` from a model pack, or else a concept table in MedCAT's
    layout, or else terminologies: those of the YAML file `sources` and those in short
    form, "KIND:PATH" each.

    `sha256` is that of the pack, or else of the table; "" checks nothing. `lists` names
    an allow and deny list. Returns the manifest. Raises MslmError (M201-M258, M716) and
    leaves `out` as it was.
    """
    chosen = Clusters.load(clusters)
    decided = read_lists(Path(lists), chosen) if lists else Lists()
    files.check_replaceable(out)
    with atomic_folder(out) as folder:
        if pack and not (sources or short):
            manifest = _from_pack(Path(pack), chosen, sha256, folder, decided)
        elif table and not (sources or short):
            manifest = _from_table(Path(table), chosen, sha256, folder, decided)
        elif table or pack:
            options = "--table, --pack, or --sources and --source"
            got = "--sources and another"
            raise MslmError(Errors.M255.format(options=options, got=got))
        elif sources or short:
            manifest = _from_sources(sources, short, chosen, folder, decided)
        else:
            raise MslmError(Errors.M716)
        (folder / _CLUSTERS).write_bytes(clusters.read_bytes())
        if lists:
            (folder / LISTS).write_bytes(Path(lists).read_bytes())
            manifest["lists"] = {"name": Path(lists).name, **_about_lists(decided)}
        manifest["labels"] = list(chosen.labels)
        manifest["files"] = {
            name: files.file_sha256(folder / name)
            for name in (_CLUSTERS, TABLE, NAMES, LISTS, DROPPED, AMBIGUOUS)
            if (folder / name).is_file()
        }
        (folder / files.MANIFEST).write_text(files.json_text(manifest), "utf-8")
    return manifest


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """The manifest of a concepts folder and its hash, after a check of the files.

    Raises MslmError where the folder is not what `build_concepts` left.
    """
    manifest = files.read_manifest(folder, "concepts build")
    if "source" not in manifest or "files" not in manifest:
        reason = "the manifest is of another stage"
        raise MslmError(Errors.M713.format(path=folder, reason=reason))
    for name, sha256 in manifest["files"].items():
        if not (folder / name).is_file() or files.file_sha256(folder / name) != sha256:
            reason = f"{name} is missing or has changed"
            raise MslmError(Errors.M713.format(path=folder, reason=reason))
    return manifest, files.file_sha256(folder / files.MANIFEST)


def load_labeller(folder: Path, *, plain: bool = False, **settings: Any) -> Labeller:
    """The labeller of a concepts folder; `settings` as for `MedcatLabeller`.

    `plain`: names alone, without what the note says of them (`weak.refined`). A pack
    must still have the hash that it had when the folder was built.
    """
    manifest, _ = read_manifest(folder)
    clusters = Clusters.load(folder / _CLUSTERS)
    table = read_concepts(folder / TABLE) if (folder / TABLE).is_file() else []
    if manifest["source"] == "pack":
        # A path of a pack that was trained here is relative to the folder.
        pack = folder / json.loads((folder / POINTER).read_text("utf-8"))["path"]
        if (folder / CONCEPT_IDS).is_file():
            ids = json.loads((folder / CONCEPT_IDS).read_text("utf-8"))
            settings["concept_ids"] = ids
        medcat = MedcatLabeller.from_pack(
            pack, clusters, sha256=manifest["sha256"], **settings
        )
    else:
        medcat = MedcatLabeller.from_table(table, clusters, **settings)
    labeller: Labeller = medcat
    if not plain:
        chemicals = chemicals_of(table) if table else pack_chemicals(medcat)
        labeller = RefinedLabeller(
            medcat, clusters, chemicals=chemicals, drops=settings.get("drops")
        )
    return listed(labeller, folder, clusters)


def listed(labeller: Labeller, folder: Path, clusters: Clusters) -> Labeller:
    """The labeller without what the folder's own list denies, if it has one: also what
    it finds by other rules than by names of the table."""
    if not (folder / LISTS).is_file():
        return labeller
    return ListedLabeller(labeller, read_lists(folder / LISTS, clusters))


def _from_table(
    table: Path, clusters: Clusters, sha256: str, folder: Path, lists: Lists
) -> dict[str, Any]:
    drops = DropCounts()
    concepts = read_concepts(table, drops=drops)
    got = files.file_sha256(table)
    if sha256 and got != sha256.strip().lower():
        raise MslmError(Errors.M206.format(path=table, got=got, expected=sha256))
    about = {"source": "table", "name": table.name, "sha256": got}
    return {**about, **_write(concepts, clusters, folder, lists, drops, table.name)}


def _from_sources(
    listed: str, short: Sequence[str], clusters: Clusters, folder: Path, lists: Lists
) -> dict[str, Any]:
    name, sources = chosen_sources(listed, short)
    concepts, about = read_sources(sources, clusters)
    about = {"source": "terminologies", "name": name, **about}
    return {**about, **_write(concepts, clusters, folder, lists, DropCounts(), name)}


def _write(
    concepts: Sequence[Concept],
    clusters: Clusters,
    folder: Path,
    lists: Lists,
    drops: DropCounts,
    name: str,
) -> dict[str, Any]:
    """Choose the names that are served and write the folder's tables. RETURNS: what the
    manifest says of them; `name` is that of the source, for messages."""
    held = Counter(type_id for concept in concepts for type_id in concept.type_ids)
    types = clusters.select(dict.fromkeys(held, ""), source=name)
    decided: list[Concept] = []

    def decide(found: Sequence[Concept]) -> list[Concept]:
        decided.extend(obeyed(found, clusters, lists) if lists.rules else found)
        return decided

    found = prepare(concepts, clusters, drops, allowed=lists.allowed, decide=decide)
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        write_concepts(file, found.concepts)
    shared = DropCounts()
    names = _write_names(folder, table_names(decided, found.concepts, shared), shared)
    return {
        "types": types,
        "types_left_out": {key: held[key] for key in held if key not in types},
        "counts": _counts(found.concepts, clusters),
        "changes": found.counts,
        "drops": dict(drops),
        "ambiguous_names": _write_dropped(folder, decided, found, clusters),
        "names_of_one_concept": names,
    }


def _write_dropped(
    folder: Path, concepts: Sequence[Concept], found: Prepared, clusters: Clusters
) -> int:
    """Write `dropped.csv` and `ambiguous.csv`. RETURNS (int): the ambiguous names."""
    served = {name_key(name) for concept in found.concepts for name in concept.names}
    dropped = {name_key(one.name) for one in found.dangerous}
    names, holders = ambiguous(concepts, clusters, served=served, dropped=dropped)
    labels = {c.concept_id: label_of(c, clusters) or "" for c in concepts}
    rows = [
        ("", one.name, one.concept_id, labels[one.concept_id], one.reason)
        for one in found.dangerous
    ]
    rows += [("", n.name, "", "", f"means {' and '.join(n.labels)}") for n in names]
    with (folder / DROPPED).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    with (folder / AMBIGUOUS).open("w", encoding="utf-8", newline="") as file:
        write_concepts(file, holders)
    return len(names)


def _about_lists(lists: Lists) -> dict[str, Any]:
    """Rows by action, and the numbers of those that met nothing."""
    actions = Counter(rule.action for rule in lists.rules)
    return {"rows": dict(actions), "rows_that_match_nothing": lists.unmatched}


def _counts(
    concepts: Sequence[Concept], clusters: Clusters
) -> dict[str, dict[str, int]]:
    """Concepts and names by label."""
    counts = {label: {"concepts": 0, "names": 0} for label in clusters.labels}
    for concept in concepts:
        if label := label_of(concept, clusters):
            counts[label]["concepts"] += 1
            counts[label]["names"] += len(concept.names)
    return counts


def _from_pack(
    pack: Path, clusters: Clusters, sha256: str, folder: Path, lists: Lists
) -> dict[str, Any]:
    got = pack_sha256(pack)
    labeller = MedcatLabeller.from_pack(pack, clusters, sha256=sha256)
    held = pack_counts(labeller)
    _match_pack(labeller, lists)
    types = clusters.select(
        {type_id: about["name"] for type_id, about in held.items()}, source=pack.name
    )
    per_label = Counter(labeller.labels.values())
    pointer = files.json_text({"path": str(pack.resolve())})
    (folder / POINTER).write_text(pointer, "utf-8")
    shared = DropCounts()
    names = _write_names(folder, pack_names(labeller, shared), shared)
    return {
        "source": "pack",
        "name": pack.name,
        "sha256": got,
        "types": types,
        "types_left_out": {
            key: about["concepts"] for key, about in held.items() if key not in types
        },
        "counts": {label: {"concepts": n} for label, n in per_label.items()},
        "drops": {},
        "names_of_one_concept": names,
    }


def _match_pack(labeller: MedcatLabeller, lists: Lists) -> None:
    """Mark the rules that a pack knows the concept or name of. To allow what it does
    not find is beyond a list, so no such row is marked."""
    cdb = labeller.cat.cdb
    separator = cdb.config.general.separator
    for rule in lists.rules:
        known = not rule.concept_id or rule.concept_id in labeller.labels
        name = rule.key.replace("~", separator)
        if rule.action == DENY and known and (not name or name in cdb.name2info):
            lists.matched.add(rule.row)


def _write_names(
    folder: Path, names: Iterable[Name], drops: DropCounts
) -> dict[str, Any]:
    """What the manifest says of `names.jsonl`; `drops` fills while it is written."""
    written = write_names(folder / NAMES, names)
    return {"written": written, "drops": dict(drops)}
