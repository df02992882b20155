"""`corpus pmi`: the vocabulary of collocations that PMI masking hides as units."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from ...corpus.docs import docbin_paths, read_docs
from ...corpus.pmi import LONGEST, Collocation, collocations
from ...corpus.split import SPLITS
from ...errors import Errors, MslmError
from ...nn.pieces import is_visible
from ...pipeline.reading import read_doc
from ...pipeline.sentences import ClinicalSentences
from ...runners import provenance
from ...runners.atomic import atomic_write_text
from ..files import json_text, sha256_of

SPLIT = "train"


def build_pmi_vocabulary(
    corpus: Path, out: Path, *, min_count: int, longest: int, top: int
) -> dict[str, Any]:
    """Write the `top` collocations (0: all above PMI 0) of the training split to `out`.

    corpus (Path): folder of `corpus build` or `corpus iob`, of which train alone is
        read, or a folder or file of DocBins. A corpus without train is refused: what
        dev and test hold must not reach training.
    `out` holds words of the notes; `out`.json beside it counts, without any.
    RETURNS (dict): the counts. Raises M408, M701, M307-M308, M321 (nothing found),
        M322 (no train).
    """
    if not 2 <= longest <= LONGEST:
        message = Errors.M408.format(name="longest", low=2, high=LONGEST, value=longest)
        raise MslmError(message)
    if min_count < 1 or top < 0:
        name, low, value = ("min_count", 1, min_count) if top >= 0 else ("top", 0, top)
        raise MslmError(
            Errors.M408.format(name=name, low=low, high="2^31", value=value)
        )
    folder = training_part(corpus)
    docs = read_docs(folder, spacy.blank("en").vocab, words_only=True)
    found = collocations(_sentences(docs), min_count=min_count, longest=longest)
    kept = [c for c in found if c.pmi > 0][: top or None]
    if not kept:
        raise MslmError(Errors.M321.format(path=folder, min_count=min_count))
    about = {
        "settings": {"min_count": min_count, "longest": longest, "top": top},
        "data_hash": sha256_of(docbin_paths(folder)),
        "seen": len(found),
        "kept": len(kept),
        "by_length": {
            str(n): sum(len(c.words) == n for c in kept) for n in range(2, longest + 1)
        },
        "pmi": {"highest": kept[0].pmi, "lowest": kept[-1].pmi},
        "commit": provenance.git_commit(),
        "versions": provenance.versions(),
    }
    atomic_write_text(out, "".join(map(_row, kept)))
    atomic_write_text(out.with_name(out.name + ".json"), json_text(about))
    return about


def training_part(corpus: Path) -> Path:
    """Its folder train; the corpus itself where it has no splits. Raises M322."""
    present = {split for split in SPLITS if (corpus / split).is_dir()}
    if present and SPLIT not in present:
        found = ", ".join(sorted(present))
        raise MslmError(Errors.M322.format(path=corpus, found=found))
    return corpus / SPLIT if present else corpus


def _row(collocation: Collocation) -> str:
    words = " ".join(collocation.words)
    return f"{words}\t{collocation.pmi:.4f}\t{collocation.count}\n"


def _sentences(docs: Iterator[Doc]) -> Iterator[list[str | None]]:
    """Words by sentence, as training sees them; None for what is never masked, and for
    words that hold white space of any kind, which the file could not tell apart."""
    mark = ClinicalSentences()
    for doc in docs:
        read = read_doc(mark(doc))
        words = [
            None
            if placeholder or not is_visible(word) or word.split() != [word]
            else word
            for word, placeholder in zip(read.words, read.placeholders, strict=True)
        ]
        yield from (words[start:end] for start, end in read.sentences)
