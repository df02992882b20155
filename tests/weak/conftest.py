"""Readers of terminologies on small files of our own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.types import DropCounts
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.terminologies.entries import Context, Entry, Source
from spacy_mslm.weak.terminologies.kinds import KINDS

CLUSTERS = Clusters.from_dict(
    {
        "Treatments": {"ids": ["T121", "T200", "T195", "T061"]},
        "Diseases": {"ids": ["T047", "T191"]},
        "Symptoms": {"ids": ["T184", "T048"]},
    }
)
ReadSource = Callable[..., tuple[list[Entry], DropCounts]]


@pytest.fixture
def read_source() -> ReadSource:
    """`read_source(kind, path, ..., option=value)`: entries, and what was dropped."""

    def read(kind: str, *paths: Path, **options: Any) -> tuple[list[Entry], DropCounts]:
        drops = DropCounts()
        context = Context(CLUSTERS.label_of, drops, KINDS[kind].options)
        entries = list(KINDS[kind].read(Source(kind, paths, options), context))
        return entries, DropCounts({k: n for k, n in drops.items() if n})

    return read
