"""The model card: what a packaged pipeline says of itself (meta.json, README.md)."""

from collections.abc import Mapping
from typing import Any

from . import calibration, scores
from .facts import NOT_KNOWN, is_synthetic, label_source
from .gold import gold_used
from .page import template
from .settings import settings_rows

OPEN_LICENCE = "MIT"
RESTRICTED_LICENCE = (
    "restricted: derived from the user's notes, see the data use agreement"
)

Meta = Mapping[str, Any]


def model_card(
    meta: Meta,
    metrics: Meta,
    manifests: Mapping[str, Meta],
    settings: Meta,
    *,
    licence: str = "",
    mlm_head: bool = False,
) -> tuple[dict[str, Any], str]:
    """The pipeline's meta and README, with what it was made of and what it may be used
    for. Pure: nothing is read or written, and no text of a note goes in.

    meta (Mapping): the pipeline's own meta; name, version, author and all else stay.
    metrics (Mapping): metrics.json, or empty for a pipeline that was never scored.
    manifests (Mapping): those of "labels", "concepts" and "corpus", as far as known.
    settings (Mapping): what `report.settings.model_settings` returns.
    licence (str): instead of the default, which is MIT for synthetic notes alone.
    mlm_head (bool): whether the masked-LM head is still in the pipeline.
    RETURNS (tuple): the meta (`description`, `license`, `sources`, `notes`,
        `performance` and the part "mslm" set) and the README as Markdown.
    """
    synthetic = is_synthetic(metrics, manifests)
    labels = sorted(
        {str(k) for names in meta.get("labels", {}).values() for k in names}
    )
    about = {
        "synthetic": synthetic,
        "headline": metrics.get("headline", "not scored"),
        "labels": labels,
        "encoder": settings["encoder"],
        "label_source": label_source(manifests),
        "concepts_sha256": _concepts(manifests).get("sha256", ""),
        "concepts_name": _concepts(manifests).get("name", ""),
        "masking": settings.get("masking"),
        "weighting": settings.get("weighting"),
        "mask_weights": settings.get("mask_weights", {}),
        "mlm_head": mlm_head,
        "calibration": calibration.card_facts(metrics),
        "gold_documents": gold_used(manifests.get("gold") or {}),
    }
    made = {
        **meta,
        "description": _description(about),
        "license": licence or (OPEN_LICENCE if synthetic else RESTRICTED_LICENCE),
        "sources": _sources(about),
        "notes": f"{about['headline']}. Not for clinical decisions. See README.md.",
        "performance": _performance(metrics),
        "mslm": about,
    }
    return made, _readme(made, metrics, settings)


def _description(about: Meta) -> str:
    types = ", ".join(about["labels"]) or "named entities"
    origin = "synthetic" if about["synthetic"] else "clinical or biomedical"
    return (
        f"{types} in {origin} notes: {about['encoder']}, {about['label_source']}. "
        f"Scores: {about['headline']}."
    )


def _sources(about: Meta) -> list[dict[str, str]]:
    """Training data sources, in the form that spaCy's meta schema asks for."""
    sources = [{"name": f"encoder {about['encoder']} (under its own licence)"}]
    if about["concepts_name"]:
        table = f"{about['concepts_name']}, sha256 {about['concepts_sha256']}"
        sources.append({"name": f"concepts {table}"})
    kind = "synthetic notes" if about["synthetic"] else "the user's own notes"
    return [*sources, {"name": f"{kind}, {about['label_source']}"}]


def _performance(metrics: Meta) -> dict[str, Any]:
    """The held-out scores under spaCy's names, beside what they may be called."""
    if not metrics.get("rows"):
        return {}
    row = scores.trained_row(metrics)
    micro = row["micro"]
    return {
        "headline": metrics["headline"],
        "against": row["against"],
        "split": metrics["split"],
        "ents_p": micro["p"],
        "ents_r": micro["r"],
        "ents_f": micro["f"],
        "ents_macro_f": row["macro_f"],
        "ents_em": row["em"],
        "ents_em_unseen": row["em_unseen"]["em"],
        "ents_per_type": {
            label: {key: counts[key] for key in ("p", "r", "f")}
            for label, counts in sorted(row["per_type"].items())
        },
    }


def _readme(meta: Meta, metrics: Meta, settings: Meta) -> str:
    about = meta["mslm"]
    name = f"{meta.get('lang', 'en')}_{meta.get('name', 'pipeline')}"
    table = [
        ("Version", meta.get("version", "")),
        ("Licence", meta["license"]),
        ("Entity types", ", ".join(about["labels"])),
        ("Label source", about["label_source"]),
        ("Concepts", about["concepts_name"] or NOT_KNOWN),
        ("sha256 of the concepts", about["concepts_sha256"] or NOT_KNOWN),
        *settings_rows(settings),
    ]
    text = template("card.md.j2").render(
        name=name,
        meta=meta,
        about=about,
        metrics=metrics,
        scores=scores,
        calibration=calibration,
        cell=scores.markdown_cell,
        table=scores.markdown_table(("What", "Value"), table, align="---"),
        ours="weighting" in settings,
        weak=about["label_source"].startswith("weak"),
    )
    return text.rstrip() + "\n"


def _concepts(manifests: Mapping[str, Meta]) -> Meta:
    """Name and hash of table or pack, from whichever manifest holds them."""
    labels = manifests.get("labels") or {}
    return manifests.get("concepts") or labels.get("concepts") or {}
