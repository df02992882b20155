"""How far scores move with the batch: the margin within which entities may differ.

The same words alone, in batches and on one thread are summed in another order, so that
scores differ in their last digits. Where the best two scores of a word are further
apart than scores ever move, its tag is the same however it is batched.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.docs import read_docs
from ..errors import Errors, MslmError
from ..nn import MslmNetwork, predict
from ..nn.precision import PRECISIONS, Precision
from ..pipeline.component import MslmNer
from ..pipeline.reading import read_doc
from ..scoring.strict import Span, score

Scores = npt.NDArray[np.float64]  # (W, L) log-probabilities of all words of a corpus


def run_stability(
    nlp: Language,
    corpus: Path,
    *,
    split: str,
    precision: Precision,
    docs: int,
    provenance: dict[str, Any],
) -> dict[str, Any]:
    """Predict the first `docs` documents of a split in different ways and compare.

    RETURNS (dict): `moved`: the largest change of the distance between the two best
    tags of a word (log-odds); `quantiles` of that change; `changed`: words whose best
    tag changed, and the largest distance among them; `strict`: scores on the split.
    Raises MslmError: M741 (no `mslm_ner` in the pipeline), M410 (precision).
    """
    if precision not in PRECISIONS:
        options = ", ".join(PRECISIONS)
        message = Errors.M410.format(name="precision", options=options, value=precision)
        raise MslmError(message)
    found = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, MslmNer)]
    if not found:
        reason = "no mslm_ner in it"
        raise MslmError(Errors.M741.format(model=nlp.meta["name"], reason=reason))
    kept = list(islice(read_docs(corpus / split, nlp.vocab), docs))
    read = [
        Doc(nlp.vocab, words=[token.text for token in doc])
        if doc.has_unknown_spaces
        else nlp.make_doc(doc.text)
        for doc in kept
    ]
    with nlp.select_pipes(disable=[n for n, p in nlp.pipeline if p in found]):
        read = list(nlp.pipe(read))
    with _precision(found[0].network, precision):
        ways = _ways(found[0], read)
        name, first = next(ways)
        compared = {other: compare(first, scores) for other, scores in ways}
        predicted = [spans_of(doc) for doc in found[0].pipe(read)]
    strict = score([spans_of(doc) for doc in kept], predicted).micro
    return {
        "model": nlp.meta["name"],
        "split": split,
        "precision": precision,
        "docs": len(read),
        "words": len(first),
        "against": name,
        "ways": compared,
        "moved": max(row["moved"] for row in compared.values()),
        "strict": strict.to_dict(),
        "provenance": provenance,
    }


def compare(first: Scores, other: Scores) -> dict[str, Any]:
    """How the distance of each word's two best tags moved between two runs."""
    best = np.argsort(first, axis=1)[:, ::-1][:, :2]
    rows = np.arange(len(first))

    def distance(scores: Scores) -> npt.NDArray[np.float64]:
        return scores[rows, best[:, 0]] - scores[rows, best[:, 1]]

    moved = np.abs(distance(other) - distance(first))
    changed = first.argmax(axis=1) != other.argmax(axis=1)
    return {
        "moved": float(moved.max(initial=0.0)),
        "quantiles": {
            str(q): float(np.quantile(moved, q)) if len(moved) else 0.0
            for q in (0.5, 0.99, 0.999)
        },
        "changed": int(changed.sum()),
        "changed_at_most": float(distance(first)[changed].max(initial=0.0)),
    }


def spans_of(doc: Doc) -> list[Span]:
    """The entities of a Doc, as they are scored."""
    return [(e.start, e.end, e.label_) for e in doc.ents]


def _ways(ner: MslmNer, docs: Sequence[Doc]) -> Iterator[tuple[str, Scores]]:
    yield "alone", _in_batches(ner, docs, 1)
    for size in (2, 17, 128):
        yield f"batches of {size}", _in_batches(ner, docs, size)
    with _threads(1):
        yield "one thread", _in_batches(ner, docs, 128)


def _in_batches(ner: MslmNer, docs: Sequence[Doc], size: int) -> Scores:
    network, settings = ner.network, ner.settings
    scores = [np.zeros((0, network.detection.linear.out_features))]
    for first in range(0, len(docs), size):
        vectors: list[Any] = []
        predict(
            network,
            [read_doc(doc) for doc in docs[first : first + size]],
            max_pieces=settings.max_pieces,
            max_batch_pieces=settings.max_batch_pieces,
            vectors=vectors,
        )
        with torch.inference_mode():
            for pieces, of_doc in vectors:
                of_words = of_doc[pieces.starts[np.flatnonzero(pieces.has_pieces)]]
                logits = network.detect(torch.from_numpy(of_words).to(network.device))
                scores.append(logits.double().log_softmax(-1).cpu().numpy())
    return np.concatenate(scores)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _precision(network: MslmNetwork, precision: Precision) -> Iterator[None]:
    before, network.precision = network.precision, precision
    try:
        yield
    finally:
        network.precision = before
