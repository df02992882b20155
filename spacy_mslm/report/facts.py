"""Where labels and numbers come from, as (name, value) rows for people."""

from collections.abc import Mapping
from typing import Any

from .gold import gold_source, is_given

Rows = list[tuple[str, str]]
NOT_KNOWN = "not known (no manifest in the work folder)"


def label_rows(manifests: Mapping[str, Mapping[str, Any]]) -> Rows:
    """The label source, from the manifests "labels", "concepts" and "corpus"."""
    labels, concepts = manifests.get("labels") or {}, manifests.get("concepts") or {}
    corpus = manifests.get("corpus") or {}
    rows = [("Labels", label_source(manifests))]
    if concepts:
        kind = "model pack" if concepts.get("source") == "pack" else "concept table"
        rows.append((f"MedCAT {kind}", str(concepts.get("name", ""))))
        rows.append(("Its sha256", str(concepts.get("sha256", ""))))
        rows.append(("Types", _types(concepts.get("types", {}))))
        rows.append(("Concepts", _concepts(concepts.get("counts", {}))))
    if labels:
        rows.append(("Notes labelled", str(labels.get("notes", ""))))
        rows.append(("Spans", _pairs(labels.get("spans", {}))))
        rows.append(
            ("Left out of labels", _pairs(labels.get("drops", {})) or "nothing")
        )
        rows.append(("Settings", _pairs(labels.get("settings", {}))))
    if corpus:
        splits = corpus.get("splits", {})
        sizes = {
            name: f"{about.get('docs', 0)} notes" for name, about in splits.items()
        }
        rows.append(("Corpus", _pairs(sizes)))
        rows.append(
            ("Left out of corpus", _pairs(corpus.get("drops", {})) or "nothing")
        )
    return [row for row in rows if row[1]]


def label_source(manifests: Mapping[str, Mapping[str, Any]]) -> str:
    """Who labelled the training notes, in one line."""
    corpus = manifests.get("corpus") or {}
    if corpus.get("entities_from") == "gold":
        return "annotated by people (gold)"
    if not manifests.get("labels") and not manifests.get("concepts"):
        return NOT_KNOWN
    versions = (manifests.get("labels") or {}).get("versions", {})
    medcat = f"MedCAT {versions.get('medcat', '')}".strip()
    after = gold_source(manifests.get("gold") or {}) or "no hand annotation"
    return f"weak labels by {medcat}, {after}"


def provenance_rows(metrics: Mapping[str, Any]) -> Rows:
    """Code, machine and versions that `evaluate` wrote down."""
    about = metrics.get("provenance", {})
    rows = [
        ("Commit", about.get("commit")),
        ("Seed", about.get("seed")),
        ("Machine", _pairs(about.get("machine") or {})),
        ("Versions", _pairs(about.get("versions") or {})),
        ("Hash of the scored corpus", about.get("data_hash")),
    ]
    return [(name, str(value)) for name, value in rows if value not in (None, "")]


def is_synthetic(metrics: Mapping[str, Any], manifests: Mapping[str, Any]) -> bool:
    """True only where everything that speaks of it says that the notes are made up."""
    gold = manifests.get("gold") or {}
    named = [metrics, *(manifests.get(k) or {} for k in ("labels", "corpus"))]
    named.append(gold if is_given(gold) else {})
    known = [m.get("synthetic") for m in named if m]
    return bool(known) and all(value is True for value in known)


def _types(types: Mapping[str, str]) -> str:
    by_label: dict[str, list[str]] = {}
    for type_id, label in sorted(types.items()):
        by_label.setdefault(label, []).append(type_id)
    return "; ".join(f"{label}: {' '.join(ids)}" for label, ids in by_label.items())


def _concepts(counts: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(f"{label}: {_pairs(n)}" for label, n in counts.items())


def _pairs(values: Any) -> str:
    if not isinstance(values, Mapping):
        return str(values)
    return ", ".join(f"{k} {_value(v)}" for k, v in values.items())


def _value(value: Any) -> str:
    return " ".join(map(str, value)) or "all" if isinstance(value, list) else str(value)
