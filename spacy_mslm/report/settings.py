"""What a pipeline was trained with, read from its own config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FACTORY = "mslm_ner"
PARTS = ("mslm", "detection", "classification")


def model_settings(
    config: Mapping[str, Any], trained: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The choices that matter, as plain values.

    config (Mapping): the pipeline's interpolated config (`nlp.config.interpolate()`).
    trained (Mapping): the component's own `cfg`, which holds the mask weights.
    RETURNS (dict): "encoder" always; "masking" is None where no masked view was
    trained; a pipeline without our component has encoder and training alone.
    """
    components = config.get("components", {})
    ours = [c for c in components.values() if c.get("factory") == FACTORY]
    found: dict[str, Any] = {"encoder": _encoder(components), "masking": None}
    if ours:
        found["encoder"] = _named(ours[0]["model"]["encoder"])
        found.update(_ours(ours[0], trained or {}))
    return {**found, "training": _training(config.get("training", {}))}


def public_name(source: str) -> str:
    """An encoder's name without the folders of this machine."""
    path = Path(source).expanduser()
    if path.is_absolute() or source.startswith(".") or path.exists():
        return f"folder {path.resolve().name}"
    return source


def _named(encoder: Mapping[str, Any]) -> str:
    """Where an encoder comes from; of one from scratch where its pieces do."""
    if "source" in encoder:
        return public_name(str(encoder["source"]))
    pieces = public_name(str(encoder["tokenizer"]))
    return f"{encoder['kind']} from scratch, pieces of {pieces}"


def _encoder(components: Mapping[str, Any]) -> str:
    for component in components.values():
        model = component.get("model", {})
        name = model.get("name")
        if isinstance(name, Mapping):
            name = name.get("source")
        if name:
            return public_name(str(name))
    return "none"


def _ours(component: Mapping[str, Any], trained: Mapping[str, Any]) -> dict[str, Any]:
    model = component["model"]
    masking = model.get("masking")
    if masking is not None:
        strategy = str(masking.get("@misc", "")).removeprefix("spacy-mslm.")
        rest = {k: v for k, v in masking.items() if not k.startswith("@")}
        masking = {"strategy": strategy, **rest}
    return {
        "masking": masking,
        "weighting": model["weighting"],
        "mask_weights": dict(trained.get("mask_weights") or {}),
        "loss_weights": {part: model[f"{part}_weight"] for part in PARTS},
        "max_pieces": model["max_pieces"],
        "heads_learn_rate": model["heads_learn_rate"],
        "threshold": component.get("threshold", 0.0),
    }


def _training(section: Mapping[str, Any]) -> dict[str, Any]:
    optimizer = section.get("optimizer", {})
    rate = optimizer.get("learn_rate")
    if isinstance(rate, Mapping):
        rate = rate.get("learn_rate") or rate.get("initial_rate") or rate
    kept = ("seed", "max_epochs", "max_steps", "dropout", "patience")
    found = {name: section[name] for name in kept if name in section}
    return {
        **found,
        "optimizer": optimizer.get("@optimizers"),
        "learn_rate": _value(rate),
        "batch_words": _value(section.get("batcher", {}).get("size")),
    }


def _value(value: Any) -> Any:
    """A number as it is, a schedule by its name."""
    return value.get("@schedules") if isinstance(value, Mapping) else value


def settings_rows(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The settings as (name, value) for people."""
    rows = [("Encoder", str(settings["encoder"])), ("Masking", masking_text(settings))]
    if settings.get("mask_weights"):
        weights = settings["mask_weights"]
        text = f"term {weights['entity']:.3f}, base {weights['base']:.3f}"
        rows.append(("Mask weights", text))
    if "loss_weights" in settings:
        rows.append(("Loss weights (eq. 12)", _pairs(settings["loss_weights"])))
        rows.append(("Pieces a window", str(settings["max_pieces"])))
        rows.append(("Confidence threshold", str(settings["threshold"])))
    rows.append(("Training", _pairs(settings.get("training", {}))))
    return rows


def masking_text(settings: Mapping[str, Any]) -> str:
    """Rates and weighting in one line."""
    masking = settings.get("masking")
    if masking is None:
        return "none (no masked view)"
    rates = _pairs({k: v for k, v in masking.items() if k != "strategy"})
    return f"{masking['strategy']}: {rates}; weighting {settings.get('weighting')}"


def _pairs(values: Mapping[str, Any]) -> str:
    shown = {k: v for k, v in values.items() if v is not None}
    return ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in shown.items())
