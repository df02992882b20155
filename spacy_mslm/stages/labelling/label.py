"""`label`: notes and sources of labels -> notes with weak spans, in shards.

Gold spans and splits travel with their notes and are never looked at: a labeller
reads the text alone. A run may be stopped at any moment and started again.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ... import notes as notes_room
from ... import weak
from ...errors import Errors, MslmError
from ...notes.columns import USUAL_NAMES, ColumnNames
from ...runners.atomic import atomic_write_text
from ...runners.engines import Engine
from ...runners.shards import SEAL, Job, Run, Shard, run_shards
from ...weak.agreement import PRIORITY
from ...weak.coverage import UNANNOTATED, summary
from ..files import json_text, sha256_of
from ..note_stream import NoteStream, note_line
from .finding import (
    COUNTED,
    FAMILY,
    NEGATED,
    ON_PLACEHOLDER,
    SOURCES,
    SPANS,
    Finder,
    LabelSettings,
    find_spans,
)
from .sources import MEDCAT, PIPELINE, About, Sources, describe

__all__ = [
    "FAILED",
    "ON_PLACEHOLDER",
    "LabelSettings",
    "find_spans",
    "label_notes",
]
FAILED = "note the labeller failed on"


def label_notes(
    notes: Path | str,
    sources: Sources | Path,
    out: Path,
    *,
    settings: LabelSettings | None = None,
    sample: int = 0,
    seed: int = 0,
    categories: Sequence[str] = (),
    columns: ColumnNames = USUAL_NAMES,
    on_shard: Callable[[Shard], None] = lambda shard: None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Label `notes` into `out`: `part-*.jsonl` and, at the very end, `manifest.json`.

    `sources`: where labels come from; a path is a concepts folder, for MedCAT alone. A
    row is the note's row with "spans", disjoint by `settings`; with several sources
    also with the spans of each as "sources", and what they dispute as "missing".
    `sample`, `seed`, `categories` and `columns` are those of `read_notes`. Returns the
    manifest. Raises MslmError for bad input, when the labeller fails on every note, and
    when it finds nothing at all; finished shards are kept.
    """
    settings = settings or LabelSettings()
    sources = sources if isinstance(sources, Sources) else Sources(concepts=sources)
    order = _order(sources, settings)
    about = describe(sources)
    about = {name: about[name] for name in order}
    stream = NoteStream(notes, categories, sample, seed, columns)
    labels = {name: found.labels for name, found in about.items()}
    job = Job(
        work=Finder(sources.absolute(), settings, labels),
        fingerprint=note_line,
        name=lambda note: note.note_id,
        key=_key(about, settings),
        shard_size=settings.shard_size,
    )
    run = run_shards(stream, job, out, on_shard=on_shard, engine=engine)
    manifest = {
        **_counted(run, stream, labels, out),
        **_described(about, settings, run),
        "settings": {
            "categories": list(categories),
            "min_score": settings.min_score,
            "policy": settings.policy,
            "sample": sample,
            "seed": seed,
            "shard_size": settings.shard_size,
        },
        "versions": _versions(about, settings),
        "shards": {shard.file: shard.sha256 for shard in run.shards},
    }
    atomic_write_text(out / SEAL, json_text(manifest))
    return manifest


def _order(sources: Sources, settings: LabelSettings) -> tuple[str, ...]:
    """The sources in use, the one to be trusted most first. Raises M277, and M280 where
    only one is in use and more is asked."""
    if len(sources.names) == 1:
        asked = {
            "--resolve": settings.resolve != PRIORITY,
            "--priority": settings.priority,
            "--abstain": settings.abstain,
        }
        for option in filter(asked.get, asked):
            source = sources.names[0]
            raise MslmError(Errors.M280.format(option=option, source=source))
    return sources.order(settings.priority)


