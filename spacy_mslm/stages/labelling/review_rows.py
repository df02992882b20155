"""The rows of `label` for a review, with the gold that they carry or are given."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import Errors, MslmError
from ...report.held import key
from ...report.review_counts import ReviewRow
from ...scoring.strict import Span
from ...types import CharSpan, DropCounts, Note
from .labels import LabelledNote, Marks, read_labels

OTHER_LABEL = "gold span of a label that is not compared"
NOT_COMPARED = (
    "The notes carry gold of other labels ({found}), which was not compared: name them "
    "with --gold-labels FOUND=LABEL,…."
)


@dataclass
class GoldReader:
    """The gold of each note under the names of the labels: what `given` holds of its
    text, else its own. `compared` and `found` count gold spans by label, `mapping` is
    FOUND=LABEL, and labels outside `known` are not compared, counted in `drops`. Where
    nobody asked for a comparison, a note whose gold has other labels alone counts as
    one without gold."""

    known: Collection[str]
    mapping: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[bytes, tuple[CharSpan, ...]] = field(default_factory=dict)
    drops: DropCounts = field(default_factory=DropCounts)
    compared: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    met: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        if unknown := sorted({*self.mapping.values()} - {*self.known}):
            raise MslmError(
                Errors.M652.format(
                    label=", ".join(unknown), known=", ".join(sorted(self.known))
                )
            )

    @property
    def asked(self) -> bool:
        return bool(self.given or self.mapping)

    def of(
        self, labelled: LabelledNote
    ) -> tuple[tuple[CharSpan, ...] | None, tuple[CharSpan, ...]]:
        """Gold of labels that are compared, None without any, and the rest."""
        digest = text_key(labelled.note.text) if self.given else b""
        spans = self.given.get(digest)
        if spans is not None:
            self.met.add(digest)
        elif labelled.has_gold:
            spans = labelled.note.gold
        else:
            return None, ()
        self.found.update(span.label for span in spans)
        named = [
            replace(span, label=self.mapping.get(span.label, span.label))
            for span in spans
        ]
        compared = sorted({s for s in named if s.label in self.known})
        if named and not compared and not self.asked:
            return None, ()
        self.compared.update(span.label for span in compared)
        others = [s for s in named if s.label not in self.known]
        self.drops.update(f"{OTHER_LABEL}: {span.label}" for span in others)
        return tuple(compared), tuple(sorted(others))

    def check(self, path: Path) -> list[str]:
        """What to warn of once all notes are read. Raises MslmError (M651, M654, M657)
        where nothing could be compared, or a mapped label was never seen."""
        if self.given and not self.met:
            raise MslmError(Errors.M657.format(path=path, docs=len(self.given)))
        found = ", ".join(sorted(self.found)) or "none"
        if unseen := sorted(self.mapping.keys() - self.found.keys()):
            raise MslmError(Errors.M654.format(label=", ".join(unseen), found=found))
        if self.found and not self.compared:
            if not self.asked:
                return [NOT_COMPARED.format(found=found)]
            known = ", ".join(sorted(self.known))
            raise MslmError(Errors.M651.format(path=path, found=found, known=known))
        if unmet := len(self.given) - len(self.met):
            return [f"{unmet} of {len(self.given)} gold documents are no notes here."]
        return []


def text_key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def read_given(path: Path, drops: DropCounts) -> dict[bytes, tuple[CharSpan, ...]]:
    """The gold of any annotation that `corpus import` reads, by text. Of a text that
    is there twice the last one stands, as there."""
    # Here, since it loads spaCy, which a review without such gold does not need.
    from ..annotating.sources import read_annotations

    notes: Iterable[Note] = read_annotations(path, drops=drops)
    return {text_key(note.text): note.gold for note in notes}


def parse_gold_labels(text: str) -> dict[str, str]:
    """`A=B,C=B` as a mapping. Raises MslmError (M653)."""
    mapping: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        found, sign, label = (part.strip() for part in item.partition("="))
        if not (found and sign and label) or found in mapping:
            raise MslmError(Errors.M653.format(item=item))
        mapping[found] = label
    return mapping


def review_rows(paths: Iterable[Path], gold: GoldReader) -> Iterator[ReviewRow]:
    """The rows of shards, in order, with their gold. Raises what `read_labels` does."""
    for labelled in read_labels(paths):
        true, others = gold.of(labelled)
        spans = tuple(sorted(labelled.resolved))
        several = len(labelled.spans) > 1
        yield ReviewRow(
            note=labelled.note,
            spans=spans,
            negated=_marked(spans, labelled.marks, 0),
            family=_marked(spans, labelled.marks, 1),
            sources={
                name: tuple(sorted(own))
                for name, own in labelled.spans.items()
                if several
            },
            missing=tuple(sorted(labelled.missing)),
            gold=true,
            other_gold=others,
        )


def _marked(spans: Iterable[CharSpan], marks: Marks, which: int) -> frozenset[Span]:
    """Those of the spans that have a mark: 0 negated, 1 of family."""
    none = (False, False)
    return frozenset(
        key(span) for span in spans if marks.get((span.start, span.end), none)[which]
    )
