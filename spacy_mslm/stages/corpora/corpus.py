"""`corpus build`, `corpus iob` and `corpus stats`: labels or IOB files in, DocBin
shards a split out, and what they hold."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from ...corpus.docs import GOLD, DocBinWriter, iob_to_doc, make_doc, read_docs
from ...corpus.iob import read_iob
from ...corpus.split import SPLITS, assign_splits, split_name
from ...corpus.stats import (
    StatsCollector,
    collect,
    corpus_warnings,
    split_overlap,
)
from ...errors import Errors, MslmError
from ...pipeline.tokenizer import ClinicalTokenizer
from ...runners.atomic import atomic_folder
from ...types import DropCounts
from ...weak.policy import check_policy, resolve
from ..files import MANIFEST, check_replaceable, json_text, read_manifest, sha256_of
from ..labelling.labels import LabelledNote, read_labels, shard_paths

SHARD_SIZE = 1000
ALL = "all sources"
VERSIONS = ("spacy", "spacy-mslm")


def build_corpus(
    labels: Path,
    out: Path,
    *,
    policy: str = "longest",
    dev: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    source: str = "",
    shard_size: int = SHARD_SIZE,
    on_note: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Make `out`/{train,dev,test}/0000.spacy … and `out`/manifest.json from a label
    folder, split by patient. The entities are what `label` resolved of all its sources,
    and what these dispute has no annotation; or the spans of one `source` alone, under
    `policy`.

    Same input and settings, same bytes; `out` appears, or is replaced, only as a
    whole. RETURNS (dict): the manifest, with counts of all that was dropped.

    Raises M730-M734 (no finished label folder, damage), M735 (no entity at all), M736
    (none in train), M231 (no such policy), M309-M312 (splits).
    """
    check_policy(policy)
    check_replaceable(out)
    before = read_manifest(labels, "label")
    shards = shard_paths(labels, before)
    survey = _survey(shards)
    _check_found(survey, source, labels)
    splits = assign_splits(survey.records, dev=dev, test=test, seed=seed)
    drops = DropCounts()
    choice = _Choice(source, policy, tuple(sorted(survey.sources)), "context" in before)
    docs = _docs(shards, choice, drops, on_note)
    settings = {
        "policy": policy,
        "dev": dev,
        "test": test,
        "seed": seed,
        "source": source or survey.entities_from,
        "shard_size": shard_size,
    }
    about = {
        "settings": settings,
        "entities_from": source or survey.entities_from,
        "synthetic": bool(before.get("synthetic")) or survey.synthetic,
        "has_gold": survey.has_gold,
        "input_hash": sha256_of(shards),
        "concepts_hash": before.get("concepts_hash", ""),
    }
    pairs = ((splits[patient], doc) for patient, doc in docs)
    return write_corpus(out, pairs, SPLITS, about, drops, shard_size)


@dataclass
class _Survey:
    """What the first pass over the labels must know before a split can be made."""

    records: list[tuple[str, str]] = field(default_factory=list)
    spans: Counter[str] = field(default_factory=Counter)
    sources: set[str] = field(default_factory=set)
    resolved: int = 0
    has_gold: bool = False
    synthetic: bool = False

    @property
    def entities_from(self) -> str:
        """The source of the entities where none is asked for by name."""
        return ALL if len(self.sources) != 1 else next(iter(self.sources))


@dataclass(frozen=True)
class _Choice:
    """Which spans become entities: those of `source`, "" for what was resolved of all
    `sources`. `context`: spans were marked as negated, as a relative's."""

    source: str
    policy: str
    sources: tuple[str, ...]
    context: bool


def _survey(shards: Sequence[Path]) -> _Survey:
    survey = _Survey()
    for item in read_labels(shards):
        survey.records.append((item.patient, wanted_split(item)))
        survey.spans.update({k: len(spans) for k, spans in item.spans.items()})
        survey.sources.update(item.spans)
        survey.resolved += len(item.resolved)
        if item.note.gold:
            survey.spans[GOLD] += len(item.note.gold)
        survey.has_gold |= item.has_gold
        survey.synthetic |= bool(item.note.meta.get("synthetic"))
    return survey


def wanted_split(item: LabelledNote) -> str:
    """The split that the record asks for in `meta["split"]`, or ""."""
    return split_name(str(item.note.meta.get("split") or ""))


def _check_found(survey: _Survey, source: str, path: Path) -> None:
    """Raise M735 where no note has a span that could become an entity."""
    if survey.spans[source] if source else survey.resolved:
        return
    found = ", ".join(sorted(survey.spans)) or "none"
    raise MslmError(
        Errors.M735.format(
            path=path, notes=len(survey.records), source=source or ALL, found=found
        )
    )


