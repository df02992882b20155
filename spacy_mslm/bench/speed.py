"""Training and prediction beside peers: words a second, ratios, peak memory.

Same encoder, sentences and machine in one run; every system in a process of its own,
one turn after another, round by round. A number stands for the median of its rounds, a
ratio for the median of the rounds' ratios.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import spacy

from ..corpus.docs import read_docs
from ..nn.encoder import resolve_source
from .spec import Format, Spec
from .turns import Contender, check_known, fit, take_turns

# What of a corpus is read: its sentences, or so many words of them joined as a text.
SHAPES = {"sentences": 0, "notes": 500, "documents": 20_000}
FLOATS: Sequence[Format] = ("float32", "bfloat16")


@dataclass(frozen=True)
class System:
    """`module` of `systems`, its options, and the precisions that it offers. `share`:
    of the words of a turn. `usual`: measured unless others are named."""

    module: str
    options: Mapping[str, Any]
    precisions: Sequence[Format] = FLOATS
    share: float = 1.0
    usual: bool = True


CRF = {"overrides": {"components.ner.model.decoder": "crf"}}
TRAIN = {
    "ours, one view": System("ours", {"config": "vanilla.cfg"}),
    "ours, two views": System("ours", {"config": "mslm.cfg"}),
    "ours, a quarter masked": System(
        "ours", {"overrides": {"components.ner.model.masked_share": 0.25}}
    ),
    # What a CRF costs: beside "ours, one view", and beside "ours" in prediction.
    "ours, CRF": System("ours", {"config": "vanilla.cfg", **CRF}, usual=False),
    "lean loop, one view": System("limit", {"views": 1}),
    "lean loop, two views": System("limit", {"views": 2}),
    "spaCy": System("spacy_trf", {}, FLOATS[:1]),
    "spaCy, padded batches": System("spacy_trf", {"padded": True}, FLOATS[:1]),
    "Hugging Face, batch 8": System("huggingface", {"batch": 8}),
    "Hugging Face": System("huggingface", {"batch": 32}),
    "EDS-NLP": System("edsnlp", {}),
    "the authors' step": System("authors", {}, share=0.125),
}


def _form(name: str, precisions: Sequence[Format]) -> System:
    return System("limit", {"form": name}, precisions, usual=False)


PREDICT = {
    "ours": System("ours", {}),
    "ours, CRF": System("ours", CRF, usual=False),
    "encoder + tokenizer": System("limit", {}),
    "encoder alone": System("limit", {"tokenize": False}),
    "spaCy": System("spacy_trf", {}, FLOATS[:1]),
    "Hugging Face": System("huggingface", {}),
    "EDS-NLP": System("edsnlp", {}),
    "encoder + tokenizer, compiled": _form("compiled", FLOATS),
    "encoder + tokenizer, int8": _form("int8", FLOATS[:1]),
    "encoder + tokenizer, ONNX": _form("onnx", FLOATS[:1]),
    "encoder + tokenizer, ONNX int8": _form("onnx int8", FLOATS[:1]),
}
JOBS = {"train": TRAIN, "predict": PREDICT}


@dataclass(frozen=True)
class SpeedRun:
    """What to measure. `corpus`: folder of `corpus iob`; `work`: where trained models
    and logs go; `pythons`: interpreters of systems that live elsewhere, by module;
    `updates`: how long a model trains before it predicts."""

    corpus: Path
    work: Path
    encoder: str
    rounds: int
    words: int
    updates: int
    pythons: Mapping[str, str]

    def data(self) -> str:
        """Hash of the corpus' input, as its manifest has it."""
        manifest = json.loads((self.corpus / "manifest.json").read_text("utf8"))
        return str(manifest["input_hash"])

    def key(self) -> str:
        """Of encoder and corpus: a model is used again for these alone."""
        return sha256(f"{self.encoder} {self.data()}".encode()).hexdigest()[:8]


