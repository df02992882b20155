"""Where the time goes, and how it grows: prediction and training taken apart.

Times are of the process itself, each part without the parts inside it; what no part
claims is spaCy's own and that of the loop around it.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.docs import read_docs
from ..nn import batch
from ..nn.network import MslmNetwork
from ..nn.pieces import PieceTokenizer
from ..pipeline import architectures, component
from .spec import Format, Spec
from .systems import ours

REST = "spaCy and the rest"
Sentences = Sequence[Sequence[str]]


def run_anatomy(
    model: str, corpus: Path, *, encoder: str, precision: Format, rounds: int
) -> dict[str, Any]:
    """All of it on the test sentences of a corpus of `corpus iob`; training in two
    views, as configs/mslm.cfg has it."""
    nlp = spacy.load(model)
    ner: Any = nlp.get_pipe("ner")
    ner.network.precision = precision
    docs = read_docs(corpus / "test", nlp.vocab, words_only=True)
    sentences = [[token.text for token in doc] for doc in docs]
    spec = Spec(
        encoder=encoder,
        train="",
        read="",
        corpus=str(corpus),
        model="",
        precision=precision,
        updates=0,
    )
    turn = ours.train(spec)
    return {
        "model": nlp.meta["name"],
        "precision": precision,
        "prediction": prediction_parts(nlp, sentences, rounds=rounds),
        "training": training_parts(lambda: turn(3000), rounds=rounds),
        "growth": growth(nlp, sentences, rounds=rounds),
    }


class Clock:
    """Seconds by part. A part that runs within another stops the other's clock."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[str] = [REST]
        self._since = time.perf_counter()

    def switch(self) -> None:
        """Give the time since the last switch to the innermost open part."""
        now = time.perf_counter()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def watching(self, owner: Any, attribute: str, part: str) -> Iterator[None]:
        """Count calls of `owner.attribute` as `part` while the context is open."""
        real: Callable[..., Any] = getattr(owner, attribute)

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.switch()
            self._open.append(part)
            try:
                return real(*args, **kwargs)
            finally:
                self.switch()
                self._open.pop()

        setattr(owner, attribute, timed)
        try:
            yield
        finally:
            setattr(owner, attribute, real)


def prediction_parts(
    nlp: Language, sentences: Sentences, *, rounds: int
) -> dict[str, float]:
    """Share of each part in `nlp.pipe` over sentences given as words (medians)."""
    watched = [
        (PieceTokenizer, "__call__", "pieces"),
        (MslmNetwork, "encode", "encoder"),
        # The package's own `predict` is the function, not its module.
        (import_module("spacy_mslm.nn.predict"), "read_vectors", "heads and decoding"),
        (architectures, "read_doc", "reading Docs"),
        (component.MslmNer, "set_annotations", "writing entities"),
    ]
    return _shares(watched, lambda: _pipe(nlp, sentences), rounds)


def training_parts(update: Callable[[], Any], *, rounds: int) -> dict[str, float]:
    """Share of each part in an update of `spacy train` (medians)."""
    watched = [
        (PieceTokenizer, "__call__", "pieces"),
        (batch, "draw_kinds", "masks"),
        (component, "read_annotations", "reading Docs"),
        (component, "step", "losses"),
        (MslmNetwork, "encode", "encoder, forward"),
        (torch.Tensor, "backward", "backward"),
        (component.MslmNer, "finish_update", "optimizer"),
    ]
    return _shares(watched, update, rounds)


def _shares(
    watched: Sequence[tuple[Any, str, str]], work: Callable[[], Any], rounds: int
) -> dict[str, float]:
    work()
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        clock = Clock()
        with ExitStack() as stack:
            for owner, attribute, part in watched:
                stack.enter_context(clock.watching(owner, attribute, part))
            work()
            clock.switch()
        total = sum(clock.seconds.values())
        for part in {REST, *(part for _, _, part in watched)}:
            found[part].append(clock.seconds[part] / total)
    shares = {part: statistics.median(values) for part, values in found.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def growth(
    nlp: Language, sentences: Sentences, *, rounds: int
) -> dict[str, dict[str, float]]:
    """Words a second (medians) as one thing changes: words a document (of texts, split
    into sentences), documents at once, documents in all, entity types."""
    words = [word for sentence in sentences for word in sentence]
    some = sentences[:300]

    def speed(docs: Sentences, *, as_text: bool = False, **settings: Any) -> float:
        total = sum(map(len, docs))
        seconds = []
        for _ in range(rounds):
            started = time.perf_counter()
            _pipe(nlp, docs, as_text=as_text, **settings)
            seconds.append(time.perf_counter() - started)
        return round(total / statistics.median(seconds))

    def of_length(length: int) -> Sentences:
        stream = cycle(words)
        return [list(islice(stream, length)) for _ in range(max(6000 // length, 1))]

    _pipe(nlp, some)
    found = {
        "words a document": {
            str(n): speed(of_length(n), as_text=True) for n in (5, 20, 80, 500, 6000)
        },
        "documents at once": {
            str(n): speed(some, batch_size=n) for n in (1, 8, 64, 512)
        },
        "documents": {str(n): speed(sentences[:n]) for n in (50, 200, 800)},
    }
    ner: Any = nlp.get_pipe("ner")
    types: dict[str, float] = {}
    for number in (1, 10, 100):
        while len(ner.labels) < number:
            ner.add_label(f"TYPE_{len(ner.labels)}")
        types[str(len(ner.labels))] = speed(some)
    return {**found, "entity types": types}


def _pipe(
    nlp: Language, sentences: Sentences, *, as_text: bool = False, **settings: Any
) -> None:
    docs: Iterator[Any] = (
        " ".join(words) if as_text else Doc(nlp.vocab, words=list(words))
        for words in sentences
    )
    for _ in nlp.pipe(docs, **settings):
        pass
