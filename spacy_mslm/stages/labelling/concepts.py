"""`concepts build`: choose what a labeller looks for, once, before any note is read.

The folder it makes holds `manifest.json`, `clusters.yml` (a copy), `names.jsonl` (the
names that mean exactly one concept, for `kb_id_`) and either `concepts.csv` (the
concepts in the clusters, with the names that can be served) or `pack.json` (where the
model pack lies). Whatever is wrong with a table, a pack or a semantic type is an error
here.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...runners.atomic import atomic_folder
from ...types import DropCounts
from ...weak.clusters import Clusters
from ...weak.concepts import Concept, read_concepts, write_concepts
from ...weak.labeller import Labeller
from ...weak.linking import NAMES, Name, pack_names, table_names, write_names
from ...weak.medcat import MedcatLabeller, pack_counts, pack_sha256
from ...weak.names import label_of, servable
from .. import files

_CLUSTERS = "clusters.yml"
TABLE = "concepts.csv"
_PACK = "pack.json"


def build_concepts(
    *, clusters: Path, out: Path, table: str = "", pack: str = "", sha256: str = ""
) -> dict[str, Any]:
    """Make the folder `out` from a concept table or, if one is named, a model pack.

    `sha256` is that of the pack, or else of the table; "" checks nothing. Returns the
    manifest. Raises MslmError (M201-M225) and leaves `out` as it was.
    """
    chosen = Clusters.load(clusters)
    files.check_replaceable(out)
    with atomic_folder(out) as folder:
        if pack:
            manifest = _from_pack(Path(pack), chosen, sha256, folder)
        elif table:
            manifest = _from_table(Path(table), chosen, sha256, folder)
        else:
            raise MslmError(Errors.M716)
        (folder / _CLUSTERS).write_bytes(clusters.read_bytes())
        manifest["labels"] = list(chosen.labels)
        manifest["files"] = {
            name: files.file_sha256(folder / name)
            for name in (_CLUSTERS, TABLE, NAMES)
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


def load_labeller(folder: Path, **settings: Any) -> Labeller:
    """The labeller of a concepts folder; `settings` as for `MedcatLabeller`.

    A pack must still have the hash that it had when the folder was built.
    """
    manifest, _ = read_manifest(folder)
    clusters = Clusters.load(folder / _CLUSTERS)
    if manifest["source"] == "pack":
        pack = json.loads((folder / _PACK).read_text(encoding="utf-8"))["path"]
        return MedcatLabeller.from_pack(
            pack, clusters, sha256=manifest["sha256"], **settings
        )
    concepts = read_concepts(folder / TABLE)
    return MedcatLabeller.from_table(concepts, clusters, **settings)


def _from_table(
    table: Path, clusters: Clusters, sha256: str, folder: Path
) -> dict[str, Any]:
    drops = DropCounts()
    concepts = read_concepts(table, drops=drops)
    got = files.file_sha256(table)
    if sha256 and got != sha256.strip().lower():
        raise MslmError(Errors.M206.format(path=table, got=got, expected=sha256))
    held = Counter(type_id for concept in concepts for type_id in concept.type_ids)
    types = clusters.select(dict.fromkeys(held, ""), source=table.name)
    kept = servable(concepts, clusters, drops)
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        write_concepts(file, kept)
    shared = DropCounts()
    names = _write_names(folder, table_names(concepts, kept, shared), shared)
    return {
        "source": "table",
        "name": table.name,
        "sha256": got,
        "types": types,
        "types_left_out": {key: held[key] for key in held if key not in types},
        "counts": _counts(kept, clusters),
        "drops": dict(drops),
        "names_of_one_concept": names,
    }


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
    pack: Path, clusters: Clusters, sha256: str, folder: Path
) -> dict[str, Any]:
    got = pack_sha256(pack)
    labeller = MedcatLabeller.from_pack(pack, clusters, sha256=sha256)
    held = pack_counts(labeller)
    types = clusters.select(
        {type_id: about["name"] for type_id, about in held.items()}, source=pack.name
    )
    per_label = Counter(labeller.labels.values())
    pointer = files.json_text({"path": str(pack.resolve())})
    (folder / _PACK).write_text(pointer, "utf-8")
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


def _write_names(
    folder: Path, names: Iterable[Name], drops: DropCounts
) -> dict[str, Any]:
    """What the manifest says of `names.jsonl`; `drops` fills while it is written."""
    written = write_names(folder / NAMES, names)
    return {"written": written, "drops": dict(drops)}
