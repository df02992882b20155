"""Where labels come from: which sources were asked, what each can give, and the
labellers themselves. Each has its own name, under which its spans stay apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import Errors, MslmError
from ...types import DropCounts
from ...weak import dictionary, medcat, patterns
from ...weak.clusters import Clusters
from ...weak.concepts import Concept, read_concepts
from ...weak.dictionary import DictionaryLabeller
from ...weak.labeller import Labeller
from ...weak.names import label_of
from ...weak.patterns import PatternLabeller, read_patterns
from ...weak.prepare import prepare
from ...weak.refined import RefinedLabeller, chemicals_of
from ..files import file_sha256
from .concepts import TABLE, load_labeller, read_manifest

MEDCAT, DICTIONARY, PATTERNS = medcat.SOURCE, dictionary.SOURCE, patterns.SOURCE
PIPELINE = "pipeline"
# Written by hand first: such rules are there to put something right.
ORDER = (PATTERNS, MEDCAT, DICTIONARY, PIPELINE)
# They say nothing of what they do not look for (`weak.agreement`).
PARTIAL = (PATTERNS,)
CLUSTERS = "clusters.yml"


@dataclass(frozen=True)
class Sources:
    """The sources in use: those that are given.

    concepts: folder of 'concepts build', for MedCAT. dictionary: such a folder, or a
    concept table, which needs `clusters`, or takes those of `concepts`. patterns: file
    of regular expressions. pipeline: name or folder of a spaCy pipeline, its labels
    renamed by `pipeline_labels` (all others are left out). plain: names as they are in
    the tables, without what a note says of them (`weak.refined`).
    """

    concepts: Path | None = None
    dictionary: Path | None = None
    clusters: Path | None = None
    patterns: Path | None = None
    pipeline: str = ""
    pipeline_labels: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False

    def __post_init__(self) -> None:
        if not self.names:
            raise MslmError(Errors.M278)

    @property
    def names(self) -> tuple[str, ...]:
        given = {
            MEDCAT: self.concepts,
            DICTIONARY: self.dictionary,
            PATTERNS: self.patterns,
            PIPELINE: self.pipeline,
        }
        return tuple(name for name in ORDER if given[name])

    def absolute(self) -> "Sources":
        """The same for a process in another working folder."""
        paths = ("concepts", "dictionary", "clusters", "patterns")
        changes: dict[str, Any] = {
            name: Path(path).absolute()
            for name in paths
            if (path := getattr(self, name)) is not None
        }
        if self.pipeline and Path(self.pipeline).exists():
            changes["pipeline"] = str(Path(self.pipeline).absolute())
        return replace(self, **changes)

    def order(self, first: Sequence[str] = ()) -> tuple[str, ...]:
        """The sources in use, those named `first` before the others. Raises M277."""
        if len({*first}) < len(first) or not {*first} <= {*self.names}:
            known = ", ".join(self.names)
            raise MslmError(Errors.M277.format(got=",".join(first), known=known))
        return (*first, *(name for name in self.names if name not in first))


@dataclass(frozen=True)
class About:
    """`labels`: those that a source can give. `facts`: for the manifest, and what the
    source's spans depend on: names and hashes, no path."""

    labels: tuple[str, ...]
    facts: dict[str, Any]


def describe(sources: Sources) -> dict[str, About]:
    """What each source in use is. Raises MslmError for one that cannot be used: before
    any note is read."""
    makers: dict[str, Callable[[Sources], About]] = {
        MEDCAT: _about_medcat,
        DICTIONARY: _about_dictionary,
        PATTERNS: _about_patterns,
        PIPELINE: _about_pipeline,
    }
    return {name: makers[name](sources) for name in sources.names}


def load(
    sources: Sources, min_score: float = 0.0
) -> dict[str, tuple[Labeller, DropCounts]]:
    """The labellers in use, each with its counts of what it leaves out."""
    makers: dict[str, Callable[[Sources, float, DropCounts], Labeller]] = {
        MEDCAT: _medcat,
        DICTIONARY: _dictionary,
        PATTERNS: _patterns,
        PIPELINE: _pipeline,
    }
    found = {}
    for name in sources.names:
        drops = DropCounts()
        labeller = makers[name](sources, min_score, drops)
        # What was chosen while it was loaded is the tables' story, not the notes'.
        drops.clear()
        found[name] = labeller, drops
    return found


