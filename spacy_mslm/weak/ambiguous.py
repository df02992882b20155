"""Names that the served table lacks because they mean several things."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from .clusters import Clusters
from .concepts import Concept
from .names import keyed, label_of

OUTSIDE = "outside the clusters"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A name, the concepts that have it, and what they are labelled."""

    name: str
    concept_ids: tuple[str, ...]
    labels: tuple[str, ...]


def ambiguous(
    concepts: Sequence[Concept],
    clusters: Clusters,
    *,
    served: Collection[str],
    dropped: Collection[str] = (),
) -> tuple[list[Ambiguous], list[Concept]]:
    """The names that concepts of several labels share, or one in and one outside the
    clusters, and these concepts with all their names that nobody else serves.

    `served` and `dropped` are keys of names: those that one concept was given, and
    those that a rule dropped. With their concepts a labeller that is trained on notes
    can tell such names apart by what stands around them.
    """
    labels = [label_of(concept, clusters) for concept in concepts]
    keys = [keyed(concept) for concept in concepts]
    holders: dict[str, list[int]] = {}
    for index, names in enumerate(keys):
        for key in names:
            if key not in served and key not in dropped:
                holders.setdefault(key, []).append(index)
    names_of, wanted = [], set()
    for key, held in sorted(holders.items()):
        found = {labels[index] for index in held}
        if len(found) > 1:
            shown = sorted(label or OUTSIDE for label in found)
            ids = tuple(concepts[index].concept_id for index in held)
            names_of.append(Ambiguous(keys[held[0]][key], ids, tuple(shown)))
            wanted.update(held)
    kept = []
    for index in sorted(wanted):
        own = tuple(name for key, name in keys[index].items() if key in holders)
        kept.append(replace(concepts[index], names=own))
    return names_of, kept
