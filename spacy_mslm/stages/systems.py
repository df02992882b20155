"""The systems of configs/medication.yml: a config, and what each says otherwise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import Errors, MslmError

# Of clinical notes; who has a corpus counts its own.
WORDS_A_SENTENCE = 20.0


@dataclass(frozen=True)
class System:
    """An encoder under a decoder, and how it is trained. `config`: beside the table.
    `encoder`: hub name or folder; from scratch, whose tokenizer. `batch`: sentences."""

    name: str
    config: Path
    encoder: str
    decoder: str
    batch: int
    epochs: int
    learn_rate: float
    heads_learn_rate: float

    def overrides(
        self, *, words_a_sentence: float = WORDS_A_SENTENCE
    ) -> dict[str, str | int | float]:
        """Of the config, as `spacy train` takes them; batches there count words."""
        return {
            "paths.encoder": self.encoder,
            "components.ner.model.decoder": self.decoder,
            "components.ner.model.heads_learn_rate": self.heads_learn_rate,
            "training.batcher.size": round(self.batch * words_a_sentence),
            "training.max_epochs": self.epochs,
            "training.optimizer.learn_rate.learn_rate": self.learn_rate,
        }


def read_systems(path: Path) -> dict[str, System]:
    """Every encoder of the table with every decoder, by name, in its order.

    Raises MslmError: M701, M446 for a table of another form.
    """
    if not path.is_file():
        raise MslmError(Errors.M701.format(path=path))
    try:
        table = yaml.safe_load(path.read_text(encoding="utf8"))
        found = [
            _system(path, f"{encoder}-{name}", decoder, values)
            for encoder, values in table["encoders"].items()
            for name, decoder in table["decoders"].items()
        ]
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as err:
        reason = " ".join(str(err).split())[:160]
        raise MslmError(Errors.M446.format(path=path, reason=reason)) from None
    return {system.name: system for system in found}


def _system(path: Path, name: str, decoder: str, values: dict[str, Any]) -> System:
    """Raises TypeError, KeyError or ValueError for what is missing, odd or unknown."""
    rest = {**values, "config": path.parent / values["config"]}
    system = System(name=name, decoder=decoder, **rest)
    for key in ("batch", "epochs", "learn_rate", "heads_learn_rate"):
        value = getattr(system, key)
        if isinstance(value, str) or not value > 0:
            raise ValueError(f"{name}: '{key}' must be a number above 0, got {value}")
    return system