def run_speed(
    run: SpeedRun,
    job: str,
    *,
    systems: Sequence[str],
    shape: str,
    precisions: Sequence[Format],
    provenance: Mapping[str, Any],
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """One line a system and precision that it offers, all taking turns with each
    other: settings, seconds of each turn, words a second, peak memory.

    Raises MslmError: M621 where a system's process ends, M622 for an unknown system.
    """
    run.work.mkdir(parents=True, exist_ok=True)
    files = _sentences_file(run, "train"), _texts_file(run, shape)
    contenders = [
        _contender(run, job, name, files, precision)
        for precision in precisions
        for name in chosen(job, systems)
        if precision in JOBS[job][name].precisions
    ]
    if len(precisions) > 1:
        contenders = [
            replace(c, name=f"{c.name}, {c.spec.precision}") for c in contenders
        ]
    log = run.work / "log.txt"
    if job == "predict":
        for contender in contenders:
            if contender.system == "limit" or Path(contender.spec.model).exists():
                continue
            say(f"{contender.name}: trained before it predicts")
            spec = replace(contender.spec, precision="float32")
            fit(replace(contender, spec=spec), log)
    words = run.words if job == "train" else _words_to_read(run, shape)
    measured = take_turns(contenders, job, words=words, rounds=run.rounds, log=log)
    settings = {
        "job": job,
        "shape": shape if job == "predict" else "sentences",
        "precision": " and ".join(precisions),
        "encoder": run.encoder,
        "corpus": run.data(),
        "trained_updates": run.updates if job == "predict" else None,
    }
    return [row.to_line(settings, provenance) for row in measured]


def chosen(job: str, names: Sequence[str]) -> list[str]:
    """The systems of a bench by name, the usual ones for none (M622)."""
    known = JOBS[job]
    check_known(names, known)
    return list(names) or [name for name, system in known.items() if system.usual]


def summary(lines: Iterable[Mapping[str, Any]]) -> str:
    """A row a system: words a second, lowest and highest turn, peak memory, and how
    many times as fast the first system is, by the clock and by its own seconds."""
    lines = list(lines)
    width = max(24, *(len(line["system"]) + 2 for line in lines))
    rows = [f"{'':<{width}}words/s (lowest-highest)   MiB   ours / it, in CPU seconds"]
    for line in lines:
        speeds = line["speeds"]
        ratio = _ratio(lines[0]["speeds"], speeds)
        own = _ratio(*(_speeds_by_cpu(each) for each in (lines[0], line)))
        rows.append(
            f"{line['system']:<{width}}{line['speed']:7.0f} ({min(speeds):.0f}-"
            f"{max(speeds):.0f})".ljust(width + 26)
            + f"{line['peak_mb']:7.0f}{ratio:9.2f}{own:9.2f}"
        )
    return "\n".join(rows)


def tables(lines: Iterable[Mapping[str, Any]]) -> str:
    """Markdown: a table for each job, shape, precision and number of names, with the
    ratio of each of ours to every system (medians over the rounds)."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for line in lines:
        settings = line["settings"]
        names = f"{settings['names']:,} names" if "names" in settings else None
        told = settings.get("shape"), settings.get("precision"), names
        key = settings["job"], *told
        groups.setdefault(tuple(filter(None, key)), []).append(line)
    return "\n\n".join(_table(key, rows) for key, rows in groups.items())


def _table(key: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
    ours = [line for line in lines if line["system"].startswith("ours")]
    if key[0] == "label":
        # The others show what each of its parts costs.
        ours = ours[:1]
    names = ", ".join(key)
    head = ["", "words/s", "lowest-highest", "peak MiB"]
    head += [f"{line['system']} / it" for line in ours]
    rows = [
        [
            line["system"],
            f"{line['speed']:,.0f}",
            f"{min(line['speeds']):,.0f}-{max(line['speeds']):,.0f}",
            f"{line['peak_mb']:,}",
            *(f"{_ratio(own['speeds'], line['speeds']):.2f}" for own in ours),
        ]
        for line in lines
    ]
    marks = ["---", *["---:"] * (len(head) - 1)]
    body = "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])
    return f"**{names}**\n\n{body}"


def _speeds_by_cpu(line: Mapping[str, Any]) -> list[float]:
    """Words a second of the process' own, turn by turn."""
    return [w / s for w, s in zip(line["words"], line["cpu_seconds"], strict=True)]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    middle = len(ratios) // 2
    return (ratios[middle] + ratios[~middle]) / 2


def _contender(
    run: SpeedRun, job: str, name: str, files: tuple[Path, Path], precision: Format
) -> Contender:
    """`files`: what to train on, and what to read."""
    system = JOBS[job][name]
    model = f"{system.module}-{run.updates}-{run.key()}"
    if job == "predict" and system.options:
        options = json.dumps(system.options, sort_keys=True)
        model += f"-{sha256(options.encode()).hexdigest()[:8]}"
    spec = Spec(
        encoder=resolve_source(run.encoder),
        train=str(files[0]),
        read=str(files[1]),
        corpus=str(run.corpus),
        model=str(run.work / model),
        precision=precision,
        updates=run.updates,
        options=dict(system.options),
    )
    contender = Contender(name, system.module, spec, share=system.share)
    if system.module in run.pythons:
        contender = replace(contender, python=run.pythons[system.module])
    return contender


def _sentences_file(run: SpeedRun, split: str) -> Path:
    rows = (
        {
            "words": [token.text for token in doc],
            "tags": [f"{t.ent_iob_}-{t.ent_type_}".rstrip("-") for t in doc],
        }
        for doc in read_docs(run.corpus / split, spacy.blank("en").vocab)
    )
    return _written(run.work / f"{split}.jsonl", rows)


def _texts_file(run: SpeedRun, shape: str) -> Path:
    """Sentences as words; notes and documents as texts of so many words."""
    docs = read_docs(run.corpus / "test", spacy.blank("en").vocab, words_only=True)
    sentences = ([token.text for token in doc] for doc in docs)
    size = SHAPES[shape]
    rows: Iterable[dict[str, Any]]
    if size:
        rows = ({"text": text} for text in joined(sentences, size))
    else:
        rows = ({"words": words} for words in sentences)
    return _written(run.work / f"{shape}.jsonl", rows)


def joined(sentences: Iterable[Sequence[str]], size: int) -> list[str]:
    """Texts of `size` words or a little more: whole sentences, a line each."""
    texts: list[str] = []
    lines: list[str] = []
    held = 0
    for words in sentences:
        lines.append(" ".join(words))
        held += len(words)
        if held >= size:
            texts.append("\n".join(lines))
            lines, held = [], 0
    return [*texts, "\n".join(lines)] if lines else texts


def _words_to_read(run: SpeedRun, shape: str) -> int:
    docs = read_docs(run.corpus / "test", spacy.blank("en").vocab, words_only=True)
    return sum(len(doc) for doc in docs)


def _written(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text, encoding="utf8")
    return path
