"""`annotate`: notes and a trained pipeline -> predicted entities, to be used or
corrected in brat, Prodigy or Label Studio.

What it writes holds the text of the notes: that is its purpose; a table of spans
(`parquet`) alone does not. The list of documents (`documents/`) and the manifest hold
none. A run may be stopped at any moment and started again; a file that is there with
other content (corrected, perhaps) is never written over.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ... import corpus as corpus_room
from ...errors import Errors, MslmError
from ...notes.columns import USUAL_NAMES, ColumnNames
from ...runners import provenance
from ...runners.atomic import atomic_write_text
from ...runners.engines import Engine
from ...runners.shards import Job, Run, Shard, run_shards
from ...types import DropCounts
from ..files import MANIFEST, json_text, sha256_of
from ..measuring.held_out import load_pipeline
from ..note_stream import NoteStream, note_line
from .docs import about_pipeline
from .folder import check_folder, check_strays, forget_lost, write_sidecars
from .formats import WRITERS
from .sources import BRAT, DOCUMENTS
from .work import SPANS, Annotator


@dataclass(frozen=True)
class AnnotateSettings:
    """What the output depends on besides notes and pipeline.

    `threshold`: spans of a lower confidence are left out; spans without one stay.
    `spans_key`: take `doc.spans[spans_key]` instead of `doc.ents`.
    """

    format: str = BRAT
    threshold: float = 0.0
    spans_key: str = ""
    shard_size: int = 200
    batch_size: int = 32

    def __post_init__(self) -> None:
        if self.format not in WRITERS:
            known = ", ".join(WRITERS)
            raise MslmError(Errors.M786.format(got=self.format, known=known))
        if not 0 <= self.threshold <= 1:
            raise MslmError(Errors.M401.format(name="threshold", value=self.threshold))
        for size in (self.shard_size, self.batch_size):
            if size < 1:
                raise MslmError(Errors.M711.format(got=size))


def annotate_notes(
    model: str | Path,
    notes: Path | str,
    out: Path,
    *,
    settings: AnnotateSettings,
    sample: int = 0,
    seed: int = 0,
    categories: Sequence[str] = (),
    columns: ColumnNames = USUAL_NAMES,
    on_shard: Callable[[Shard], None] = lambda shard: None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Write the entities that `model` finds in `notes` into `out`, shard by shard, the
    list of documents into `out`/documents and at the very end `out`/manifest.json.

    `sample`, `seed`, `categories` and `columns` are those of `read_notes`. Memory holds
    one shard of notes, or two for each worker of an `engine`.
    RETURNS (dict): the manifest.
    Raises M741 (no such pipeline), M788 (a file is there with other content), M789
    (other files in `out`), M790 (a pipeline that changes text), M791 (it failed on
    every note), and what `read_notes` raises.
    """
    out, form = out.absolute(), WRITERS[settings.format]
    check_folder(out, form)
    source = NoteStream(notes, categories, sample, seed, columns)
    work, about = _work(model, out, settings, here=engine is None)
    forget_lost(out, form)
    job = Job(
        work=work,
        fingerprint=note_line,
        name=lambda note: note.note_id,
        key=_key(about, settings),
        shard_size=settings.shard_size,
    )
    run = run_shards(source, job, out / DOCUMENTS, on_shard=on_shard, engine=engine)
    counted = _counted(run, out, source.drops)
    sidecars = form.sidecars(sorted({*about["labels"], *counted["spans"]}))
    files = check_strays(out, form, sidecars)
    write_sidecars(out, sidecars)
    choice = {"categories": list(categories), "sample": sample, "seed": seed}
    manifest = {
        **counted,
        "files": files,
        "holds_text": form.holds_text,
        "model": about,
        "input_hash": source.input_hash,
        "settings": {**asdict(settings), **choice},
        "commit": provenance.git_commit(),
        "versions": provenance.versions(),
        "shards": {shard.file: shard.sha256 for shard in run.shards},
    }
    atomic_write_text(out / MANIFEST, json_text(manifest))
    return manifest


def _work(
    model: str | Path, out: Path, settings: AnnotateSettings, *, here: bool
) -> tuple[Annotator, dict[str, Any]]:
    """What annotates, and what it is. The pipeline is held only if it works `here`."""
    nlp = load_pipeline(model)
    about = about_pipeline(nlp)
    if Path(model).exists():
        model = Path(model).absolute()
    work = Annotator(
        model,
        about["name"],
        out,
        settings.format,
        settings.threshold,
        settings.spans_key,
        settings.batch_size,
        nlp if here else None,
    )
    return work, about


def _counted(run: Run, out: Path, drops: DropCounts) -> dict[str, Any]:
    """Notes, spans by label, drops (those of reading too) and the notes that failed,
    by id and type of error. Raises M791 where all of them did."""
    failed = run.quarantined
    if failed and not run.rows:
        reason = failed[0]["error"]
        raise MslmError(Errors.M791.format(path=out, n=len(failed), reason=reason))
    spans: dict[str, int] = {}
    for key, n in sorted(run.counts.items()):
        if key.startswith(SPANS):
            spans[key.removeprefix(SPANS)] = n
        else:
            drops[key] += n
    return {"notes": run.rows, "spans": spans, "drops": dict(drops), "failed": failed}


def _key(about: dict[str, Any], settings: AnnotateSettings) -> str:
    """All that the files depend on besides the notes; the code that writes too."""
    room = sorted(Path(corpus_room.__file__).parent.glob("*.py"))
    code = sha256_of([*room, *sorted(Path(__file__).parent.glob("*.py"))])
    parts = [about, asdict(settings), provenance.versions(), code]
    return json.dumps(parts, sort_keys=True)
