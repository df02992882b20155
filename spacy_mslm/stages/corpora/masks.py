"""`masks`: what a config hides, in words, by the code that training runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import spacy
from spacy.training import Example

from ...corpus.docs import read_docs
from ...errors import Errors, MslmError
from ...masking import Strategy
from ...nn import WordDoc, make_batch
from ...nn.batch import Kinds
from ...nn.pieces import DocPieces, PieceTokenizer
from ...pipeline.learning import read_annotations
from ...pipeline.reading import read_doc
from ...pipeline.sentences import ClinicalSentences
from ...pipeline.settings import EncoderSource
from ...types import MaskKind
from ..training_config import model_block, resolved

MASKED = {MaskKind.BASE: "[MASK]", MaskKind.ENTITY: "[TERM]"}


@dataclass(frozen=True)
class MaskedSentence:
    """`text` shows masked words as [MASK], masked terms as [TERM], and a word of which
    only some pieces are masked piece by piece. The rest counts pieces."""

    text: str
    pieces: int
    base: int
    entity: int


def masked_sentences(
    config: Path, corpus: Path, *, sentences: int, seed: int, update: int
) -> Iterator[MaskedSentence]:
    """The first `sentences` sentences of a corpus as update `update` would mask them.

    config (Path): a training config; its masking strategy and its encoder's tokenizer
        are used.
    corpus (Path): a folder of `corpus build` or `corpus iob` (train is read), or a
        folder or file of DocBins.
    Raises M701, M307-M308 (corpus), M403-M407 (encoder), M770 (config).
    """
    strategy, tokenizer = _read(config)
    folder = corpus / "train" if (corpus / "train").is_dir() else corpus
    nlp = spacy.blank("en")
    mark = ClinicalSentences()

    def read() -> Iterator[MaskedSentence]:
        for reference in read_docs(folder, nlp.vocab):
            example = Example(mark(reference.copy()), reference)
            labels = sorted({e.label_ for e in reference.ents})
            (annotation,) = read_annotations([example], labels, None)
            doc = read_doc(example.predicted)
            batch = make_batch(
                tokenizer, [doc], [annotation], strategy, seed=seed, update=update
            )
            assert batch.kinds is not None
            yield from _shown(doc, batch.pieces[0], batch.kinds[0], tokenizer)

    return islice(read(), sentences)


def total(sentences: Iterable[MaskedSentence]) -> str:
    """Pieces, and how many of them are masked, by kind."""
    shown = list(sentences)
    pieces = sum(s.pieces for s in shown)
    base, entity = sum(s.base for s in shown), sum(s.entity for s in shown)
    share = 100 * (base + entity) / max(pieces, 1)
    return (
        f"{len(shown)} sentences, {pieces} pieces, masked {base + entity} "
        f"({share:.1f} %): {entity} of terms, {base} of other words"
    )


def _read(config: Path) -> tuple[Strategy, PieceTokenizer]:
    model = model_block(config)
    strategy = resolved(model["masking"], config)
    encoder = resolved(model.get("encoder", {}), config)
    if not isinstance(encoder, EncoderSource):
        reason = "its encoder is not a spacy-mslm.HfEncoder.v1"
        raise MslmError(Errors.M770.format(path=config, reason=reason))
    return strategy, encoder.load().tokenizer


def _shown(
    doc: WordDoc, pieces: DocPieces, kinds: Kinds, tokenizer: PieceTokenizer
) -> Iterator[MaskedSentence]:
    for first, last in doc.sentences:
        inside = slice(int(pieces.starts[first]), int(pieces.starts[last]))
        words = [_word(doc, pieces, kinds, tokenizer, w) for w in range(first, last)]
        counts = np.bincount(kinds[inside], minlength=len(MaskKind))
        yield MaskedSentence(
            text=" ".join(word for word in words if word.strip()),
            pieces=int(counts.sum()),
            base=int(counts[MaskKind.BASE]),
            entity=int(counts[MaskKind.ENTITY]),
        )


def _word(
    doc: WordDoc,
    pieces: DocPieces,
    kinds: Kinds,
    tokenizer: PieceTokenizer,
    word: int,
) -> str:
    inside = slice(int(pieces.starts[word]), int(pieces.starts[word + 1]))
    of_word: Sequence[MaskKind] = [MaskKind(k) for k in kinds[inside]]
    if not any(of_word):
        return doc.words[word]
    if len(set(of_word)) == 1:
        return MASKED[of_word[0]]
    names = [tokenizer.tokenizer.id_to_token(int(i)) or "" for i in pieces.ids[inside]]
    return "".join(
        MASKED.get(kind, name.removeprefix("##"))
        for kind, name in zip(of_word, names, strict=True)
    )
