"""From concepts as a terminology has them to those that are worth looking for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..types import DropCounts
from .clusters import Clusters
from .concepts import Concept
from .dangers import Dangerous, english, without_dangers
from .names import label_of, name_key, servable
from .nosology import bare_findings, retyped
from .semantic_types import is_chemical
from .variants import variants


@dataclass(frozen=True)
class Prepared:
    """`concepts`: inside the clusters, each name once. `dangerous`: names that a rule
    dropped. `counts`: what was changed or added."""

    concepts: list[Concept]
    dangerous: list[Dangerous]
    counts: dict[str, int] = field(default_factory=dict)


def prepare(
    concepts: Sequence[Concept],
    clusters: Clusters,
    drops: DropCounts,
    *,
    allowed: Callable[[str, str], bool] = lambda name, concept_id: False,
    zipf: Callable[[str], float] | None = None,
    decide: Callable[[Sequence[Concept]], list[Concept]] = list,
) -> Prepared:
    """Choose and complete what a labeller looks for.

    In this order: symptoms that are diseases change their type (`nosology.retyped`),
    findings are added without their place (`nosology.bare_findings`), people's list is
    obeyed (`decide`), dangerous names are dropped (`dangers`), names that cannot be
    served are counted in `drops` (`names.servable`), and other spellings and numbers
    are added (`variants`). `allowed`: see `dangers.without_dangers`; `zipf`: how common
    a word is.
    """
    zipf = zipf or english()
    typed, changed = retyped(concepts)
    bare = [c for c in bare_findings(typed, zipf) if label_of(c, clusters)]
    chosen = decide([*typed, *bare])
    listed: list[Dangerous] = []
    safe = without_dangers(chosen, listed, allowed=allowed, zipf=zipf)
    inside = {concept.concept_id for concept in chosen if label_of(concept, clusters)}
    dangerous = sorted(one for one in listed if one.concept_id in inside)
    for one in dangerous:
        drops[f"dangerous name: {one.reason}"] += 1
    served = servable([c for c in safe if c.names], clusters, drops)
    complete, added = _completed(served)
    counts = {
        "symptoms typed as diseases": changed,
        "findings without their place": len(bare),
        "other spellings and numbers": added,
    }
    return Prepared(complete, dangerous, counts)


def _completed(concepts: Sequence[Concept]) -> tuple[list[Concept], int]:
    """The concepts with the variants that are no name of any of them."""
    taken = {name_key(name) for concept in concepts for name in concept.names}
    complete, added = [], 0
    for concept in concepts:
        # Chemicals have no plural in prose, and a third of a million names.
        number = not any(map(is_chemical, concept.type_ids))
        names = list(concept.names)
        for name in concept.names:
            for form in variants(name, number=number):
                if (key := name_key(form)) not in taken:
                    taken.add(key)
                    names.append(form)
        added += len(names) - len(concept.names)
        complete.append(replace(concept, names=tuple(names)))
    return complete, added