def _counted(
    run: Run, stream: NoteStream, labels: Mapping[str, Sequence[str]], out: Path
) -> dict[str, Any]:
    """Notes, spans by label, and everything left out."""
    known = dict.fromkeys(label for of in labels.values() for label in of)
    # What is found by its form may have a label that no name has.
    known.update(dict.fromkeys(_with_prefix(run.counts, SPANS)))
    spans = _check(run, list(known), out)
    drops = stream.drops
    drops.update({k: n for k, n in run.counts.items() if not k.startswith(COUNTED)})
    if run.quarantined:
        drops[FAILED] = len(run.quarantined)
    return {
        "notes": run.rows,
        "spans": spans,
        "drops": dict(drops),
        "quarantined": run.quarantined,
        "input_hash": stream.input_hash,
        "synthetic": stream.synthetic,
        "has_gold": stream.has_gold,
    }


def _described(
    about: Mapping[str, About], settings: LabelSettings, run: Run
) -> dict[str, Any]:
    """What the sources are and how they stand to each other."""
    concepts = dict(about[MEDCAT].facts) if MEDCAT in about else {}
    facts: dict[str, Any] = {
        "concepts_hash": concepts.pop("concepts_hash", ""),
        "concepts": concepts,
    }
    if list(about) != [MEDCAT]:
        facts["sources"] = {name: found.facts for name, found in about.items()}
    if len(about) > 1:
        told = _with_prefix(run.counts, SOURCES)
        labels = {name: found.labels for name, found in about.items()}
        facts["agreement"] = {
            "resolve": settings.resolve,
            "priority": list(about),
            "abstain": settings.abstain,
            "unannotated_characters": told.get(UNANNOTATED, 0),
            "sources": summary(told, run.rows, labels),
        }
    if settings.context:
        facts["context"] = {
            "negated": _with_prefix(run.counts, NEGATED),
            "family": _with_prefix(run.counts, FAMILY),
        }
    return facts


def _with_prefix(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {
        key.removeprefix(prefix): n
        for key, n in sorted(counts.items())
        if key.startswith(prefix)
    }


def _check(run: Run, labels: Sequence[str], out: Path) -> dict[str, int]:
    """Spans by label; a run that labelled nothing is an error."""
    if run.quarantined and not run.rows:
        [(reason, _)] = Counter(q["error"] for q in run.quarantined).most_common(1)
        failed = len(run.quarantined)
        raise MslmError(Errors.M715.format(path=out, notes=failed, reason=reason))
    spans = {label: run.counts[SPANS + label] for label in labels}
    if not any(spans.values()):
        raise MslmError(Errors.M714.format(path=out, notes=run.rows))
    return spans


def _key(about: Mapping[str, About], settings: LabelSettings) -> str:
    """All that the shards depend on besides the notes."""
    parts = {
        "sources": {name: [found.labels, found.facts] for name, found in about.items()},
        "code": _code_hash(about, settings),
        "min_score": settings.min_score,
        "policy": settings.policy,
        "versions": _versions(about, settings),
        "resolve": settings.resolve,
        "abstain": settings.abstain,
        "context": settings.context,
    }
    # In this order: the first source is the one to be trusted most.
    return json.dumps(parts)


def _code_hash(about: Mapping[str, About], settings: LabelSettings) -> str:
    """A hash of the code that labels: shards of other code are not taken over."""
    rooms = [Path(weak.__file__).parent, Path(notes_room.__file__).parent]
    if settings.context or PIPELINE in about:
        rooms.append(Path(weak.__file__).parents[1] / "pipeline")
    here = Path(__file__).parent
    paths = [path for room in rooms for path in sorted(room.glob("*.py"))]
    own = [here / f"{name}.py" for name in ("finding", "label", "sources")]
    return sha256_of([*paths, *own])


def _versions(about: Mapping[str, About], settings: LabelSettings) -> dict[str, str]:
    """Of the packages that the labels depend on. Raises M221 and M560."""
    names = ["spacy-mslm"]
    names += ["medcat"] if MEDCAT in about else []
    names += ["spacy"] if PIPELINE in about or settings.context else []
    names += ["negspacy"] if settings.context else []
    missing = {"medcat": Errors.M221, "negspacy": Errors.M560}
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError as err:
            if name not in missing:
                raise
            raise MslmError(missing[name]) from err
    return found
