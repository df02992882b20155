"""`clinical_sentences`: sentence marks for hard wraps, headings and lists."""

from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..notes.sentences import sentence_spans


@Language.factory("clinical_sentences", assigns=["token.is_sent_start", "doc.sents"])
def make_clinical_sentences(nlp: Language, name: str) -> "ClinicalSentences":
    return ClinicalSentences(name)


class ClinicalSentences:
    """Marks sentence starts by the rules of `notes.sentences`.

    Pre-tokenised input (IOB sets, one Doc a sentence) has no original text to read
    rules from and stays one sentence. spaCy's corpus reader copies such a Doc for
    training with a space after every word, the last one too, and without the mark
    that says so; it must read as the same sentence.
    """

    def __init__(self, name: str = "clinical_sentences") -> None:
        self.name = name

    def __call__(self, doc: Doc) -> Doc:
        if not len(doc):
            return doc
        # 1 begins a sentence, -1 does not. Set at once: `Token.is_sent_start` looks at
        # the whole document at every token.
        marks = np.full(len(doc), -1, dtype=np.int64)
        marks[0] = 1
        if not (doc.has_unknown_spaces or all(t.whitespace_ for t in doc)):
            offsets = doc.to_array("IDX").astype(np.int64)
            wanted = [start for start, _ in sentence_spans(doc.text)]
            # The token at a sentence's first character, or the next one.
            starts = np.searchsorted(offsets, wanted, side="left")
            marks[starts[starts < len(doc)]] = 1
        column: Any = marks.astype(np.uint64)  # spaCy's stub knows two columns only
        return doc.from_array(["SENT_START"], column)
