"""Is vanilla strong? Ours through `spacy train` beside Hugging Face, seed by seed.

Same encoder, sentences, learning rate, schedule and number of updates; both take the
network of the last update and read the test set as it is. If vanilla is weaker, the
pipeline is wrong, and nothing should be built on it.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from ..corpus.docs import read_docs
from ..corpus.iob import IobSentence
from ..nn.precision import Precision
from ..scoring.strict import score
from . import huggingface

SYSTEMS = ("vanilla", "huggingface")


def run_parity(
    corpus: Path,
    out: Path,
    *,
    config: Path,
    encoder: str,
    seeds: Sequence[int],
    systems: Sequence[str] = SYSTEMS,
    epochs: int,
    batch: int,
    learn_rate: float,
    precision: Precision,
    provenance: dict[str, Any],
) -> list[dict[str, Any]]:
    """Run what `out` (JSON lines) lacks, a line a run; finished runs never repeat.

    `corpus` is a folder of `corpus iob`; `batch` counts sentences. RETURNS (list):
    all lines of these settings.
    """
    settings = {
        "corpus": json.loads((corpus / "manifest.json").read_text("utf8"))[
            "input_hash"
        ],
        "config": config.name,
        "encoder": encoder,
        "epochs": epochs,
        "batch": batch,
        "learn_rate": learn_rate,
        "precision": precision,
    }
    lines = _read(out)
    for seed in seeds:
        for system in systems:
            key = {"system": system, "seed": seed, "settings": settings}
            if any(all(line[k] == key[k] for k in key) for line in lines):
                continue
            started = time.perf_counter()
            run = _vanilla if system == "vanilla" else _huggingface
            spans = run(corpus, config, settings, seed)
            gold = [_spans(doc) for doc in _docs(corpus, "test")]
            micro = score(gold, spans).micro.to_dict()
            seconds = round(time.perf_counter() - started, 1)
            line = {**key, **micro, "seconds": seconds, "provenance": provenance}
            lines.append(line)
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("a", encoding="utf8") as file:
                file.write(json.dumps(line, sort_keys=True) + "\n")
    return [line for line in lines if line["settings"] == settings]


def summary(lines: Iterable[dict[str, Any]]) -> str:
    """Mean strict F1 on the test set a system, its seeds, and the difference."""
    by_system = {s: [x["f"] for x in lines if x["system"] == s] for s in SYSTEMS}
    rows = [
        f"{system:<12} F1 {100 * statistics.mean(f1):.2f}  seeds "
        + " ".join(f"{100 * f:.2f}" for f in f1)
        for system, f1 in by_system.items()
        if f1
    ]
    if all(by_system.values()):
        ours, theirs = (statistics.mean(by_system[s]) for s in SYSTEMS)
        rows.append(f"difference   {100 * (ours - theirs):+.2f}")
    return "\n".join(rows)


def _vanilla(
    corpus: Path, config: Path, settings: dict[str, Any], seed: int
) -> list[list[tuple[int, int, str]]]:
    from spacy.cli.train import train

    test = list(_docs(corpus, "test"))
    sentences = sum(1 for _ in _docs(corpus, "train"))
    words = sum(len(doc) for doc in _docs(corpus, "train"))
    size = round(words / sentences * settings["batch"])
    overrides = {
        "paths.train": str(corpus / "train"),
        "paths.dev": str(corpus / "dev"),
        "paths.encoder": settings["encoder"],
        "system.seed": seed,
        "training.max_epochs": settings["epochs"],
        # One rate for all, as in the peer.
        "components.ner.model.heads_learn_rate": 1.0,
        "components.ner.model.precision": settings["precision"],
        "training.batcher.size": size,
        "training.optimizer.learn_rate.learn_rate": settings["learn_rate"],
        # The last update counts, so dev is hardly looked at.
        "training.eval_frequency": 100_000,
        "corpora.dev.limit": 10,
    }
    with tempfile.TemporaryDirectory() as folder:
        train(config, folder, overrides=overrides)
        nlp = spacy.load(Path(folder) / "model-last")
        bare = (Doc(nlp.vocab, words=[t.text for t in doc]) for doc in test)
        return [_spans(doc) for doc in nlp.pipe(bare)]


def _huggingface(
    corpus: Path, config: Path, settings: dict[str, Any], seed: int
) -> list[list[tuple[int, int, str]]]:
    return huggingface.train_and_predict(
        settings["encoder"],
        [_sentence(doc) for doc in _docs(corpus, "train")],
        [_sentence(doc) for doc in _docs(corpus, "test")],
        epochs=settings["epochs"],
        batch=settings["batch"],
        learn_rate=settings["learn_rate"],
        warmup=0.1,
        precision=settings["precision"],
        seed=seed,
    )


def _docs(corpus: Path, split: str) -> Iterable[Doc]:
    return read_docs(corpus / split, spacy.blank("en").vocab)


def _spans(doc: Doc) -> list[tuple[int, int, str]]:
    return [(e.start, e.end, e.label_) for e in doc.ents]


def _sentence(doc: Doc) -> IobSentence:
    tags = tuple(f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc)
    return IobSentence(tuple(t.text for t in doc), tags)


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]
