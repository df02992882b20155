"""brat notes as Docs: every span kept in `doc.spans["brat"]`, the entities a flat view
of them by a named policy, and what that view loses, by label."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from spacy.tokens import Doc, SpanGroup

from ...corpus.brat_out import parts_of
from ...corpus.docs import GOLD, make_doc
from ...corpus.offsets import Range
from ...types import CharSpan, DropCounts, Note
from ...weak.policy import resolve

BRAT = "brat"
# What becomes of a span in the flat view.
KEPT = "kept"
OVERLAPPED = "overlapped"
OFF_WORDS = "inside a word"
FATES = (KEPT, OVERLAPPED, OFF_WORDS)

Losses = dict[str, Counter[str]]  # label -> how many of each fate


def brat_docs(
    notes: Iterable[Note],
    tokenizer: Callable[[str], Doc],
    *,
    policy: str,
    drops: DropCounts,
    losses: Losses,
) -> Iterator[tuple[Note, Doc]]:
    """The notes that `read_brat` gives, each with its Doc.

    `doc.ents` are the gold spans under `policy` (`weak.policy`); `doc.spans["gold"]`
    and `doc.spans["brat"]` hold them all, see `add_brat_group`. `losses` counts what
    became of every gold span, by label; `drops` what `make_doc` and `resolve` drop.
    Raises M231 (no such policy).
    """

    def flat(spans: Sequence[CharSpan]) -> list[CharSpan]:
        return resolve(spans, policy, drops=drops)

    for note in notes:
        doc = make_doc(
            tokenizer, note, {}, entities_from=GOLD, drops=drops, resolve=flat
        )
        add_brat_group(doc, note)
        for span, fate in fates(doc, note.gold, policy):
            losses.setdefault(span.label, Counter())[fate] += 1
        yield note, doc


def add_brat_group(doc: Doc, note: Note) -> None:
    """Set `doc.spans["brat"]`: the spans of `doc.spans["gold"]`, which overlap as they
    like, and in `.attrs["fragments"]`, aligned with them, the [start, end] of every
    fragment of a discontinuous one (characters of the text), [] for any other. A
    discontinuous span is its covering span in both groups; `.attrs["misaligned"]`
    holds what fits no tokens, as in "gold"."""
    group = doc.spans[GOLD]
    parts = {
        _trimmed(note.text, *cover): [list(part) for part in ranges]
        for cover, ranges in parts_of(note).items()
    }
    fragments = [parts.get((s.start_char, s.end_char), []) for s in group]
    attrs = {**group.attrs, "fragments": fragments}
    doc.spans[BRAT] = SpanGroup(doc, name=BRAT, spans=list(group), attrs=attrs)


def fates(
    doc: Doc, gold: Sequence[CharSpan], policy: str
) -> Iterator[tuple[CharSpan, str]]:
    """Each gold span of a Doc and what becomes of it in the flat view of `policy`: one
    of `FATES`. A span that wins under `policy` and does not fit the words is lost with
    those that it wins over."""
    text = doc.text  # made anew at every call
    chosen = set(resolve(gold, policy))
    on_words = {(s.start_char, s.end_char, s.label_) for s in doc.spans[GOLD]}
    for span in gold:
        place = (*_trimmed(text, span.start, span.end), span.label)
        if span not in chosen:
            yield span, OVERLAPPED
        else:
            yield span, KEPT if place in on_words else OFF_WORDS


def _trimmed(text: str, start: int, end: int) -> Range:
    """A range without the white space at its edges."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(
        piece.rstrip()
    )
