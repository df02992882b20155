"""`label`: notes and a concepts folder -> notes with weak spans, in shards.

Gold spans and splits travel with their notes and are never looked at: a labeller
reads the text alone. A run may be stopped at any moment and started again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ... import notes as notes_room
from ... import weak
from ...errors import Errors, MslmError
from ...notes.deid import placeholder_spans
from ...notes.records import note_row
from ...notes.sources import read_notes
from ...runners.atomic import atomic_write_text
from ...runners.shards import SEAL, Job, Outcome, Run, Shard, run_shards
from ...types import CharSpan, DropCounts, Note
from ...weak.labeller import Labeller
from ...weak.policy import check_policy, resolve
from ..files import json_text, sha256_of
from .concepts import load_labeller, read_manifest

ON_PLACEHOLDER = "span on a de-identification mark"
FAILED = "note the labeller failed on"
_SPANS = "spans "


@dataclass(frozen=True)
class LabelSettings:
    """What the labels depend on besides notes and concepts."""

    min_score: float = 0.0
    policy: str = "longest"
    shard_size: int = 1000

    def __post_init__(self) -> None:
        check_policy(self.policy)
        if not 0 <= self.min_score <= 1:
            raise MslmError(Errors.M401.format(name="min_score", value=self.min_score))


def label_notes(
    notes: Path | str,
    concepts: Path,
    out: Path,
    *,
    settings: LabelSettings | None = None,
    sample: int = 0,
    seed: int = 0,
    categories: Sequence[str] = (),
    on_shard: Callable[[Shard], None] = lambda shard: None,
) -> dict[str, Any]:
    """Label `notes` into `out`: `part-*.jsonl` and, at the very end, `manifest.json`.

    A row is the note's row with "spans", disjoint by `settings.policy`. `sample`,
    `seed` and `categories` are those of `read_notes`. Returns the manifest. Raises
    MslmError for bad input, when the labeller fails on every note, and when it finds
    nothing at all; finished shards are kept.
    """
    settings = settings or LabelSettings()
    about, concepts_hash = read_manifest(concepts)
    versions = _versions()
    drops, seen = DropCounts(), _Seen()
    source = read_notes(
        notes, drops=drops, categories=categories, sample=sample, seed=seed
    )
    job = Job(
        work=_Work(concepts, settings),
        fingerprint=_line,
        name=lambda note: note.note_id,
        key=_key(concepts_hash, settings, versions),
        shard_size=settings.shard_size,
    )
    run = run_shards(seen.watch(source), job, out, on_shard=on_shard)
    spans = _check(run, about["labels"], out)
    drops.update({k: n for k, n in run.counts.items() if not k.startswith(_SPANS)})
    if run.quarantined:
        drops[FAILED] = len(run.quarantined)
    manifest = {
        "notes": run.rows,
        "spans": spans,
        "drops": dict(drops),
        "quarantined": run.quarantined,
        "input_hash": seen.digest.hexdigest(),
        "concepts_hash": concepts_hash,
        "concepts": {key: about[key] for key in ("source", "name", "sha256")},
        "settings": {
            "categories": list(categories),
            "min_score": settings.min_score,
            "policy": settings.policy,
            "sample": sample,
            "seed": seed,
            "shard_size": settings.shard_size,
        },
        "versions": versions,
        "synthetic": seen.synthetic,
        "has_gold": seen.has_gold,
        "shards": {shard.file: shard.sha256 for shard in run.shards},
    }
    atomic_write_text(out / SEAL, json_text(manifest))
    return manifest


@dataclass
class _Work:
    """Labels one note; the labeller is loaded when the first note needs it."""

    concepts: Path
    settings: LabelSettings

    @cached_property
    def labeller(self) -> tuple[Labeller, DropCounts]:
        drops = DropCounts()
        loaded = load_labeller(
            self.concepts, min_score=self.settings.min_score, drops=drops
        )
        return loaded, drops

    def __call__(self, note: Note) -> Outcome:
        labeller, drops = self.labeller
        drops.clear()
        spans = find_spans(labeller, note, self.settings.policy, drops)
        counts = Counter(drops)
        counts.update(_SPANS + span.label for span in spans)
        return Outcome(_line(note, spans), counts)


def find_spans(
    labeller: Labeller, note: Note, policy: str, drops: DropCounts
) -> list[CharSpan]:
    """The labeller's spans of a note, disjoint by `policy`, none on a placeholder."""
    # Without gold and meta: labels must not know them.
    bare = replace(note, meta={}, gold=())
    clear = list(_off_placeholders(labeller.find(bare), note.text, drops))
    return resolve(clear, policy, drops=drops)


@dataclass
class _Seen:
    """What the stream of notes tells in passing."""

    digest: Any = field(default_factory=hashlib.sha256)
    synthetic: bool = False
    has_gold: bool = False

    def watch(self, notes: Iterable[Note]) -> Iterator[Note]:
        for note in notes:
            self.digest.update(_line(note).encode() + b"\n")
            self.synthetic = self.synthetic or bool(note.meta.get("synthetic"))
            self.has_gold = self.has_gold or bool(note.gold or note.meta.get("gold"))
            yield note


def _off_placeholders(
    spans: Iterable[CharSpan], text: str, drops: DropCounts
) -> Iterator[CharSpan]:
    """Spans that touch no placeholder: what stands there is no word of the note."""
    marks = placeholder_spans(text)
    for span in spans:
        if any(start < span.end and span.start < end for start, end in marks):
            drops[ON_PLACEHOLDER] += 1
        else:
            yield span


def _line(note: Note, spans: Sequence[CharSpan] | None = None) -> str:
    row = note_row(note)
    if spans is not None:
        row["spans"] = [
            {
                "start": span.start,
                "end": span.end,
                "label": span.label,
                "source": span.source,
                "concept_id": span.concept_id,
                "score": span.score,
            }
            for span in spans
        ]
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def _check(run: Run, labels: Sequence[str], out: Path) -> dict[str, int]:
    """Spans by label; a run that labelled nothing is an error."""
    if run.quarantined and not run.rows:
        [(reason, _)] = Counter(q["error"] for q in run.quarantined).most_common(1)
        failed = len(run.quarantined)
        raise MslmError(Errors.M715.format(path=out, notes=failed, reason=reason))
    spans = {label: run.counts[_SPANS + label] for label in labels}
    if not any(spans.values()):
        raise MslmError(Errors.M714.format(path=out, notes=run.rows))
    return spans


def _key(concepts_hash: str, settings: LabelSettings, versions: dict[str, str]) -> str:
    parts = {
        "concepts": concepts_hash,
        "code": _code_hash(),
        "min_score": settings.min_score,
        "policy": settings.policy,
        "versions": versions,
    }
    return json.dumps(parts, sort_keys=True)


def _code_hash() -> str:
    """A hash of the code that labels: shards of other code are not taken over."""
    rooms = Path(weak.__file__).parent, Path(notes_room.__file__).parent
    paths = [path for room in rooms for path in sorted(room.glob("*.py"))]
    return sha256_of([*paths, Path(__file__)])


def _versions() -> dict[str, str]:
    try:
        return {name: version(name) for name in ("medcat", "spacy-mslm")}
    except PackageNotFoundError as err:
        if "medcat" not in str(err):
            raise
        raise MslmError(Errors.M221) from err
