"""What a system is told to do, as it crosses into its process (standard library)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

Format = Literal["float32", "bfloat16"]


class Sentence(NamedTuple):
    """Words and their typed BIO tags."""

    words: list[str]
    tags: list[str]


@dataclass(frozen=True)
class Spec:
    """One job of one system.

    `encoder`: folder in hub layout. `train`: JSON lines of `words` and `tags`. `read`:
    JSON lines to predict, of `words` (a sentence) or of `text`. `model`: folder that
    `fit` writes and `predict` reads. `corpus`: folder of `corpus iob`, the same
    sentences as `train`. `updates`: how long `fit` trains. `options`: of the system.
    """

    encoder: str
    train: str
    read: str
    corpus: str
    model: str
    precision: Format
    updates: int
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def sentences(self) -> list[Sentence]:
        """What to train on."""
        return [Sentence(row["words"], row["tags"]) for row in _rows(self.train)]

    def labels(self) -> list[str]:
        """The entity types of the training sentences, sorted."""
        tags = {tag for sentence in self.sentences() for tag in sentence.tags}
        return sorted({tag[2:] for tag in tags - {"O"}})

    def texts(self) -> list[str] | list[list[str]]:
        """What to predict: texts, or sentences as lists of words."""
        return [row["words"] if "words" in row else row["text"] for row in self._read()]

    def plain_texts(self) -> list[str]:
        """What to predict as strings, for systems that take nothing else."""
        return [t if isinstance(t, str) else " ".join(t) for t in self.texts()]

    def _read(self) -> Iterator[dict[str, Any]]:
        return _rows(self.read)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        return cls(**json.loads(text))


class Turn(NamedTuple):
    """What one turn did: training words seen, or entities found in all texts."""

    words: int = 0
    found: int = 0


# A turn of training takes the number of words to train on, one of prediction reads all.
TakeTurn = Callable[[int], Turn]


def turns_of(updates: Iterator[int]) -> TakeTurn:
    """Turns of training over endless updates, each giving the words it trained on."""

    def turn(words: int) -> Turn:
        done = 0
        while done < words:
            done += next(updates)
        return Turn(words=done)

    return turn


def _rows(path: str) -> Iterator[dict[str, Any]]:
    with Path(path).open(encoding="utf8") as file:
        yield from map(json.loads, file)
