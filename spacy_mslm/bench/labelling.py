"""Labelling with a terminology beside peers: words a second, each in a process."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..notes.sources import read_notes
from ..stages.labelling.concepts import TABLE, read_manifest
from ..types import DropCounts
from ..weak.concepts import read_concepts
from .spec import Spec
from .systems.labels import our_spans
from .turns import Contender, check_known, take_turns

# Each has the same names; "labels" is the module of `systems` that holds them all.
SYSTEMS = {
    "ours": "ours",
    "ours, names alone": "plain",
    "ours, dictionary": "dictionary",
    "ours, spell check": "thorough",
    "MedCAT alone": "medcat",
    "spaCy PhraseMatcher": "phrases",
    "EDS-NLP matcher": "edsnlp",
}


def run_labelling(
    notes: Path,
    concepts: Path,
    work: Path,
    *,
    limit: int,
    rounds: int,
    systems: Sequence[str] = (),
    compare: bool = False,
    pythons: Mapping[str, str],
    provenance: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """A line a system over the first `limit` notes.

    `concepts`: folder of `concepts build` from a table. `pythons`: interpreters of
    peers in other environments. `systems`: some of `SYSTEMS`, else all. `compare`:
    count the spans that MedCAT's spell check adds and takes away. Raises MslmError:
    M621 where a process ends, M622 (no such system), those of `read_notes` and of the
    folder.
    """
    check_known(systems, SYSTEMS)
    work.mkdir(parents=True, exist_ok=True)
    texts = [note.text for note in islice(read_notes(notes, drops=DropCounts()), limit)]
    words = sum(len(text.split()) for text in texts)
    _, concepts_hash = read_manifest(concepts)
    names = sorted({n for c in read_concepts(concepts / TABLE) for n in c.names})
    (work / "names.txt").write_text("\n".join(names), encoding="utf8")
    rows = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (work / "label.jsonl").write_text(rows, encoding="utf8")
    settings = {
        "job": "label",
        "notes": len(texts),
        "texts_hash": hashlib.sha256(rows.encode()).hexdigest(),
        "concepts": concepts_hash,
        "names": len(names),
        "spell_check": _differences(concepts, texts) if compare else {},
    }
    measured = take_turns(
        _contenders(work, concepts, pythons, systems or [*SYSTEMS]),
        "label",
        words=words,
        rounds=rounds,
        log=work / "log.txt",
    )
    return [row.to_line(settings, provenance) for row in measured]


def _contenders(
    work: Path,
    concepts: Path,
    pythons: Mapping[str, str],
    systems: Sequence[str],
) -> Sequence[Contender]:
    spec = Spec(
        encoder="",
        train="",
        read=str(work / "label.jsonl"),
        corpus="",
        model="",
        precision="float32",
        updates=0,
    )
    options = {"concepts": str(concepts), "names": str(work / "names.txt")}
    return [
        Contender(
            name,
            "labels",
            replace(spec, options={**options, "peer": peer}),
            python=pythons.get(peer, sys.executable),
        )
        for name, peer in SYSTEMS.items()
        if name in systems
    ]


def _differences(concepts: Path, texts: list[str]) -> dict[str, int]:
    """Spans (place and label) with MedCAT's spell check, without it, and by both."""
    fast, thorough = (
        {
            (number, span.start, span.end, span.label)
            for number, spans in enumerate(our_spans(concepts, peer)(texts))
            for span in spans
        }
        for peer in ("ours", "thorough")
    )
    return {
        "with": len(thorough),
        "without": len(fast),
        "both": len(fast & thorough),
    }
