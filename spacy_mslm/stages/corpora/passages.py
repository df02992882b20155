"""Notes cut into passages of whole sentences, so that a batch can be small."""

from bisect import bisect_left
from collections.abc import Iterator

from spacy.tokens import Doc

from ...notes.sentences import sentence_spans


def passages(doc: Doc, words: int) -> Iterator[Doc]:
    """The Doc in parts of at most `words` tokens, cut between sentences and never in
    an entity; a sentence that is longer is a part of its own.

    What is no longer than that comes as it is. Entities, and tokens of which nobody
    knows, go with their part; span groups and user data do not.
    """
    if len(doc) <= words:
        yield doc
        return
    first = last = 0
    for cut in [*_cuts(doc), len(doc)]:
        if cut - first > words and last > first:
            yield doc[first:last].as_doc()
            first = last
        last = cut
    yield doc[first:last].as_doc()


def _cuts(doc: Doc) -> Iterator[int]:
    """The first tokens of sentences but the first, where no entity goes on."""
    starts = [token.idx for token in doc]
    found = (bisect_left(starts, start) for start, _ in sentence_spans(doc.text))
    for index in dict.fromkeys(found):
        if 0 < index < len(doc) and doc[index].ent_iob_ != "I":
            yield index
