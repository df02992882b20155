"""What is in a corpus and what may be wrong with it: what spaCy's `debug data` would
say of a component whose factory it knows."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc, Span

from ..errors import Errors

FEW_EXAMPLES = 50
NO_ENTITY_SHARE = 0.9
MISSING_SHARE = 0.01


@dataclass
class StatsCollector:
    """Counts over Docs added one by one; holds mention forms and hashes of texts, so
    that splits can be compared, and no Doc."""

    docs: int = 0
    tokens: int = 0
    docs_without_tokens: int = 0
    docs_without_entities: int = 0
    missing_tokens: int = 0
    longest_doc_tokens: int = 0
    longest_doc_characters: int = 0
    over_newline: int = 0
    edge_white_space: int = 0
    only_punctuation: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    forms: dict[str, Counter[str]] = field(default_factory=dict)
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    misaligned: Counter[str] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    texts: Counter[bytes] = field(default_factory=Counter)

    def add(self, doc: Doc) -> None:
        text = doc.text
        self.docs += 1
        self.tokens += len(doc)
        self.docs_without_tokens += not len(doc)
        self.docs_without_entities += not doc.ents
        self.missing_tokens += sum(token.ent_iob == 0 for token in doc)
        self.longest_doc_tokens = max(self.longest_doc_tokens, len(doc))
        self.longest_doc_characters = max(self.longest_doc_characters, len(text))
        self.texts[_digest(text)] += 1
        if doc.user_data.get("patient_id"):
            self.patients.add(doc.user_data["patient_id"])
        for entity in doc.ents:
            self._add_entity(entity)
        for source, group in doc.spans.items():
            self.groups.setdefault(source, Counter()).update(s.label_ for s in group)
            self.misaligned[source] += len(group.attrs.get("misaligned", ()))

    def _add_entity(self, entity: Span) -> None:
        text = entity.text
        form = " ".join(text.lower().split())
        self.entities[entity.label_] += 1
        self.forms.setdefault(form, Counter())[entity.label_] += 1
        self.over_newline += "\n" in text.strip()
        self.edge_white_space += text != text.strip()
        self.only_punctuation += not any(c.isalnum() for c in text)

    def to_dict(self) -> dict[str, Any]:
        return {
            "docs": self.docs,
            "patients": len(self.patients),
            "tokens": self.tokens,
            "longest_doc": {
                "tokens": self.longest_doc_tokens,
                "characters": self.longest_doc_characters,
            },
            "docs_without_tokens": self.docs_without_tokens,
            "docs_without_entities": {
                "n": self.docs_without_entities,
                "share": _share(self.docs_without_entities, self.docs),
            },
            "missing_annotation": {
                "tokens": self.missing_tokens,
                "share": _share(self.missing_tokens, self.tokens),
            },
            "repeated_docs": self.docs - len(self.texts),
            "entities": dict(sorted(self.entities.items())),
            "distinct_mentions": len(self.forms),
            "mentions_of_several_labels": sum(len(c) > 1 for c in self.forms.values()),
            "entities_over_newline": self.over_newline,
            "entities_with_white_space_at_edge": self.edge_white_space,
            "entities_of_punctuation_only": self.only_punctuation,
            "spans": {k: dict(sorted(c.items())) for k, c in self.groups.items()},
            "misaligned": {k: n for k, n in sorted(self.misaligned.items()) if n},
        }


def corpus_stats(docs: Iterable[Doc]) -> dict[str, Any]:
    """Counts over `docs`, as JSON-able values; holds no text of them."""
    return collect(docs).to_dict()


def collect(docs: Iterable[Doc]) -> StatsCollector:
    collector = StatsCollector()
    for doc in docs:
        collector.add(doc)
    return collector


def split_overlap(splits: Mapping[str, StatsCollector]) -> dict[str, dict[str, Any]]:
    """For each split but "train": what of it the training split also holds.

    `docs`: Docs with the text of a training Doc; `patients`; `mentions`: the share of
    its entity mentions (not distinct forms) whose lower-cased text is a training
    mention. {} without a training split.
    """
    train = splits.get("train")
    return {
        name: {
            "docs": sum(n for text, n in other.texts.items() if text in train.texts),
            "patients": len(other.patients & train.patients),
            "mentions": _share(
                sum(c.total() for f, c in other.forms.items() if f in train.forms),
                other.entities.total(),
            ),
        }
        for name, other in splits.items()
        if train is not None and name != "train"
    }


def corpus_warnings(splits: Mapping[str, StatsCollector]) -> list[str]:
    """One line for each thing that mostly means a worse model; never any text."""
    lines: list[str] = []
    train = splits.get("train")
    if train is not None:
        lines += _train_warnings(train)
    for name, stats in splits.items():
        if train is not None and (new := set(stats.entities) - set(train.entities)):
            lines.append(Errors.M316.format(split=name, labels=", ".join(sorted(new))))
        if stats.edge_white_space:
            lines.append(Errors.M317.format(split=name, n=stats.edge_white_space))
        if _share(stats.missing_tokens, stats.tokens) > MISSING_SHARE:
            lines.append(Errors.M318.format(split=name, n=stats.missing_tokens))
    for name, shared in split_overlap(splits).items():
        if shared["docs"]:
            lines.append(Errors.M319.format(split=name, n=shared["docs"]))
        if shared["patients"]:
            lines.append(Errors.M320.format(split=name, n=shared["patients"]))
    return lines


def _train_warnings(train: StatsCollector) -> list[str]:
    few = [
        Errors.M313.format(label=label, n=n, few=FEW_EXAMPLES)
        for label, n in sorted(train.entities.items())
        if n < FEW_EXAMPLES
    ]
    one = [Errors.M314.format(label=k) for k in train.entities][:1]
    share = _share(train.docs_without_entities, train.docs)
    empty = [Errors.M315.format(share=share)] if share > NO_ENTITY_SHARE else []
    return few + (one if len(train.entities) == 1 else []) + empty


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