def _docs(
    shards: Sequence[Path],
    choice: _Choice,
    drops: DropCounts,
    on_note: Callable[[], None],
) -> Iterator[tuple[str, Doc]]:
    tokenizer = ClinicalTokenizer(spacy.blank("en").vocab)
    everyone = dict.fromkeys(filter(None, (choice.source, *choice.sources)), ())
    for item in read_labels(shards):
        doc = make_doc(
            tokenizer,
            item.note,
            {**everyone, **item.spans},
            entities_from=choice.source,
            drops=drops,
            resolve=lambda spans: resolve(spans, choice.policy, drops=drops),
            entities=None if choice.source else item.resolved,
            missing=() if choice.source else item.missing,
            marks=item.marks if choice.context else None,
        )
        yield item.patient, doc
        on_note()


def build_iob_corpus(
    files: Iterable[Path], out: Path, *, repair: bool = False
) -> dict[str, Any]:
    """Make a corpus of IOB files, one Doc a sentence, the split told by each file's
    name (train, dev or devel or valid, test). RETURNS (dict): the manifest.

    Raises M737 (a name that tells no split), M735 (no entity), M736 (none in train),
    M732 and what `read_iob` raises.
    """
    paths = [Path(path) for path in files]
    check_replaceable(out)
    splits = {path: _split_of_file(path) for path in paths}
    present = [split for split in SPLITS if split in splits.values()]
    vocab = spacy.blank("en").vocab
    pairs = (
        (splits[path], iob_to_doc(vocab, sentence))
        for path in paths
        for sentence in read_iob(path, repair=repair)
    )
    for path in paths:
        if not path.is_file():
            raise MslmError(Errors.M701.format(path=path))
    about = {
        "settings": {"repair": repair, "files": [path.name for path in paths]},
        "entities_from": GOLD,
        "synthetic": False,
        "has_gold": True,
        "input_hash": sha256_of(paths),
    }
    return write_corpus(out, pairs, present, about, DropCounts(), SHARD_SIZE)


def _split_of_file(path: Path) -> str:
    words = "".join(c if c.isalnum() else " " for c in path.stem).split()
    found = {split for word in words if (split := split_name(word)) in SPLITS}
    if len(found) != 1:
        raise MslmError(Errors.M737.format(path=path))
    return found.pop()


def write_corpus(
    out: Path,
    docs: Iterable[tuple[str, Doc]],
    splits: Iterable[str],
    about: Mapping[str, Any],
    drops: DropCounts,
    shard_size: int,
) -> dict[str, Any]:
    """Write every (split, Doc) to its split's shards, then the manifest beside them."""
    stats = {split: StatsCollector() for split in splits}
    with atomic_folder(out) as folder, contextlib.ExitStack() as stack:
        writers = {
            split: stack.enter_context(
                DocBinWriter(folder / split, shard_size=shard_size)
            )
            for split in stats
        }
        for split, doc in docs:
            writers[split].add(doc)
            stats[split].add(doc)
        _check_entities(out, stats)
        manifest = {
            **about,
            **_described(stats),
            "drops": dict(drops),
            "versions": {name: version(name) for name in VERSIONS},
        }
        (folder / MANIFEST).write_text(json_text(manifest), encoding="utf-8")
    return manifest


def _check_entities(out: Path, stats: Mapping[str, StatsCollector]) -> None:
    total = sum(s.entities.total() for s in stats.values())
    docs = sum(s.docs for s in stats.values())
    if not total:
        raise MslmError(Errors.M738.format(path=out, docs=docs))
    if "train" in stats and not stats["train"].entities:
        raise MslmError(Errors.M736.format(path=out, docs=stats["train"].docs))


def corpus_report(path: Path) -> dict[str, Any]:
    """Counts, overlap and warnings of a corpus folder, or of one split or file of it.

    RETURNS (dict): {"splits": {name: counts}, "overlap", "warnings"}; no text.
    """
    if not path.exists():
        raise MslmError(Errors.M701.format(path=path))
    vocab = spacy.blank("en").vocab
    parts = {split: path / split for split in SPLITS if (path / split).is_dir()}
    parts = parts or {path.stem: path}
    stats = {name: collect(read_docs(part, vocab)) for name, part in parts.items()}
    return _described(stats)


def _described(stats: Mapping[str, StatsCollector]) -> dict[str, Any]:
    return {
        "splits": {name: s.to_dict() for name, s in stats.items()},
        "overlap": split_overlap(stats),
        "warnings": corpus_warnings(stats),
    }
