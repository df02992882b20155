"""`clinical_context`: `span._.negated` and `span._.family` of what a pipeline found."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.vocab import Vocab

from ..errors import Errors, MslmError
from .negation import TERMSET, ContextRules, Marks, Place
from .sentences import ClinicalSentences
from .tokenizer import ClinicalTokenizer

CONTEXT_KEY = "ner_context"
NEGATED, FAMILY = "negated", "family"
REQUIRES = "negspacy>=1.1"


class ClinicalContext:
    """Marks entities, or the spans under `spans_keys`: `span._.negated` and
    `span._.family`, kept in a span group's attributes, which a DocBin keeps.

    Put it behind what finds the mentions and behind `clinical_sentences`.
    """

    def __init__(
        self,
        vocab: Vocab,
        tokenizer: Any,
        name: str = "clinical_context",
        *,
        termset: str = TERMSET,
        spans_keys: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.spans_keys = tuple(spans_keys)
        self.rules = ContextRules(vocab, tokenizer, termset)

    def __call__(self, doc: Doc) -> Doc:
        found = [s for key in self.spans_keys for s in doc.spans.get(key, ())]
        spans = sorted(
            found if self.spans_keys else doc.ents,
            key=lambda span: (span.start, span.end, span.label_),
        )
        if spans and not doc.has_annotation("SENT_START"):
            raise MslmError(Errors.M562.format(name=self.name))
        marks = self.rules(doc, [(span.start, span.end) for span in spans])
        attrs = {
            NEGATED: [negated for negated, _ in marks],
            FAMILY: [family for _, family in marks],
        }
        doc.spans[CONTEXT_KEY] = SpanGroup(
            doc, name=CONTEXT_KEY, spans=spans, attrs=attrs
        )
        return doc


@Language.factory(
    "clinical_context",
    assigns=["doc.spans", "span._.negated", "span._.family"],
    requires=["doc.sents"],
    default_config={"termset": TERMSET, "spans_keys": []},
)
def make_clinical_context(
    nlp: Language, name: str, termset: str, spans_keys: list[str]
) -> ClinicalContext:
    # A wheel of the pipeline asks for what it needs: `spacy package` reads this list.
    required = nlp.meta.setdefault("requirements", [])
    if REQUIRES not in required:
        required.append(REQUIRES)
    return ClinicalContext(
        nlp.vocab, nlp.tokenizer, name, termset=termset, spans_keys=spans_keys
    )


class NoteContext:
    """The same for a text and character offsets in it, for labelling."""

    def __init__(self, termset: str = TERMSET) -> None:
        vocab = spacy.blank("en").vocab
        self.tokenizer = ClinicalTokenizer(vocab)
        self.sentences = ClinicalSentences()
        self.rules = ContextRules(vocab, self.tokenizer, termset)

    def __call__(self, text: str, offsets: Sequence[Place]) -> list[Marks]:
        """(negated, family) of each range of characters; (False, False) for a range
        that touches no word."""
        doc = self.sentences(self.tokenizer(text))
        spans = [
            doc.char_span(*each, alignment_mode="expand") if each[0] < each[1] else None
            for each in offsets
        ]
        marks = iter(self.rules(doc, [(s.start, s.end) for s in spans if s]))
        return [next(marks) if span else (False, False) for span in spans]


# span._.negated, span._.family


def _mark(span: Span, name: str) -> bool | None:
    """What any group of the Doc says of a span of these words, else None."""
    for group in span.doc.spans.values():
        flags = group.attrs.get(name)
        # `Doc.from_docs` joins groups and drops their attributes.
        if flags is None or len(flags) != len(group):
            continue
        i = bisect_left(range(len(group)), span.start, key=lambda k: group[k].start)
        while i < len(group) and group[i].start == span.start:
            if group[i].end == span.end:
                return bool(flags[i])
            i += 1
    return None


def is_negated(span: Span) -> bool | None:
    """`span._.negated`: None where nobody looked."""
    return _mark(span, NEGATED)


def is_family(span: Span) -> bool | None:
    """`span._.family`: a relative's, not the patient's; None where nobody looked."""
    return _mark(span, FAMILY)


Span.set_extension(NEGATED, getter=is_negated, force=True)
Span.set_extension(FAMILY, getter=is_family, force=True)
