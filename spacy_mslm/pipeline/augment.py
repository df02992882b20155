"""Mentions put in each other's place in training: more names in the same sentences."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab

from ..corpus.docs import read_docs
from ..errors import Errors, MslmError
from ..types import IntArray

# Words of a mention, and whether a space follows each but the last.
Mention = tuple[tuple[str, ...], tuple[bool, ...]]
Augmenter = Callable[[Language, Example], Iterator[Example]]


def swap_mentions(*, chance: float, corpus: str | None, seed: int) -> Augmenter:
    """`spacy-mslm.SwapMentions.v1`: mentions replaced by others of their label.

    chance (float): of each entity of a document to be replaced, anew in every epoch; 0
        leaves documents as they are.
    corpus (Optional[str]): training folder of `corpus build`, `import` or `iob`; its
        entities (doc.ents) are drawn from, each as often as it stands there. null is
        for a config that is not trained with.
    seed (int): of the draws.
    Mention replacement, Dai and Adel 2020, section 3.2. Words that nobody annotated
    stay so; span groups keep the spans that end outside what was replaced, or are all
    of it: with a component's `spans_key` those nested in an entity are lost where it is
    replaced. Raises MslmError (M401, and M701 and M307-M308 at the first document for
    what is no corpus).
    """
    if not 0 <= chance <= 1:
        raise MslmError(Errors.M401.format(name="chance", value=chance))
    pool = _Pool(corpus)
    rng = np.random.default_rng(seed)

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        reference = example.reference
        drawn = {
            (ent.start, ent.end): pool.draw(ent.label_, rng)
            for ent in reference.ents
            if chance and rng.random() < chance
        }
        changed = {
            place: mention
            for place, mention in drawn.items()
            if mention and mention[0] != tuple(t.text for t in reference[slice(*place)])
        }
        yield _example(nlp, swapped(reference, changed)) if changed else example

    return augment


class _Pool:
    """The mentions of a corpus by label; read when the first one is drawn."""

    def __init__(self, corpus: str | None) -> None:
        self.corpus = corpus

    @cached_property
    def mentions(self) -> Mapping[str, tuple[list[Mention], IntArray]]:
        """Different ones of each label, and how many there are up to each of them."""
        found: dict[str, Counter[Mention]] = defaultdict(Counter)
        for doc in read_docs(self.corpus, Vocab()) if self.corpus else ():
            for ent in doc.ents:
                found[ent.label_][_mention(ent)] += 1
        return {
            label: ([*counts], np.cumsum([*counts.values()]))
            for label, counts in found.items()
        }

    def draw(self, label: str, rng: np.random.Generator) -> Mention | None:
        if label not in self.mentions:
            return None
        mentions, until = self.mentions[label]
        place = np.searchsorted(until, rng.integers(until[-1]), side="right")
        return mentions[int(place)]


def _mention(ent: Span) -> Mention:
    words = tuple(token.text for token in ent)
    return words, tuple(bool(token.whitespace_) for token in ent[:-1])


def _example(nlp: Language, reference: Doc) -> Example:
    """As `spacy.Corpus.v1` makes them."""
    if not reference.has_unknown_spaces:
        return Example(nlp.make_doc(reference.text), reference)
    words = [token.text for token in reference]
    spaces = [bool(token.whitespace_) for token in reference]
    return Example(Doc(nlp.vocab, words=words, spaces=spaces), reference)


@dataclass
class _Copy:
    """A document on its way. `starts` and `ends`: where a span that begins before a
    word, or ends after it, now does; those inside a replaced mention are in neither."""

    words: list[str]
    spaces: list[bool]
    starts: dict[int, int]
    ends: dict[int, int]

    def moved(self, span: Span, to: Doc) -> Span:
        """`span` where it now is; other words are no longer the same concept."""
        start, end = self.starts[span.start], self.ends[span.end]
        words = [token.text for token in span]
        kb_id = span.kb_id_ if self.words[start:end] == words else ""
        return Span(to, start, end, span.label_, kb_id=kb_id)


def swapped(doc: Doc, mentions: Mapping[tuple[int, int], Mention]) -> Doc:
    """A copy of `doc` with other words at the entities that `mentions` names by their
    first and past their last token."""
    copy = _copied(doc, mentions)
    made = Doc(doc.vocab, words=copy.words, spaces=copy.spaces)
    made.has_unknown_spaces = doc.has_unknown_spaces
    made.user_data.update(
        {k: v for k, v in doc.user_data.items() if isinstance(k, str)}
    )
    entities = [copy.moved(ent, made) for ent in doc.ents]
    missing = [
        made[copy.starts[t.i] : copy.starts[t.i] + 1] for t in doc if not t.ent_iob
    ]
    made.set_ents(entities, missing=missing, default="outside")
    for name, group in doc.spans.items():
        kept = [
            copy.moved(span, made)
            for span in group
            if span.start in copy.starts and span.end in copy.ends
        ]
        made.spans[name] = SpanGroup(made, name=name, spans=kept)
    return made


def _copied(doc: Doc, mentions: Mapping[tuple[int, int], Mention]) -> _Copy:
    copy = _Copy([], [], {}, {})
    past = dict(mentions.keys())
    at = 0
    while at < len(doc):
        end = past.get(at, at + 1)
        words, spaces = mentions.get((at, end)) or ((doc[at].text,), ())
        copy.starts[at] = len(copy.words)
        copy.words += words
        copy.spaces += (*spaces, bool(doc[end - 1].whitespace_))
        copy.ends[end] = len(copy.words)
        at = end
    return copy
