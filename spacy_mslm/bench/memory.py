"""Memory of prediction: does it grow with the number or the length of documents?"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from ..corpus.docs import read_docs
from .worker import memory_now, peak_memory

# Documents are counted in shares of all, words a document in these sizes.
SHARES = 10
LENGTHS = (500, 5_000, 20_000, 100_000)


def run_memory(
    model: str, corpus: Path, *, docs: int, words: int, precision: str
) -> dict[str, Any]:
    """MiB held after each tenth of `docs` documents of `words` words each, and the
    peak of a process that reads one document of each length. Linux."""
    many = _in_process(model, corpus, precision, "many", [docs, words])
    long = {
        str(length): _in_process(model, corpus, precision, "long", [length])
        for length in LENGTHS
    }
    return {
        "model": Path(model).name,
        "precision": precision,
        "docs": docs,
        "words": words,
        "held_mb": many["held_mb"],
        "peak_mb": many["peak_mb"],
        "loaded_mb": many["loaded_mb"],
        "peak_mb_of_one_document": {k: v["peak_mb"] for k, v in long.items()},
    }


def _in_process(
    model: str, corpus: Path, precision: str, job: str, numbers: Sequence[int]
) -> dict[str, Any]:
    command = [sys.executable, "-m", __name__, model, str(corpus), precision, job]
    done = subprocess.run(
        [*command, *map(str, numbers)], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main(model: str, corpus: str, precision: str, job: str, *numbers: str) -> None:
    """What `run_memory` starts: writes one JSON object."""
    nlp = spacy.load(model)
    ner: Any = nlp.get_pipe("ner")
    ner.network.precision = precision
    loaded = memory_now()
    words = _words(nlp, Path(corpus))
    sizes = [int(number) for number in numbers]
    held = _many(nlp, words, *sizes) if job == "many" else _long(nlp, words, *sizes)
    answer = {
        "held_mb": [round(mb) for mb in held],
        "loaded_mb": round(loaded),
        "peak_mb": round(peak_memory()),
    }
    sys.stdout.write(json.dumps(answer))


def _words(nlp: Language, corpus: Path) -> Iterator[str]:
    docs = read_docs(corpus / "test", nlp.vocab, words_only=True)
    return cycle([token.text for doc in docs for token in doc])


def _many(
    nlp: Language, words: Iterator[str], docs: int, length: int
) -> Iterator[float]:
    texts = (" ".join(islice(words, length)) for _ in range(docs))
    for number, _ in enumerate(nlp.pipe(texts), start=1):
        if number % (docs // SHARES) == 0:
            yield memory_now()


def _long(nlp: Language, words: Iterator[str], length: int) -> Iterator[float]:
    nlp(" ".join(islice(words, length)))
    yield memory_now()


if __name__ == "__main__":
    main(*sys.argv[1:])