# MedCAT


def _about_medcat(sources: Sources) -> About:
    assert sources.concepts is not None
    manifest, sha256 = read_manifest(sources.concepts)
    about = {key: manifest[key] for key in ("source", "name", "sha256")}
    facts = {"concepts_hash": sha256, **about, "plain": sources.plain}
    return About(tuple(manifest["labels"]), facts)


def _medcat(sources: Sources, min_score: float, drops: DropCounts) -> Labeller:
    assert sources.concepts is not None
    return load_labeller(
        sources.concepts, plain=sources.plain, min_score=min_score, drops=drops
    )


# Dictionary


def _about_dictionary(sources: Sources) -> About:
    path = sources.dictionary
    assert path is not None
    if path.is_dir():
        manifest, sha256 = _dictionary_folder(path)
        counts: Mapping[str, Any] = manifest["counts"]
        labels = [name for name in manifest["labels"] if counts.get(name)]
        facts: dict[str, Any] = {
            "name": manifest["name"],
            "concepts_hash": sha256,
            "plain": sources.plain,
        }
        return About(tuple(labels), facts)
    concepts, clusters = _dictionary_table(sources)
    found = {label_of(concept, clusters) for concept in concepts}
    labels = [label for label in clusters.labels if label in found]
    given = _clusters_path(sources)
    facts = {
        "name": path.name,
        "sha256": file_sha256(path),
        "clusters_sha256": file_sha256(given),
        "plain": sources.plain,
    }
    return About(tuple(labels), facts)


def _dictionary(sources: Sources, min_score: float, drops: DropCounts) -> Labeller:
    path = sources.dictionary
    assert path is not None
    if path.is_dir():
        _dictionary_folder(path)
        clusters = Clusters.load(path / CLUSTERS)
        concepts: Sequence[Concept] = read_concepts(path / TABLE)
    else:
        found, clusters = _dictionary_table(sources)
        concepts = prepare(found, clusters, drops).concepts
    labeller = DictionaryLabeller(concepts, clusters, source=path.name, drops=drops)
    if sources.plain:
        return labeller
    return RefinedLabeller(
        labeller, clusters, chemicals=chemicals_of(concepts), drops=drops
    )


def _dictionary_folder(path: Path) -> tuple[dict[str, Any], str]:
    manifest, sha256 = read_manifest(path)
    if not (path / TABLE).is_file():
        reason = "it is made from a model pack, and holds no table of names"
        raise MslmError(Errors.M713.format(path=path, reason=reason))
    return manifest, sha256


def _dictionary_table(sources: Sources) -> tuple[list[Concept], Clusters]:
    assert sources.dictionary is not None
    concepts = read_concepts(sources.dictionary)
    return concepts, Clusters.load(_clusters_path(sources))


def _clusters_path(sources: Sources) -> Path:
    if sources.clusters is not None:
        return sources.clusters
    if sources.concepts is not None:
        return sources.concepts / CLUSTERS
    raise MslmError(Errors.M279.format(path=sources.dictionary))


# Patterns


def _about_patterns(sources: Sources) -> About:
    assert sources.patterns is not None
    labeller = PatternLabeller(read_patterns(sources.patterns))
    facts = {
        "name": sources.patterns.name,
        "sha256": file_sha256(sources.patterns),
        "patterns": len(labeller.patterns),
    }
    return About(labeller.labels, facts)


def _patterns(sources: Sources, min_score: float, drops: DropCounts) -> Labeller:
    assert sources.patterns is not None
    return PatternLabeller(read_patterns(sources.patterns), drops=drops)


# A spaCy pipeline: spaCy is imported where one is asked for


def _about_pipeline(sources: Sources) -> About:
    from ..annotating.docs import about_pipeline

    labeller = _pipeline(sources, 0.0, DropCounts())
    facts = about_pipeline(labeller.nlp)
    names = dict(sorted(labeller.names.items()))
    return About(labeller.labels, {**facts, "labels": names})


def _pipeline(sources: Sources, min_score: float, drops: DropCounts) -> Any:
    from ...pipeline.labelling import PipelineLabeller
    from ..measuring.held_out import load_pipeline

    return PipelineLabeller(
        load_pipeline(sources.pipeline),
        sources.pipeline_labels,
        model=sources.pipeline,
        min_score=min_score,
        drops=drops,
    )
