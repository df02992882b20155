"""A review as facts for JSON: counts alone, no text of notes and no names."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .review import Review
from .review_counts import Coverage
from .surfaces import SECTIONS


def review_facts(review: Review) -> dict[str, Any]:
    """All that is counted, by label and category. RETURNS (dict): plain values."""
    counts = review.counts
    rules, rest = review.rules
    facts: dict[str, Any] = {
        "labels": {label: _label(review, label) for label in review.labels},
        "all": _coverage(counts.total),
        "categories": {
            name: _coverage(about) for name, about in counts.categories.ordered()
        },
        "suspicious": {
            "names": len(review.suspects),
            "rules": [asdict(count) for count in (*rules, rest)],
        },
        "policy": {
            "name": (review.manifest.get("settings") or {}).get("policy"),
            "left_out": dict(review.manifest.get("drops") or {}),
        },
        "sources": counts.sources.described(counts.total.notes),
        "pairs": _nested(counts.sources.pairs),
        "settings": dict(review.settings),
        "input_hash": review.manifest.get("input_hash"),
        "concepts_hash": review.manifest.get("concepts_hash"),
        "warnings": list(review.warnings),
    }
    if counts.gold.notes:
        facts["gold"] = _gold(review)
    return facts


def _label(review: Review, label: str) -> dict[str, Any]:
    total, names = review.counts.total, review.counts.names
    return {
        "spans": total.spans[label],
        "notes": total.with_label[label],
        "characters": total.covered[label],
        "negated": total.negated[label],
        "family": total.family[label],
        "names": len(names.of(label)),
        "concepts": len(names.concepts(label)),
        "forgotten": names.forgotten[label],
    }


def _coverage(about: Coverage) -> dict[str, Any]:
    return {
        "notes": about.notes,
        "characters": about.characters,
        "empty": about.empty,
        "missing_characters": about.missing,
        "spans": dict(about.spans),
        "spans_in_a_note": {str(k): n for k, n in about.histogram.items()},
    }


def _nested(pairs: Mapping[tuple[str, str, str], int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for (first, second, how), n in pairs.items():
        made.setdefault(f"{first} {second}", {})[how] = n
    return made


def _gold(review: Review) -> dict[str, Any]:
    gold = review.counts.gold
    instead: dict[str, Counter[str]] = {}
    for (label, says), n in gold.instead.items():
        instead.setdefault(label, Counter())[says] += n
    return {
        "notes": gold.notes,
        "left_out": dict(review.gold_drops),
        "strict": {
            "all": gold.all_strict.to_dict(),
            **{label: c.to_dict() for label, c in gold.strict.items()},
        },
        "partial": {
            "all": gold.all_partial.to_dict(),
            **{label: c.to_dict() for label, c in gold.partial.items()},
        },
        "mistakes": {title: gold.surfaces.total(*k) for title, k in SECTIONS},
        "false_alarms_where_gold_says": {k: dict(c) for k, c in instead.items()},
    }
