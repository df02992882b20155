"""Terminologies spoilt on purpose, to see what faulty ones cost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Errors, MslmError
from .clusters import Clusters
from .concepts import Concept
from .names import label_of

_FORM = re.compile(r"([0-9]{1,2})-(missing|wrong)")


@dataclass(frozen=True, slots=True)
class Noise:
    """`share` of the names, drawn by `seed`, are missing or wrong: of another label."""

    share: float = 0.0
    kind: str = "missing"
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> "Noise":
        """From "30-missing" or "10-wrong". Raises MslmError (M232)."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise MslmError(Errors.M232.format(got=text[:20]))
        return cls(int(found[1]) / 100, found[2])

    @property
    def suffix(self) -> str:
        """What it adds to the name of a source; nothing where nothing is spoilt."""
        return f"-{round(100 * self.share)}-{self.kind}" if self.share else ""


def spoil(
    concepts: Sequence[Concept], clusters: Clusters, noise: Noise
) -> list[Concept]:
    """The concepts with a share of the names inside the clusters gone, or moved to a
    concept of another label's type. A larger share spoils all that a smaller one does.

    With a single label in the table a wrong name leaves it, as a missing one does.
    """
    rng = np.random.default_rng(noise.seed)
    labels = [label_of(concept, clusters) for concept in concepts]
    types = _types_by_label(concepts, clusters)
    made: list[Concept] = []
    for concept, label in zip(concepts, labels, strict=True):
        if label is None:
            made.append(concept)
            continue
        drawn = rng.random((len(concept.names), 2))
        spoilt = drawn[:, 0] < noise.share
        kept = tuple(n for n, bad in zip(concept.names, spoilt, strict=True) if not bad)
        if kept:
            made.append(replace(concept, names=kept))
        if noise.kind == "missing":
            continue
        others = [name for name in types if name != label]
        for i in np.flatnonzero(spoilt).tolist() if others else ():
            wrong = types[others[int(drawn[i, 1] * len(others))]]
            name = concept.names[i]
            made.append(Concept(f"{concept.concept_id}~{i}", (name,), (wrong,)))
    return made


def _types_by_label(concepts: Sequence[Concept], clusters: Clusters) -> dict[str, str]:
    """A type of each label that the table holds."""
    found: dict[str, str] = {}
    for type_id in (t for concept in concepts for t in concept.type_ids):
        if label := clusters.label_of(type_id):
            found.setdefault(label, type_id)
    return found
